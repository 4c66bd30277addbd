"""Takes a stage down: `python -m infra.destroy --stage dev [--dry-run]`.

Removes what answers and works: API, functions, roles, schedules. What holds data stays: the stack
with its queues, the tables, the bucket. These go too, for good, when that is said twice:
`--data dev --sure "delete all data of dev"`. It may be repeated after any failure.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from .deployment import release, removal, stack
from .deployment.removal import Removal
from .packaging import PackagingError

Ask = Callable[[str], str]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.destroy", description=__doc__)
    parser.add_argument("--stage", required=True, help="a stage of .chalice/config.json")
    parser.add_argument("--data", metavar="STAGE", help="the stage whose data is to go too")
    parser.add_argument("--sure", metavar="WORDS", help='"delete all data of <stage>"')
    parser.add_argument("--dry-run", action="store_true", help="look, tell, and change nothing")
    chosen = parser.parse_args(arguments)
    try:
        release.secrets_path(chosen.stage)
        ask = input if sys.stdin.isatty() else None
        with_data = is_meant(
            chosen.stage, chosen.data, chosen.sure, ask=ask, only_told=chosen.dry_run
        )
        session = boto3.session.Session()
        destroy(session, chosen.stage, with_data=with_data, dry_run=chosen.dry_run)
    except (PackagingError, ClientError, BotoCoreError) as error:
        print(f"destroy: {error}", file=sys.stderr)
        return 1
    return 0


def is_meant(
    stage: str, data: str | None, sure: str | None, *, ask: Ask | None, only_told: bool = False
) -> bool:
    """Whether the data is to go too. Raises PackagingError where that is said once, or wrongly.

    `ask` puts the second question to whoever sits there, None where nobody does.
    """
    words = f"delete all data of {stage}"
    if data is None and sure is None:
        return False
    if data != stage:
        said = f"DATA={data} is another" if data else "SURE is said, DATA is not"
        raise PackagingError(f"the stage is {stage}, {said}: nothing is done")
    if only_told:
        return True
    if sure is None and ask is not None:
        sure = ask(f"This deletes every customer, catalog and ledger. Type `{words}`: ")
    if sure != words:
        raise PackagingError(f'DATA={stage} is said, SURE="{words}" is not: nothing is done')
    return True


def destroy(
    session: Any, stage: str, *, with_data: bool, dry_run: bool = False, pause_seconds: float = 5
) -> None:
    """Remove the stage's functions, and its data if so. Raises PackagingError, ClientError."""
    account, region = release.where(session)
    bucket = f"rejoinder-{stage}-artifacts-{account}"
    print(f"account {account}, region {region}, stage {stage}" + ("; only told" if dry_run else ""))
    for queue, count in removal.waiting(session.client("sqs"), stage).items():
        lost = "they are lost" if with_data else "nothing will work on them"
        print(f"  !!  {queue} holds {count} messages: {lost}")
    if others := removal.strangers(session, bucket, stage):
        raise PackagingError(
            f"chalice has no record of {', '.join(others)}. Delete their stack if they have one; "
            f"if a first deployment failed halfway, finish it: make deploy STAGE={stage}"
        )
    _carry_out(removal.functions(session, bucket, stage), dry_run)
    if with_data:
        _carry_out(removal.data(session, bucket, stage, pause_seconds), dry_run)
    for line in remaining(session, stage, with_data=with_data):
        print(line)


def remaining(session: Any, stage: str, *, with_data: bool) -> list[str]:
    """What stays, and what it costs, by list prices of us-east-1 in November 2026."""
    secrets = f"secrets below {release.secrets_path(stage)} in Parameter Store, which cost nothing"
    if with_data:
        return [
            f"stays: {secrets}; and for 35 days, at no charge, DynamoDB's backup of each table "
            "that had point-in-time recovery"
        ]
    dynamodb = session.client("dynamodb")
    tables = [removal.described(dynamodb, f"rejoinder-{stage}-{n}") for n in removal.TABLES]
    size = sum(table["TableSizeBytes"] for table in tables if table) / 1e9
    state = stack.status(session.client("cloudformation"), stage)
    return [
        f"stays: stack {stack.stack_name(stage)} ({state or 'not there'}) with its queues, topics "
        "and alarms; an alarm costs $0.10 a month, a dashboard $3, the rest nothing while idle. "
        "The alarm that misses the sweep will ring",
        f"stays: the tables, {size:.3f} GB, at $0.45 a GB and month with their recovery",
        "stays: the bucket with catalogs, models and releases, at $0.023 a GB and month; the log "
        f"groups, at $0.03; the {secrets}",
        "`make deploy` brings all back. To delete the data too: "
        f'make destroy STAGE={stage} DATA={stage} SURE="delete all data of {stage}"',
    ]


def _carry_out(removals: Iterable[Removal], dry_run: bool) -> None:
    for found in removals:
        print(f"  {'would remove' if dry_run else 'removing'} {found.what}", flush=True)
        if not dry_run:
            try:
                found.do()
            except (ClientError, WaiterError) as error:
                raise PackagingError(
                    f"{found.what}: {error}; do the same again to go on"
                ) from error


if __name__ == "__main__":
    sys.exit(main())
