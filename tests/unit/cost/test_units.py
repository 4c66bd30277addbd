"""DynamoDB's units, against the examples of its documentation.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from infra.cost.units import (
    Index,
    index_units,
    indexes_of,
    item_size,
    read_units,
    value_size,
    write_units,
)

KEYS_ONLY = Index("closing", ("shard", "at"), frozenset({"pk", "shard", "at"}))
WHOLE = Index("due", ("shard", "at"), None)


def an_item(size: int = 100, **attributes: str) -> dict[str, Any]:
    """One of exactly so many bytes, if they are enough for its attributes."""
    item: dict[str, Any] = {"pk": {"S": "1"}, **{k: {"S": v} for k, v in attributes.items()}}
    return {**item, "body": {"S": "x" * (size - item_size(item) - len("body"))}}


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(3_500, True, 1), (8_192, True, 2), (8_192, False, 1), (0, True, 1), (0, False, 0.5)],
)
def test_a_read_is_rounded_up_to_four_kilobytes(size: int, consistent: bool, units: float) -> None:
    assert read_units(size, consistent=consistent) == units


def test_each_item_of_a_batch_is_rounded_up_and_a_page_of_a_query_as_a_whole() -> None:
    sizes = (1_536, 6_656)

    assert sum(read_units(size, consistent=True) for size in sizes) == 3
    assert read_units(sum(sizes), consistent=True) == 2


@pytest.mark.parametrize(
    ("size", "transactional", "units"),
    [(500, False, 1), (1_536, False, 2), (500, True, 2), (3_072, True, 6)],
)
def test_a_write_is_rounded_up_to_a_kilobyte_and_twice_that_in_a_transaction(
    size: int, transactional: bool, units: int
) -> None:
    assert write_units(None, an_item(size), transactional=transactional) == units


def test_of_what_was_and_what_is_the_larger_counts() -> None:
    assert write_units(an_item(2_500), an_item(100), transactional=False) == 3
    assert write_units(an_item(2_500), None, transactional=False) == 3


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, an_item(), 0),
        (None, an_item(shard="1", at="2"), 1),
        (an_item(shard="1", at="2"), an_item(), 1),
        (an_item(shard="1", at="2"), an_item(shard="1", at="3"), 2),
        (an_item(shard="1", at="2"), an_item(200, shard="1", at="2"), 1),
        (an_item(shard="1", at="2"), an_item(shard="1", at="2"), 0),
        (None, an_item(1_500, shard="1", at="2"), 2),
    ],
)
def test_an_index_is_paid_for_by_what_changes_in_it(before: Any, after: Any, units: int) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes"""
    assert index_units(WHOLE, before, after) == units


def test_an_index_of_keys_alone_takes_no_notice_of_the_rest() -> None:
    before, after = an_item(shard="1", at="2"), an_item(9_000, shard="1", at="2")

    assert index_units(KEYS_ONLY, before, after) == 0
    assert index_units(KEYS_ONLY, None, after) == 1


def test_the_indexes_of_a_table_are_read_from_its_template() -> None:
    table = {
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "closing",
                "KeySchema": [{"AttributeName": "shard"}, {"AttributeName": "at"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
            {
                "IndexName": "due",
                "KeySchema": [{"AttributeName": "shard"}, {"AttributeName": "at"}],
                "Projection": {"ProjectionType": "ALL"},
            },
        ],
    }

    assert list(indexes_of(table)) == [KEYS_ONLY, WHOLE]


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "Joë"}, 4),
        ({"N": "-1234.5"}, 4),
        ({"N": "100"}, 2),
        ({"B": base64.b64encode(bytes(10)).decode()}, 10),
        ({"B": bytes(10)}, 10),
        ({"BOOL": True}, 1),
        ({"SS": ["ab", "c"]}, 3),
        ({"L": [{"S": "ab"}]}, 6),
        ({"M": {"a": {"S": "b"}}}, 6),
    ],
)
def test_values_have_the_sizes_that_are_documented(value: Any, size: int) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html"""
    assert value_size(value) == size


def test_an_item_is_as_large_as_its_names_and_values() -> None:
    """AWS's own example: a shirt of 23 bytes."""
    assert item_size({"shirt-color": {"S": "R"}, "shirt-size": {"S": "M"}}) == 23
