"""The dictionary answers as moto does, to whatever the house asks of DynamoDB."""

from __future__ import annotations

import random
from typing import Any

from botocore.exceptions import ClientError

from tests.memory import Memory
from tests.stage import Aws

TABLE = "rejoinder-dev-ledger"
CONDITIONS = (
    None,
    "attribute_not_exists(pk)",
    "attribute_exists(pk)",
    "receipt_rank = :n",
    "receipt_rank < :n",
    "attribute_not_exists(pk) OR receipt_rank <= :n",
    "attribute_exists(pk) AND attribute_not_exists(taken)",
)
UPDATES = (
    "ADD taken :n",
    "SET receipt_rank = :n",
    "SET receipt_rank = if_not_exists(receipt_rank, :n), told = :n REMOVE taken",
)


def a_write(chance: random.Random) -> dict[str, Any]:
    """One write of a transaction."""
    number = {"N": str(chance.randrange(4))}
    key = {"pk": {"S": f"p{chance.randrange(3)}"}, "sk": {"S": f"s{chance.randrange(3)}"}}
    kind = chance.choice(("Put", "Put", "Update", "Delete"))
    condition = chance.choice(CONDITIONS)
    write: dict[str, Any] = {"TableName": TABLE}
    used = condition or ""
    if kind == "Put":
        due = {"due_shard": {"S": "1"}, "due_at": {"S": f"2026-{chance.randrange(9)}"}}
        write["Item"] = {**key, "receipt_rank": number, **(due if chance.random() < 0.5 else {})}
    else:
        write["Key"] = key
    if kind == "Update":
        write["UpdateExpression"] = chance.choice(UPDATES)
        used += write["UpdateExpression"]
    if condition:
        write["ConditionExpression"] = condition
    if ":n" in used:
        write["ExpressionAttributeValues"] = {":n": number}
    return {kind: write}


def told(client: Any, writes: list[dict[str, Any]]) -> Any:
    """What becomes of a transaction."""
    try:
        client.transact_write_items(TransactItems=writes)
    except ClientError as error:
        reasons = error.response.get("CancellationReasons", [])
        return [reason["Code"] for reason in reasons]
    return "done"


def told_alone(client: Any, put: dict[str, Any]) -> Any:
    """What becomes of a lone Put, with what is there instead where it is refused."""
    asked = (
        {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if "ConditionExpression" in put else {}
    )
    try:
        client.put_item(**put, **asked)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response.get("Item")
    return "done"


def held(client: Any) -> Any:
    """All that is there, by key and by index."""
    by_key = [
        client.query(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :s)",
            ExpressionAttributeValues={":pk": {"S": f"p{n}"}, ":s": {"S": "s"}},
        )["Items"]
        for n in range(3)
    ]
    due = client.query(
        TableName=TABLE,
        IndexName="due",
        KeyConditionExpression="due_shard = :shard AND due_at <= :now",
        ExpressionAttributeValues={":shard": {"S": "1"}, ":now": {"S": "2026-5"}},
    )["Items"]
    return by_key, sorted(item["due_at"]["S"] for item in due)


def test_it_answers_as_moto_does(aws: Aws) -> None:
    chance, memory = random.Random(5), Memory()
    outcomes, lone = set(), set()
    for _ in range(120):
        writes = {str(w): w for w in (a_write(chance) for _ in range(chance.randrange(1, 3)))}
        keys = {
            str(w.get("Key") or {k: w["Item"][k] for k in ("pk", "sk")})
            for each in writes.values()
            for w in each.values()
        }
        if len(keys) < len(writes):
            continue  # which DynamoDB refuses, and the house never does
        asked = list(writes.values())
        if len(asked) == 1 and "Put" in asked[0]:
            alone = told_alone(memory, asked[0]["Put"])
            assert alone == told_alone(aws.dynamodb, asked[0]["Put"]), asked
            lone.add(alone[0])
            continue
        outcome = told(memory, asked)
        assert outcome == told(aws.dynamodb, asked), asked
        outcomes.add(str(outcome))
    assert held(memory) == held(aws.dynamodb)
    assert len(outcomes) > 2
    assert len(lone) == 2
