"""Goes back to an earlier release: `python -m infra.rollback --stage dev [--to ID] [--list]`.

Without `--to`, to the one that was live before, and from there to the one before that. It is
deployed as it was, by the same path, tried, and kept as a release itself. The stateful stack and
its data stay as they are. `--list` only tells which releases are kept.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from . import smoke
from .deploy import Clock, TryOut, put_live, release_of, utc_now
from .deployment import history, release, stack
from .deployment.history import Release
from .deployment.release import Target, where
from .packaging import BUILD, PackagingError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.rollback", description=__doc__)
    parser.add_argument("--stage", default="dev", help="a stage of .chalice/config.json")
    parser.add_argument("--to", metavar="ID", help="a release of the list")
    parser.add_argument("--list", action="store_true", help="tell which releases are kept")
    chosen = parser.parse_args(arguments)
    try:
        session = boto3.session.Session()
        target = target_of(session, chosen.stage)
        if chosen.list:
            for line in listed(session, target):
                print(line)
        else:
            print(roll_back(session, target, chosen.to))
    except (PackagingError, ClientError, BotoCoreError) as error:
        print(f"rollback: {error}", file=sys.stderr)
        return 1
    return 0


def target_of(session: Any, stage: str) -> Target:
    """Where the stage is. Raises PackagingError where it has no stack."""
    release.secrets_path(stage)
    account, region = where(session)
    outputs = stack.outputs(session.client("cloudformation"), stage)
    return Target(stage, account, region, outputs["ArtifactsBucket"])


def listed(session: Any, target: Target) -> list[str]:
    """A line for each release, the newest first; a * marks the live one."""
    s3 = session.client("s3")
    kept = history.releases(s3, target)
    deployed = release.read_record(s3, target.bucket, target.stage) is not None
    lines = [_line(r, live=deployed and r is kept[-1]) for r in reversed(kept)]
    return lines or [f"stage {target.stage} has no releases yet"]


def roll_back(
    session: Any,
    target: Target,
    to: str | None = None,
    *,
    clock: Clock = utc_now,
    try_out: TryOut = smoke.try_stage,
) -> str:
    """Put an earlier release live again and try it; the API's URL. Raises PackagingError."""
    s3 = session.client("s3")
    kept = history.releases(s3, target)
    wanted = history.find(kept, to) if to else _before(kept, target)
    print(f"back to {_line(wanted)}")
    print("The functions, their settings and the API go back; stack, tables and bucket stay.")
    package = history.restore(s3, target, wanted, BUILD / f"{target.stage}-rollback")
    made = release_of(session, package, clock()).model_copy(
        update={
            "commit": wanted.commit,
            "again": wanted.again or wanted.id,
            "before": wanted.before,
        }
    )
    return put_live(session, package, target, made, try_out)


def _before(kept: Sequence[Release], target: Target) -> Release:
    if not kept:
        raise PackagingError(f"stage {target.stage} has no releases yet: make deploy makes one")
    before = kept[-1].before
    if before is None:
        raise PackagingError(f"{kept[-1].id} is the first release: nothing was live before it")
    return history.find(kept, before)


def _line(release: Release, *, live: bool = False) -> str:
    origin = f"again {release.again}" if release.again else (release.commit or "no commit")[:13]
    return f"{'*' if live else ' '} {release.id}  {release.state:8}  {origin}  {release.by}"


if __name__ == "__main__":
    sys.exit(main())
