"""Deploys a proven package: `python -m infra.deploy --stage dev [--dry-run]`.

First the stateful stack by CloudFormation, then the functions, their roles and the API by chalice,
from the very zip that `python -m infra.package` proved; then a smoke test. Each deployment is kept
in the artifacts bucket as a release, for `python -m infra.rollback`. Prints the API's URL last.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from . import smoke
from .deployment import history, stack
from .deployment.demands import demand, lacking
from .deployment.history import Release
from .deployment.installation import Package, install
from .deployment.release import Target, secrets_path, where
from .deployment.trial import CUSTOMER
from .package import digest
from .packaging import BUILD, ROOT, PackagingError
from .packaging.building import read_config
from .packaging.interpreter import PYTHON

Clock = Callable[[], datetime]
TryOut = Callable[[Any, str, str], None]
"""Tries a stage at its URL, by a boto3 session. Raises PackagingError for what fails."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description=__doc__)
    parser.add_argument("--stage", default="dev", help="a stage of .chalice/config.json")
    parser.add_argument("--dry-run", action="store_true", help="look, tell, and change nothing")
    state_parameters(parser)
    chosen = parser.parse_args(arguments)
    try:
        parameters = read_parameters(chosen.parameter)
        package = proven(chosen.stage)
        session = boto3.session.Session()
        if chosen.dry_run:
            tell_plan(session, package)
        else:
            print(deploy(session, package, parameters))
    except (PackagingError, ClientError, BotoCoreError) as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 1
    return 0


def state_parameters(parser: argparse.ArgumentParser) -> None:
    """`--parameter`, of the stack that holds the state."""
    parser.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of infra/resources.yaml; kept until it is given again",
    )


def read_parameters(given: Iterable[str]) -> dict[str, str]:
    """`NAME=VALUE` each. Raises PackagingError."""
    parted = [text.partition("=") for text in given]
    if wrong := [name for name, equals, _ in parted if not (name and equals)]:
        raise PackagingError(f"a parameter is written NAME=VALUE, not {', '.join(wrong)}")
    return {name: value for name, _, value in parted}


def proven(stage: str, build: Path = BUILD) -> Package:
    """The stage's package. Raises PackagingError for one that was not proven as it is."""
    read_config(ROOT, stage)
    out = build / stage / "out"
    record, zip_file = out / "proof.json", out / "deployment.zip"
    if not record.exists() or not zip_file.exists():
        raise PackagingError(f"nothing is proven: run `make package STAGE={stage}` first")
    if json.loads(record.read_text(encoding="utf-8"))["sha256"] != digest(zip_file):
        raise PackagingError(f"{zip_file} is not what was proven: run make package again")
    builder = build / f"builder-{PYTHON}" / "bin"
    return Package(stage, build / stage / "project", zip_file, builder)


def tell_plan(session: Any, package: Package) -> None:
    """What a deployment would do, by reads alone."""
    stage = package.stage
    account, region = where(session)
    client = session.client("cloudformation")
    before = stack.status(client, stage)
    print(f"account {account}, region {region}, stage {stage}; nothing is changed")
    print(f"1. secrets under {secrets_path(stage)}: {lacking(session, stage) or 'all there'}")
    state = f"update, if it differs (it is in {before})" if before else "create"
    print(f"2. stack {stack.stack_name(stage)} of infra/resources.yaml: {state}")
    print(f"3. kept as a release: {package.zip}, {package.sha256[:12]}…")
    print(f"4. chalice deploy --stage {stage} of it; every function's code is compared with it")
    print(f"5. smoke test: the customer {CUSTOMER!r} asks by a signed text, is answered in")
    print("   the inbox on the site, and is erased; nothing goes to a carrier")


def deploy(
    session: Any,
    package: Package,
    parameters: Mapping[str, str] | None = None,
    *,
    clock: Clock = utc_now,
    try_out: TryOut = smoke.try_stage,
) -> str:
    """Bring stack and functions up to date and try them; the API's URL. Raises PackagingError."""
    stage = package.stage
    account, region = where(session)
    demand(session, stage)
    print(f"stack {stack.stack_name(stage)} in {account}, {region} …", flush=True)
    outputs = stack.apply(session.client("cloudformation"), stage, parameters=parameters)
    target = Target(stage, account, region, outputs["ArtifactsBucket"])
    kept = history.releases(session.client("s3"), target)
    made = release_of(session, package, clock()).model_copy(
        update={"commit": commit(), "before": history.sound(kept)}
    )
    return put_live(session, package, target, made, try_out)


def release_of(session: Any, package: Package, now: datetime) -> Release:
    """This package as a release, by whoever the session is."""
    return Release(
        id=history.release_id(now, package.sha256),
        stage=package.stage,
        sha256=package.sha256,
        at=now,
        by=session.client("sts").get_caller_identity()["Arn"],
    )


def put_live(session: Any, package: Package, target: Target, made: Release, try_out: TryOut) -> str:
    """Keep the package as that release, put it in place and try it; the API's URL.

    Raises PackagingError.
    """
    s3 = session.client("s3")
    print(f"release {made.id} …", flush=True)
    history.keep(s3, target, package, made)
    try:
        installed = install(session, package, target)
    except (PackagingError, ClientError, BotoCoreError) as error:
        raise PackagingError(
            f"the functions are not all deployed: {error}\n"
            f"Mend it and do the same again, or: {_way_back(made)}"
        ) from error
    history.keep_settings(s3, target, made, installed.project)
    history.note(s3, target, made, "deployed")
    print("smoke test …", flush=True)
    try:
        try_out(session, target.stage, installed.url)
    except (PackagingError, ClientError, BotoCoreError) as error:
        history.note(s3, target, made, "failed")
        raise PackagingError(
            f"the functions are deployed; what failed: {error}\n{_way_back(made)}"
        ) from error
    history.note(s3, target, made, "passed")
    history.prune(s3, target, history.releases(s3, target))
    return installed.url


def _way_back(made: Release) -> str:
    if made.before is None:
        return "there is no earlier release to go back to; mend it and deploy again"
    return f"`make rollback STAGE={made.stage}` goes back to {made.before}"


def commit(root: Path = ROOT) -> str | None:
    """The commit that is checked out, with a + where files differ from it; None without git."""
    try:
        head = _git(root, "rev-parse", "HEAD").strip()
        return f"{head}+" if _git(root, "status", "--porcelain").strip() else head
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    command = ("git", "-C", str(root), *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
