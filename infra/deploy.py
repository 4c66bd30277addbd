"""Deploys a proven package: `python -m infra.deploy --stage dev [--dry-run]`.

First the stateful stack by CloudFormation, then the functions, their roles and the API by chalice,
from the very zip that `python -m infra.package` proved. Prints the API's URL last.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from .package import digest
from .packaging import BUILD, ROOT, PackagingError, release, stack
from .packaging.building import read_config, run_chalice
from .packaging.interpreter import PYTHON
from .packaging.release import Target

SECRETS = ("twilio_auth_token", "x_consumer_secret", "write_key")
"""What the webhooks verify by: a stage without them would refuse every caller."""


@dataclass(frozen=True)
class Package:
    """A proven package: its stage, the copy of the project that chalice works on, the builder."""

    stage: str
    project: Path
    builder: Path


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description=__doc__)
    parser.add_argument("--stage", default="dev", help="a stage of .chalice/config.json")
    parser.add_argument("--dry-run", action="store_true", help="look, tell, and change nothing")
    chosen = parser.parse_args(arguments)
    try:
        package = proven(chosen.stage)
        session = boto3.session.Session()
        if chosen.dry_run:
            tell_plan(session, package)
        else:
            print(deploy(session, package))
    except (PackagingError, ClientError, BotoCoreError) as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 1
    return 0


def proven(stage: str, build: Path = BUILD) -> Package:
    """The stage's package. Raises PackagingError for one that was not proven as it is."""
    read_config(ROOT, stage)
    out = build / stage / "out"
    record, zip_file = out / "proof.json", out / "deployment.zip"
    if not record.exists() or not zip_file.exists():
        raise PackagingError(f"nothing is proven: run `make package STAGE={stage}` first")
    if json.loads(record.read_text(encoding="utf-8"))["sha256"] != digest(zip_file):
        raise PackagingError(f"{zip_file} is not what was proven: run make package again")
    return Package(stage, build / stage / "project", build / f"builder-{PYTHON}" / "bin")


def tell_plan(session: Any, package: Package) -> None:
    """What a deployment would do, by reads alone."""
    stage = package.stage
    account, region = _where(session)
    client = session.client("cloudformation")
    before = stack.status(client, stage)
    print(f"account {account}, region {region}, stage {stage}; nothing is changed")
    state = f"update, if it differs (it is in {before})" if before else "create"
    print(f"1. stack {stack.stack_name(stage)} of infra/resources.yaml: {state}")
    absent = _absent_secrets(session, stage)
    print(f"2. secrets under {_secrets_path(stage)}: {_lacking(absent) or 'all there'}")
    print(f"3. chalice deploy --stage {stage} of {package.project.parent / 'out/deployment.zip'}")


def deploy(session: Any, package: Package) -> str:
    """Bring stack and functions up to date; the API's URL. Raises PackagingError."""
    stage = package.stage
    account, region = _where(session)
    if absent := _absent_secrets(session, stage):
        raise PackagingError(
            f"{_secrets_path(stage)}: {_lacking(absent)}; put each with aws ssm put-parameter "
            f"--type SecureString --name {_secrets_path(stage)}/NAME --value …"
        )
    print(f"stack {stack.stack_name(stage)} in {account}, {region} …", flush=True)
    outputs = stack.apply(session.client("cloudformation"), stage)
    target = Target(stage, account, region, outputs["ArtifactsBucket"])
    s3 = session.client("s3")
    record = release.fetch_record(s3, package.project, target)
    release.narrow_policies(package.project, target)
    complete = release.fill_in(package.project, target, release.api_url(record))
    url = _deploy_functions(s3, package, target)
    if not complete:
        print("the API's own URL is known now: deploying again with it …", flush=True)
        release.fill_in(package.project, target, url)
        url = _deploy_functions(s3, package, target)
    return url


def _deploy_functions(s3: Any, package: Package, target: Target) -> str:
    print(f"chalice deploy --stage {target.stage} …", flush=True)
    arguments = ("deploy", "--stage", target.stage)
    said = run_chalice(package.builder, package.project, *arguments, region=target.region)
    url = release.api_url(release.keep_record(s3, package.project, target))
    if "Reusing existing deployment package" not in said:
        raise PackagingError(
            "chalice deployed another zip than the proven one: run make package and deploy again"
        )
    if url is None:
        raise PackagingError("chalice deployed no REST API")
    return url


def _where(session: Any) -> tuple[str, str]:
    """(account, region). Raises PackagingError for missing credentials or region."""
    if not session.region_name:
        raise PackagingError("no region is set: export AWS_DEFAULT_REGION or choose AWS_PROFILE")
    if session.get_credentials() is None:
        raise PackagingError("no AWS credentials were found: set AWS_PROFILE, or log in")
    return str(session.client("sts").get_caller_identity()["Account"]), str(session.region_name)


def _secrets_path(stage: str) -> str:
    config = read_config(ROOT, stage)
    return str(config["stages"][stage]["environment_variables"]["SECRETS_PATH"])


def _absent_secrets(session: Any, stage: str) -> list[str]:
    """The names of SECRETS that Parameter Store does not hold; no value is decrypted."""
    pages = (
        session.client("ssm")
        .get_paginator("get_parameters_by_path")
        .paginate(Path=_secrets_path(stage), WithDecryption=False)
    )
    held = {p["Name"].rpartition("/")[2] for page in pages for p in page["Parameters"]}
    return [name for name in SECRETS if name not in held]


def _lacking(absent: list[str]) -> str:
    return f"{', '.join(absent)} missing" if absent else ""


if __name__ == "__main__":
    sys.exit(main())
