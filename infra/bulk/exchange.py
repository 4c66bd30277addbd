"""Puts a table imported from S3 in the place of a stage's empty customers table (docs/import.md).

    python -m infra.bulk.exchange --stage prod --bucket BUCKET --prefix PREFIX/

An import makes a new table and fills no other. The stack knows the table by its name: one made anew
under that name, with the template's keys and settings, is the stack's own. A table that holds more
than what the smoke test leaves is never touched. Exit code 0: all items are in; 2: some were not;
1: it could not be done. Never here: the files (__main__.py), their upload.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import boto3

from chalicelib.customers import tombstones
from chalicelib.customers.store import CustomerStore
from chalicelib.customers.suppression import suppressed
from chalicelib.documents import aws_calls
from chalicelib.errors import ConflictError, PermanentError, RejoinderError, TemporaryError

from ..deployment import release, trial
from ..local.template import read_template
from ..packaging import PackagingError

POLL_SECONDS = 30
LONGEST_POLLS = 4 * 86_400 // POLL_SECONDS
CREATED_WITH = ("AttributeDefinitions", "KeySchema", "BillingMode")


@dataclass(frozen=True)
class Imported:
    """What DynamoDB counted; `failed` lines are in CloudWatch under /aws-dynamodb/imports."""

    processed: int
    imported: int
    failed: int


def exchange(
    client: Any,
    table: Mapping[str, Any],
    bucket: str,
    prefix: str,
    suppression_key: bytes,
    pause: Callable[[float], None] = time.sleep,
) -> Imported:
    """Delete the empty table, import a new one, and give it the template's settings.

    `table` are the properties of the template; by the stage's `suppression_key` is known what the
    smoke test left. Raises ConflictError for a table that holds anything else, PermanentError for
    an import that failed.
    """
    name = table["TableName"]
    if (stands := _stands(client, name)) is not None:
        if stands["TableStatus"] != "ACTIVE" or not _is_unused(client, name, suppression_key):
            raise ConflictError("the table is not empty, or not ready", table=name)
        if stands.get("DeletionProtectionEnabled"):
            client.update_table(TableName=name, DeletionProtectionEnabled=False)
            client.get_waiter("table_exists").wait(TableName=name)
        client.delete_table(TableName=name)
        client.get_waiter("table_not_exists").wait(TableName=name)
    imported = _import(client, table, bucket, prefix, pause)
    settle(client, table)
    return imported


def settle(client: Any, table: Mapping[str, Any]) -> None:
    """What the template states and an import cannot: expiry, recovery, protection.

    Safe to repeat.
    """
    name = table["TableName"]
    client.get_waiter("table_exists").wait(TableName=name)
    expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if expiry["TimeToLiveStatus"] not in ("ENABLED", "ENABLING"):
        told = table["TimeToLiveSpecification"]
        client.update_time_to_live(TableName=name, TimeToLiveSpecification=told)
    client.update_continuous_backups(
        TableName=name,
        PointInTimeRecoverySpecification=table["PointInTimeRecoverySpecification"],
    )
    protected = table["DeletionProtectionEnabled"]
    client.update_table(TableName=name, DeletionProtectionEnabled=protected)


def _stands(client: Any, name: str) -> dict[str, Any] | None:
    try:
        return dict(client.describe_table(TableName=name)["Table"])
    except client.exceptions.ResourceNotFoundException:
        return None


def _is_unused(client: Any, name: str, suppression_key: bytes) -> bool:
    """Whether nothing is in the table but hashes of the smoke test's customer, who was erased. Were
    others erased, their refusals would be lost."""
    store = CustomerStore(client, name, suppression_key=suppression_key)
    tested = (f"user:{trial.CUSTOMER}", f"phone:{trial.PHONE}", f"anonymous:{trial.BROWSER}")
    left = store.present(tombstones.keys(store, tested)) | set(suppressed(store, tested))
    return len(client.scan(TableName=name, ConsistentRead=True)["Items"]) == len(left)


def _import(
    client: Any,
    table: Mapping[str, Any],
    bucket: str,
    prefix: str,
    pause: Callable[[float], None],
) -> Imported:
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ImportTable.html"""
    encrypted = table["SSESpecification"]["SSEEnabled"]
    made_with = {name: table[name] for name in CREATED_WITH}
    started = client.import_table(
        S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": prefix},
        InputFormat="DYNAMODB_JSON",
        InputCompressionType="GZIP",
        TableCreationParameters={
            "TableName": table["TableName"],
            **made_with,
            "SSESpecification": {"Enabled": encrypted, "SSEType": "KMS"},
        },
    )["ImportTableDescription"]
    for _ in range(LONGEST_POLLS):
        told = client.describe_import(ImportArn=started["ImportArn"])["ImportTableDescription"]
        if told["ImportStatus"] == "COMPLETED":
            counts = ("ProcessedItemCount", "ImportedItemCount", "ErrorCount")
            return Imported(*(told.get(name, 0) for name in counts))
        if told["ImportStatus"] != "IN_PROGRESS":
            raise PermanentError("the import failed", code=told.get("FailureCode"))
        pause(POLL_SECONDS)
    raise TemporaryError("the import is still under way", arn=started["ImportArn"])


def main(
    arguments: Sequence[str] | None = None, pause: Callable[[float], None] = time.sleep
) -> int:
    """The command."""
    asked = _parser().parse_args(arguments)
    if not (asked.bucket or asked.settle):
        _parser().error("name the --bucket")
    try:
        with aws_calls():
            return _exchange(asked, pause)
    except (RejoinderError, PackagingError) as error:
        details = getattr(error, "details", None) or ""
        print(f"stopped: {error} {details}".rstrip(), file=sys.stderr)
    return 1


def _exchange(asked: argparse.Namespace, pause: Callable[[float], None]) -> int:
    client = boto3.client("dynamodb")
    account = boto3.client("sts").get_caller_identity()["Account"]
    resources = read_template(asked.stage, account, client.meta.region_name)
    table = next(r.properties for r in resources if r.id == "CustomersTable")
    if asked.settle:
        settle(client, table)
        return 0
    key = _suppression_key(asked.stage)
    imported = exchange(client, table, asked.bucket, asked.prefix, key, pause)
    print(
        f"{table['TableName']}: {imported.imported:,} of {imported.processed:,} items imported,"
        f" {imported.failed:,} refused"
    )
    return 2 if imported.failed else 0


def _suppression_key(stage: str) -> bytes:
    path = f"{release.secrets_path(stage)}/suppression_key"
    found = boto3.client("ssm").get_parameters(Names=[path], WithDecryption=True)["Parameters"]
    return str(found[0]["Value"]).encode() if found else b""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.bulk.exchange", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--stage", required=True)
    parser.add_argument("--bucket")
    parser.add_argument("--prefix", default="items/")
    parser.add_argument(
        "--settle", action="store_true", help="only the settings, of a table imported"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
