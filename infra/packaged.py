"""Deploys a proven package by CloudFormation: `python -m infra.packaged --stage dev`.

The stack of state first, as `python -m infra.deploy` does it; then the functions, their roles and
the API as a second stack, by a change set; then a smoke test. `--dry-run` shows what would change
and changes nothing; `--terraform` writes what chalice has for Terraform and touches no account.
Prints the API's URL last.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from . import smoke
from .deploy import proven, read_parameters, state_parameters
from .deployment import changes, packaged, release, stack, terraform
from .deployment.demands import demand
from .deployment.formation import outputs as outputs_of
from .deployment.installation import Package
from .packaging import PackagingError


def main(arguments: list[str] | None = None) -> int:
    chosen = _read(arguments)
    try:
        package = proven(chosen.stage)
        if chosen.terraform:
            print(terraform.write(package))
            return 0
        session = boto3.session.Session()
        if chosen.dry_run:
            tell_plan(session, package, chosen)
        else:
            print(deploy(session, package, chosen))
    except (PackagingError, ClientError, BotoCoreError) as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 1
    return 0


def deploy(session: Any, package: Package, chosen: argparse.Namespace) -> str:
    """Bring both stacks up to date and try them; the URL. Raises PackagingError, ClientError."""
    where(session, package.stage)
    formation = session.client("cloudformation")
    print(f"stack {stack.stack_name(package.stage)} …", flush=True)
    parameters = read_parameters(chosen.parameter)
    outputs = stack.apply(formation, package.stage, parameters=parameters)
    planned = propose(session, package, outputs["ArtifactsBucket"], chosen)
    if planned is not None:
        print(f"stack {planned.stack}: {len(planned.lines)} changes …", flush=True)
        changes.make(formation, planned)
    told = outputs_of(formation, packaged.stack_name(package.stage))
    url = told["EndpointURL"].rstrip("/")
    smoke.try_stage(session, package.stage, url)
    return url


def tell_plan(session: Any, package: Package, chosen: argparse.Namespace) -> None:
    """What a deployment would change in the functions' stack. Raises PackagingError."""
    where(session, package.stage)
    formation = session.client("cloudformation")
    bucket = stack.outputs(formation, package.stage)["ArtifactsBucket"]
    planned = propose(session, package, bucket, chosen)
    if planned is None:
        print("the functions are as they should be")
        return
    print("\n".join(planned.lines))
    changes.drop(formation, planned)


def where(session: Any, stage: str) -> None:
    """Tell which account it is, and that it has what a stage needs. Raises PackagingError."""
    account, region = release.where(session)
    print(f"stage {stage} in account {account}, region {region}", flush=True)
    demand(session, stage)


def propose(
    session: Any, package: Package, bucket: str, chosen: argparse.Namespace
) -> changes.Changes | None:
    """Put the package into the bucket and have CloudFormation say what it would change."""
    wanted = packaged.release(
        packaged.read_sam(package.zip.parent),
        package.stage,
        bucket=bucket,
        sha256=package.sha256,
        public_url=chosen.public_url.rstrip("/"),
        snapstart=chosen.snapstart == "on",
    )
    url = packaged.upload(session.client("s3"), bucket, wanted, package.zip)
    name = f"deploy-{int(time.time())}"
    functions = packaged.stack_name(package.stage)
    formation = session.client("cloudformation")
    return changes.propose(formation, functions, url, wanted.parameters, name=name)


def _read(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.packaged", description=__doc__)
    parser.add_argument("--stage", default="dev", help="a stage of .chalice/config.json")
    parser.add_argument("--public-url", default="", help="a domain of your own, with its path")
    parser.add_argument(
        "--snapstart", choices=("on", "off"), default="off", help="on costs while idle, too"
    )
    state_parameters(parser)
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--dry-run", action="store_true", help="tell what would change, no more")
    only.add_argument("--terraform", action="store_true", help="write chalice.tf.json, no more")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
