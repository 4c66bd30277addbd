"""An imported table takes the place of the stage's empty one, and of no other."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.models.table_import import TableImport

from chalicelib.customers import tombstones
from chalicelib.customers.store import CustomerStore
from chalicelib.customers.suppression import suppress, suppression_hash
from chalicelib.errors import ConflictError, PermanentError
from infra.bulk.exchange import Imported, exchange, main
from infra.bulk.passes import run
from infra.bulk.plan import plan
from infra.deployment import release, trial
from infra.local.template import read_template
from infra.progress import silent
from tests.benchmarks.extract import write_extract
from tests.unit.shop.stage import NOW

from .test_bulk import in_order, items_in

STAGED = next(r for r in read_template("dev", "1", "us-east-1") if r.id == "CustomersTable")
TABLE = STAGED.properties


class JsonLines:
    """Reads what stands on each line by JSON's own rules."""

    @staticmethod
    def parse(original: str) -> Iterator[Any]:
        return map(json.loads, original.splitlines())


def at_once(seconds: float) -> None:
    """Wait no longer than moto's import takes."""
    for thread in threading.enumerate():
        if isinstance(thread, TableImport):
            thread.join()


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    # The parser that moto reads an import with loses its way in a string with escaped quotes.
    monkeypatch.setattr("py_partiql_parser.JsonParser", JsonLines)
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName=STAGED.name,
            DeletionProtectionEnabled=True,
            **{n: TABLE[n] for n in ("AttributeDefinitions", "KeySchema", "BillingMode")},
        )
        yield client


@pytest.fixture
def folder(cloud: Any, tmp_path: Path) -> Path:
    people, orders = write_extract(tmp_path, 4, 1, NOW)
    made = plan(people, orders, [], tmp_path / "out", NOW, 2)
    run(made, 1, silent)
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="made-up")
    for shard in made.items.iterdir():
        s3.upload_file(str(shard), "made-up", f"items/{shard.name}")
    return made.items


def test_the_imported_table_holds_the_items_and_has_the_templates_settings(
    cloud: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--stage", "dev", "--bucket", "made-up"], at_once) == 0
    expected = items_in(folder)
    assert in_order(iter(cloud.scan(TableName=STAGED.name)["Items"])) == expected
    assert f"{len(expected):,} of {len(expected):,} items imported" in capsys.readouterr().out
    table = cloud.describe_table(TableName=STAGED.name)["Table"]
    assert table["DeletionProtectionEnabled"]
    assert table["KeySchema"] == TABLE["KeySchema"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    expiry = cloud.describe_time_to_live(TableName=STAGED.name)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    kept = cloud.describe_continuous_backups(TableName=STAGED.name)["ContinuousBackupsDescription"]
    assert kept["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert main(["--stage", "dev", "--settle"]) == 0


def test_a_table_that_holds_anything_is_left_alone(cloud: Any, folder: Path) -> None:
    item = {"pk": {"S": "customer#joe"}, "sk": {"S": "view#profile"}}
    cloud.put_item(TableName=STAGED.name, Item=item)
    with pytest.raises(ConflictError):
        exchange(cloud, TABLE, "made-up", "items/", b"key")
    assert main(["--stage", "dev", "--bucket", "made-up"]) == 1
    assert cloud.scan(TableName=STAGED.name)["Items"] == [item]
    assert cloud.describe_table(TableName=STAGED.name)["Table"]["DeletionProtectionEnabled"]


def test_what_the_smoke_test_left_is_nothing_and_what_another_left_is(
    cloud: Any, folder: Path
) -> None:
    key = "a key of the stage's own"
    name = f"{release.secrets_path('dev')}/suppression_key"
    boto3.client("ssm").put_parameter(Name=name, Value=key, Type="SecureString")
    store = CustomerStore(cloud, STAGED.name, suppression_key=key.encode())
    leave(store, f"user:{trial.CUSTOMER}", f"phone:{trial.PHONE}", f"anonymous:{trial.BROWSER}")
    leave(store, "phone:+15551230001")
    arguments = ["--stage", "dev", "--bucket", "made-up"]
    assert main(arguments, at_once) == 1
    for pk, sk in (("suppressed", "suppressed"), ("erased", "erased")):
        digest = suppression_hash("phone:+15551230001", key.encode())
        cloud.delete_item(
            TableName=STAGED.name, Key={"pk": {"S": f"{pk}#{digest}"}, "sk": {"S": sk}}
        )
    assert main(arguments, at_once) == 0
    assert in_order(iter(cloud.scan(TableName=STAGED.name)["Items"])) == items_in(folder)


def leave(store: CustomerStore, *identities: str) -> None:
    """What an erasure of somebody who had refused leaves for good, and for a month."""
    tombstones.bury(store, identities, NOW)
    suppress(store, identities)


def test_an_import_that_failed_is_told_and_can_be_repeated(cloud: Any, folder: Path) -> None:
    with pytest.raises(PermanentError, match="the import failed"):
        exchange(cloud, TABLE, "not-there", "items/", b"key", pause=at_once)
    count = len(items_in(folder))
    found = exchange(cloud, TABLE, "made-up", "items/", b"key", pause=at_once)
    assert found == Imported(count, count, 0)
