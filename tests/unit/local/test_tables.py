"""What moto answers stays what it was: each query is also asked of a plain moto."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from infra.local.cloud import Cloud

LEDGER = "rejoinder-local-ledger"
CUSTOMERS = "rejoinder-local-customers"
SCHEMA: dict[str, Any] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk", "due_shard", "due_at")
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "due",
            "KeySchema": [
                {"AttributeName": "due_shard", "KeyType": "HASH"},
                {"AttributeName": "due_at", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


@pytest.fixture
def ours(cloud: Cloud, client_of: Callable[..., Any]) -> Any:
    return client_of(cloud, "dynamodb")


@pytest.fixture
def plain(client_of: Callable[..., Any]) -> Any:
    """moto as it comes."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()

    class Plain:
        url = f"http://{host}:{port}"

    client = client_of(Plain, "dynamodb")
    client.create_table(TableName=LEDGER, **SCHEMA)
    yield client
    client.delete_table(TableName=LEDGER)
    server.stop()


def item(pk: str, sk: str, **attributes: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in {"pk": pk, "sk": sk, **attributes}.items()}


def pages(client: Any, **request: Any) -> list[list[str]]:
    """The sort keys, page by page; DynamoDB may or may not end with an empty page."""
    found, start = [], dict[str, Any]()
    while True:
        answer = client.query(TableName=LEDGER, **request, **start)
        found.append([i["sk"]["S"] for i in answer["Items"]])
        if "LastEvaluatedKey" not in answer:
            return [page for page in found if page]
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def fill(client: Any, seed: int) -> None:
    """Puts, changes and deletions in an order that the seed picks."""
    rng = random.Random(seed)
    for _ in range(80):
        pk, sk = rng.choice("AB"), f"{rng.choice(['a#', 'b#', 'é#'])}{rng.randrange(15):02d}"
        action = rng.choice(["put", "put", "due", "undue", "delete"])
        if action == "put":
            extra = {"due_shard": rng.choice("01"), "due_at": f"{rng.randrange(9)}"}
            client.put_item(TableName=LEDGER, Item=item(pk, sk, **rng.choice([{}, extra])))
        elif action == "delete":
            client.delete_item(TableName=LEDGER, Key=item(pk, sk))
        else:
            change = "SET due_shard = :s, due_at = :a" if action == "due" else "REMOVE due_shard"
            values = {":s": {"S": "1"}, ":a": {"S": "5"}}
            client.update_item(
                TableName=LEDGER,
                Key=item(pk, sk),
                UpdateExpression=change,
                **({"ExpressionAttributeValues": values} if action == "due" else {}),
            )


CONDITIONS = [
    ("pk = :p", {}),
    ("pk = :p AND begins_with(sk, :s)", {":s": "b#"}),
    ("pk = :p AND begins_with(sk, :s)", {":s": "é"}),
    ("pk = :p AND sk = :s", {":s": "a#03"}),
    ("pk = :p AND sk < :s", {":s": "b#05"}),
    ("pk = :p AND sk <= :s", {":s": "b#05"}),
    ("pk = :p AND sk > :s", {":s": "b#05"}),
    ("pk = :p AND sk >= :s", {":s": "b#05"}),
    ("pk = :p AND sk BETWEEN :s AND :t", {":s": "a#05", ":t": "b#05"}),
]


@pytest.mark.parametrize("seed", [2])
def test_queries_answer_as_plain_moto_does(seed: int, ours: Any, plain: Any) -> None:
    for client in (ours, plain):
        fill(client, seed)

    for condition, values in CONDITIONS:
        for forward in (True, False):
            for limit in ({}, {"Limit": 3}):
                request = {
                    "KeyConditionExpression": condition,
                    "ExpressionAttributeValues": {
                        name: {"S": value} for name, value in {":p": "A", **values}.items()
                    },
                    "ScanIndexForward": forward,
                    **limit,
                }
                assert pages(ours, **request) == pages(plain, **request), request


@pytest.mark.parametrize("seed", [3])
def test_the_sparse_index_answers_as_plain_moto_does(seed: int, ours: Any, plain: Any) -> None:
    for client in (ours, plain):
        fill(client, seed)

    for shard in ("0", "1", "2"):
        for limit in ({}, {"Limit": 2}):
            request = {
                "IndexName": "due",
                "KeyConditionExpression": "due_shard = :s AND due_at <= :a",
                "ExpressionAttributeValues": {":s": {"S": shard}, ":a": {"S": "6"}},
                **limit,
            }
            found = pages(ours, **request)
            assert found == pages(plain, **request)
    assert any(
        i["due_shard"]["S"] == "1" for i in ours.scan(TableName=LEDGER)["Items"] if "due_shard" in i
    )


def test_a_page_ends_at_a_megabyte_and_the_next_goes_on(ours: Any) -> None:
    for n in range(6):
        ours.put_item(TableName=LEDGER, Item=item("A", f"{n}", body="x" * 300_000))

    found = pages(
        ours, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "A"}}
    )

    assert found == [["0", "1", "2"], ["3", "4", "5"]]


def refused(client: Any, *writes: dict[str, Any]) -> list[str]:
    with pytest.raises(ClientError) as caught:
        client.transact_write_items(TransactItems=list(writes))
    return [reason["Code"] for reason in caught.value.response["CancellationReasons"]]


def put(table: str, stored: dict[str, Any], condition: str | None = None) -> dict[str, Any]:
    extra = {"ConditionExpression": condition} if condition else {}
    return {"Put": {"TableName": table, "Item": stored, **extra}}


def test_a_refused_transaction_leaves_everything_as_it_was(ours: Any) -> None:
    ours.put_item(TableName=LEDGER, Item=item("A", "kept", due_shard="1", due_at="1"))
    ours.put_item(TableName=LEDGER, Item=item("A", "deleted"))
    before = ours.scan(TableName=LEDGER)["Items"]

    reasons = refused(
        ours,
        put(CUSTOMERS, item("C", "new")),
        {
            "Update": {
                "TableName": LEDGER,
                "Key": item("A", "kept"),
                "UpdateExpression": "REMOVE due_shard",
            }
        },
        {"Delete": {"TableName": LEDGER, "Key": item("A", "deleted")}},
        put(LEDGER, item("A", "new", due_shard="1", due_at="2")),
        put(CUSTOMERS, item("C", "other"), "attribute_exists(pk)"),
    )

    assert reasons == ["None", "None", "None", "None", "ConditionalCheckFailed"]
    assert ours.scan(TableName=LEDGER)["Items"] == before
    assert ours.scan(TableName=CUSTOMERS)["Items"] == []
    due = pages(
        ours,
        IndexName="due",
        KeyConditionExpression="due_shard = :s",
        ExpressionAttributeValues={":s": {"S": "1"}},
    )
    assert due == [["kept"]]


def test_a_transaction_twice_on_one_item_is_refused_whole(ours: Any) -> None:
    with pytest.raises(ClientError, match="multiple operations on one item"):
        ours.transact_write_items(
            TransactItems=[put(LEDGER, item("A", "1")), put(LEDGER, item("A", "1"))]
        )

    assert ours.scan(TableName=LEDGER)["Items"] == []


def test_of_eight_threads_that_claim_one_item_one_wins_whole(ours: Any) -> None:
    """Each also counts itself: nobody's count is lost, and nobody half wins."""
    won, together = list[int](), threading.Barrier(8)

    def claim(n: int) -> None:
        count = {
            "Update": {
                "TableName": CUSTOMERS,
                "Key": item("C", "count"),
                "UpdateExpression": "ADD wins :one",
                "ExpressionAttributeValues": {":one": {"N": "1"}},
            }
        }
        for turn in range(5):
            together.wait(30)
            try:
                claimed = put(LEDGER, item("A", f"{turn}", by=f"{n}"), "attribute_not_exists(pk)")
                ours.transact_write_items(TransactItems=[count, claimed])
                won.append(turn)
            except ClientError:
                continue

    threads = [threading.Thread(target=claim, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(won) == [0, 1, 2, 3, 4]
    counted = ours.get_item(TableName=CUSTOMERS, Key=item("C", "count"))["Item"]
    assert counted["wins"] == {"N": "5"}


def test_a_query_without_its_hash_key_is_refused(ours: Any) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        ours.query(
            TableName=LEDGER,
            KeyConditionExpression="sk = :s",
            ExpressionAttributeValues={":s": {"S": "x"}},
        )


def test_a_wrong_update_is_refused_and_the_item_stays(ours: Any) -> None:
    ours.put_item(TableName=LEDGER, Item=item("A", "1"))

    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        ours.update_item(
            TableName=LEDGER,
            Key=item("A", "1"),
            UpdateExpression="SET x = :x",
            ConditionExpression="attribute_exists(nothing)",
            ExpressionAttributeValues={":x": {"S": "1"}},
        )

    assert ours.get_item(TableName=LEDGER, Key=item("A", "1"))["Item"] == item("A", "1")
