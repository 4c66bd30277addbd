"""Customers drawn at random from a table of any size, by a bounded number of short reads.

Lives here: where to begin reading, and how far. Never here: what a customer is.

A Scan goes through partitions in the order of their keys' hashes, and may begin at a key that is
no item's: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html. What comes
after a random key is therefore random, whatever the customers have in common.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Final

from .. import documents
from ..documents import aws_calls

PAGE: Final = 250
FEWEST_PAGES: Final = 20
_PREFIX: Final = "customer#"


def draw_ids(client: Any, table: str, count: int, rng: random.Random) -> Iterator[str]:
    """Ids of customers, each once, from as many pages at most; all of a table that is small.

    A page that holds nobody who was not drawn before is followed by one of a walk through the
    table from its beginning; at the end of that walk everybody has been drawn.
    """
    seen = set[str]()
    walk, walking = _walk(client, table), False
    for _ in range(max(count, FEWEST_PAGES)):
        ids = next(walk, None) if walking else _page(client, table, _anywhere(rng))[0]
        if ids is None:
            return
        fresh = [customer_id for customer_id in ids if customer_id not in seen]
        walking = not fresh
        seen.update(fresh)
        yield from rng.sample(fresh, len(fresh))


def _anywhere(rng: random.Random) -> dict[str, Any]:
    return documents.key(f"{_PREFIX}{rng.getrandbits(128):032x}", " ")


def _walk(client: Any, table: str) -> Iterator[list[str]]:
    """The pages of the whole table, each read when it is asked for."""
    ids, following = _page(client, table, None)
    yield ids
    while following is not None:
        ids, following = _page(client, table, following)
        yield ids


def _page(
    client: Any, table: str, start: dict[str, Any] | None
) -> tuple[list[str], dict[str, Any] | None]:
    """(ids of the customers on one page, the key after which the next one begins)."""
    request: dict[str, Any] = {
        "TableName": table,
        "Limit": PAGE,
        "FilterExpression": "begins_with(pk, :prefix)",
        "ExpressionAttributeValues": {":prefix": {"S": _PREFIX}},
        "ProjectionExpression": "pk",
    }
    if start is not None:
        request["ExclusiveStartKey"] = start
    with aws_calls():
        answer = client.scan(**request)
    ids = dict.fromkeys(item["pk"]["S"].removeprefix(_PREFIX) for item in answer["Items"])
    return list(ids), answer.get("LastEvaluatedKey")
