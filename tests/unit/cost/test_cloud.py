"""The metered cloud notes what calls took, by the items that they met."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import urllib3

from infra.cost.cloud import MeteredCloud
from infra.cost.recording import TAKE
from infra.local.carriers import Mailbox
from infra.local.cloud import REGION

TABLE = "rejoinder-local-ledger"


@pytest.fixture(scope="module")
def cloud() -> Iterator[MeteredCloud]:
    with MeteredCloud(Mailbox()) as running:
        yield running


@pytest.fixture(scope="module")
def dynamodb(cloud: MeteredCloud) -> Any:
    session = boto3.Session("test", "test", region_name=REGION)
    return session.client("dynamodb", endpoint_url=cloud.url)


def taken(cloud: MeteredCloud) -> list[Any]:
    http = urllib3.PoolManager(retries=False)
    told = http.request("GET", cloud.url + TAKE).json()
    http.clear()
    found: list[Any] = told["calls"]
    return found


def an_entry(entry_id: str, body: str, **due: str) -> Any:
    plain = {name: {"S": value} for name, value in due.items()}
    item = {"pk": {"S": f"outbox#{entry_id}"}, "sk": {"S": "record"}, "body": {"S": body}, **plain}
    return {"Put": {"TableName": TABLE, "Item": item}}


def test_a_transaction_is_noted_by_what_was_there_and_what_is(
    cloud: MeteredCloud, dynamodb: Any
) -> None:
    due = {"due_shard": "1", "due_at": "2026"}
    dynamodb.transact_write_items(TransactItems=[an_entry("a", "x" * 2_500, **due)])
    dynamodb.transact_write_items(TransactItems=[an_entry("a", "x")])

    first, second = taken(cloud)

    assert (first["service"], first["operation"]) == ("dynamodb", "TransactWriteItems")
    assert first["parts"][0]["kind"] == "outbox record"
    assert [(p["writes"], p["index"]) for p in first["parts"]] == [(6, 3)]
    assert [(p["writes"], p["index"]) for p in second["parts"]] == [(6, 3)]
    assert taken(cloud) == []


def test_a_read_is_noted_for_each_item_that_was_asked_for(
    cloud: MeteredCloud, dynamodb: Any
) -> None:
    dynamodb.transact_write_items(TransactItems=[an_entry("b", "x" * 5_000)])
    keys = [{"pk": {"S": pk}, "sk": {"S": "record"}} for pk in ("outbox#b", "outbox#none")]
    dynamodb.batch_get_item(RequestItems={TABLE: {"Keys": keys, "ConsistentRead": True}})
    dynamodb.get_item(TableName=TABLE, Key=keys[0])

    _, batch, single = taken(cloud)

    assert [p["reads"] for p in batch["parts"]] == [2, 1]
    assert [p["kind"] for p in batch["parts"]] == ["outbox record", "outbox record (none)"]
    assert [p["reads"] for p in single["parts"]] == [1]


def test_a_page_of_a_query_is_one_read(cloud: MeteredCloud, dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[an_entry("c", "x" * 5_000)])
    dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "outbox#c"}},
        ConsistentRead=True,
    )

    assert [p["reads"] for p in taken(cloud)[1]["parts"]] == [2]
