"""What there is to remove of a stage, each thing with how: looked up first, then told or done.

Chalice's own `delete` stops at the first thing that is gone already; these go on, so that a removal
that failed halfway is simply repeated. Never here: whether anything may be removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from ..packaging import PackagingError
from . import history, release, stack

QUEUES = ("interactions", "urgent", "learning", "notices")
TABLES = ("customers", "catalog", "ledger")

_ABSENT = {
    *("ResourceNotFoundException", "NotFoundException", "NoSuchEntity", "NoSuchBucket", "404"),
    *("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"),
}


@dataclass(frozen=True)
class Removal:
    """One thing that is there, in words, and how it is removed."""

    what: str
    do: Callable[[], object]


def functions(session: Any, bucket: str, stage: str) -> Iterator[Removal]:
    """What chalice deployed, by its record: callers and workers first, roles last, then the record.

    Raises PackagingError for a kind of thing that chalice may deploy and Rejoinder does not.
    """
    s3 = session.client("s3")
    record = release.read_record(s3, bucket, stage)
    if record is None:
        return
    resources = record["resources"]
    if unknown := {r["resource_type"] for r in resources} - _KINDS.keys() - {"log_group"}:
        raise PackagingError(f"chalice deployed {', '.join(sorted(unknown))}: remove it by hand")
    for kind, (field, remove) in _KINDS.items():
        for found in resources:
            if found["resource_type"] == kind:
                what = f"{kind.replace('_', ' ')} {found['name']}"
                do = partial(remove, session, found[field])
                yield Removal(what, partial(_unless_absent, do))
    yield Removal("chalice's record of them", partial(release.drop_record, s3, bucket, stage))


def strangers(session: Any, bucket: str, stage: str) -> list[str]:
    """The stage's functions that chalice has no record of."""
    record = release.read_record(session.client("s3"), bucket, stage) or {"resources": ()}
    known = {r["lambda_arn"] for r in record["resources"] if "lambda_arn" in r}
    pages = session.client("lambda").get_paginator("list_functions").paginate()
    return [
        f["FunctionName"]
        for page in pages
        for f in page["Functions"]
        if _is_ours(f["FunctionName"], stage) and f["FunctionArn"] not in known
    ]


def data(session: Any, bucket: str, stage: str, pause_seconds: float) -> Iterator[Removal]:
    """The stack, then what it retains, logs, and the bucket last: it holds the record and the
    releases."""
    formation, dynamodb = session.client("cloudformation"), session.client("dynamodb")
    if stack.status(formation, stage) is not None:
        what = f"stack {stack.stack_name(stage)}: queues, topics, alarms"
        yield Removal(what, partial(stack.delete, formation, stage, pause_seconds=pause_seconds))
    for name in TABLES:
        table = f"rejoinder-{stage}-{name}"
        if (found := described(dynamodb, table)) is not None:
            size = f"about {found['ItemCount']} items, {found['TableSizeBytes']} bytes"
            what = f"table {table}: {size}"
            yield Removal(what, partial(_drop_table, dynamodb, table, pause_seconds))
    logs = session.client("logs")
    for group in _log_groups(logs, stage):
        do = partial(logs.delete_log_group, logGroupName=group)
        yield Removal(f"log group {group}", partial(_unless_absent, do))
    s3 = session.client("s3")
    if bucket in (found["Name"] for found in s3.list_buckets()["Buckets"]):
        what = f"bucket {bucket}: catalogs, models, releases, in every version"
        yield Removal(what, partial(_drop_bucket, s3, bucket))


def waiting(sqs: Any, stage: str) -> dict[str, int]:
    """How many messages each queue holds that holds any, those in a worker's hands too."""
    counts: dict[str, int] = {}
    for queue in (f"rejoinder-{stage}-{name}{end}" for name in QUEUES for end in ("", "-dead")):
        try:
            url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
            told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        except ClientError as error:
            if _code(error) not in _ABSENT:
                raise
            continue
        parts = ("Messages", "MessagesNotVisible", "MessagesDelayed")
        counts[queue] = sum(int(told.get(f"ApproximateNumberOf{part}", 0)) for part in parts)
    return {queue: count for queue, count in counts.items() if count}


def described(dynamodb: Any, table: str) -> Mapping[str, Any] | None:
    """What DynamoDB says of the table, None where there is none."""
    try:
        found: Mapping[str, Any] = dynamodb.describe_table(TableName=table)["Table"]
    except ClientError as error:
        if _code(error) not in _ABSENT:
            raise
        return None
    return found


def _is_ours(function: str, stage: str) -> bool:
    own = f"rejoinder-{stage}"
    return function == own or function.startswith(f"{own}-handle_")


def _log_groups(logs: Any, stage: str) -> list[str]:
    pages = logs.get_paginator("describe_log_groups").paginate(
        logGroupNamePrefix=f"/aws/lambda/rejoinder-{stage}"
    )
    found = (group["logGroupName"] for page in pages for group in page["logGroups"])
    # Chalice makes an empty log of this name, for a function that is called otherwise.
    stray = f"/aws/lambda/rejoinder-{stage}-api_handler"
    return [n for n in found if n == stray or _is_ours(n.rpartition("/")[2], stage)]


def _drop_table(dynamodb: Any, table: str, pause_seconds: float) -> None:
    waiting = {"Delay": pause_seconds, "MaxAttempts": 100}
    if (found := described(dynamodb, table)) is None:
        return
    if found.get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
        dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig=waiting)
    dynamodb.delete_table(TableName=table)
    dynamodb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig=waiting)


def _drop_bucket(s3: Any, bucket: str) -> None:
    history.empty(s3, bucket)
    s3.delete_bucket(Bucket=bucket)


def _drop_mapping(session: Any, uuid: str) -> None:
    session.client("lambda").delete_event_source_mapping(UUID=uuid)


def _drop_rule(session: Any, rule: str) -> None:
    """Chalice gives each rule one target, with the id 1."""
    events = session.client("events")
    events.remove_targets(Rule=rule, Ids=["1"])
    events.delete_rule(Name=rule)


def _drop_api(session: Any, api_id: str) -> None:
    session.client("apigateway").delete_rest_api(restApiId=api_id)


def _drop_function(session: Any, arn: str) -> None:
    session.client("lambda").delete_function(FunctionName=arn)


def _drop_role(session: Any, role: str) -> None:
    iam = session.client("iam")
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    iam.delete_role(RoleName=role)


_KINDS: Mapping[str, tuple[str, Callable[[Any, str], None]]] = {
    "sqs_event": ("event_uuid", _drop_mapping),
    "cloudwatch_event": ("rule_name", _drop_rule),
    "rest_api": ("rest_api_id", _drop_api),
    "lambda_function": ("lambda_arn", _drop_function),
    "iam_role": ("role_name", _drop_role),
}
"""Kinds of chalice's record: which field names the thing, and how it is removed."""


def _unless_absent(do: Callable[[], object]) -> None:
    try:
        do()
    except ClientError as error:
        if _code(error) not in _ABSENT:
            raise


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
