"""DynamoDB in a dictionary, for tests that take a hundred thousand steps: as much of it as the
house uses, in one process, without threads, pages or limits.

`tests/unit/test_memory.py` holds it to what moto answers. Expressions are those that the house
writes: comparisons and functions of one attribute, joined by one kind of AND or OR.
"""

from __future__ import annotations

import copy
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from botocore.exceptions import ClientError

Item = dict[str, Any]
Values = Mapping[str, Mapping[str, Any]]
Test = Callable[[Item, Values], bool]

_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FUNCTION = re.compile(r"(attribute_exists|attribute_not_exists)\((\w+)\)")
_BEGINNING = re.compile(r"begins_with\((\w+), (:\w+)\)")
_COMPARISON = re.compile(r"(\w+) (=|<=|>=|<|>) (:\w+)")
_SETTING = re.compile(r"(\w+) = (?:if_not_exists\(\w+, (:\w+)\)|(:\w+))")


class Memory:
    """A client of DynamoDB, as boto3 makes it, whose tables need no making."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, dict[str, Item]]] = defaultdict(dict)

    def copy(self) -> Memory:
        """Another with the same items; what is written to one is not in the other."""
        other = Memory()
        for name, partitions in self._tables.items():
            other._tables[name] = {pk: dict(items) for pk, items in partitions.items()}
        return other

    def become(self, other: Memory) -> None:
        """Hold what the other does, and no more."""
        self._tables = other.copy()._tables

    def get_item(self, *, TableName: str, Key: Item, **_: Any) -> dict[str, Any]:
        found = self._find(TableName, Key)
        return {"Item": copy.copy(found)} if found else {}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "Responses": {
                table: [f for key in asked["Keys"] if (f := self._find(table, key))]
                for table, asked in RequestItems.items()
            }
        }

    def query(
        self,
        *,
        TableName: str,
        KeyConditionExpression: str,
        ExpressionAttributeValues: Values,
        IndexName: str | None = None,
        Limit: int | None = None,
        ScanIndexForward: bool = True,
        **_: Any,
    ) -> dict[str, Any]:
        holds, names = _condition(KeyConditionExpression)
        table = self._tables[TableName]
        if IndexName is None:
            partition = table.get(ExpressionAttributeValues[":pk"]["S"], {})
            items, order = list(partition.values()), "sk"
        else:
            items = [i for part in table.values() for i in part.values() if names[0] in i]
            order = names[-1]
        found = [item for item in items if holds(item, ExpressionAttributeValues)]
        found.sort(key=lambda i: _plain(i[order]), reverse=not ScanIndexForward)
        return {"Items": found[:Limit]}

    def get_paginator(self, operation: str) -> Memory:
        assert operation == "query"
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        yield self.query(**asked)

    def put_item(self, **put: Any) -> dict[str, Any]:
        return self._alone({"Put": put})

    def delete_item(self, **delete: Any) -> dict[str, Any]:
        return self._alone({"Delete": delete})

    def update_item(self, **update: Any) -> dict[str, Any]:
        return self._alone({"Update": update})

    def batch_write_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        for table, requests in RequestItems.items():
            for request in requests:
                self._write("Put", {"TableName": table, **request["PutRequest"]})
        return {}

    def transact_write_items(self, *, TransactItems: list[Any]) -> dict[str, Any]:
        writes = [next(iter(each.items())) for each in TransactItems]
        codes = [self._objection(kind, write) for kind, write in writes]
        if any(codes):
            reasons = [{"Code": code or "None"} for code in codes]
            raise _error("TransactionCanceledException", CancellationReasons=reasons)
        for kind, write in writes:
            self._write(kind, write)
        return {}

    def _alone(self, each: Mapping[str, Any]) -> dict[str, Any]:
        ((kind, write),) = each.items()
        if self._objection(kind, write):
            asked = write.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            key = write["Item" if kind == "Put" else "Key"]
            held = self._find(write["TableName"], key) if asked else None
            raise _error("ConditionalCheckFailedException", **({"Item": held} if held else {}))
        return self._write(kind, write)

    def _find(self, table: str, key: Item) -> Item | None:
        return self._tables[table].get(key["pk"]["S"], {}).get(key["sk"]["S"])

    def _objection(self, kind: str, write: Mapping[str, Any]) -> str | None:
        expression = write.get("ConditionExpression")
        if expression is None:
            return None
        held = self._find(write["TableName"], write["Item" if kind == "Put" else "Key"]) or {}
        holds, _ = _condition(expression)
        if holds(held, write.get("ExpressionAttributeValues", {})):
            return None
        return "ConditionalCheckFailed"

    def _write(self, kind: str, write: Mapping[str, Any]) -> dict[str, Any]:
        table = self._tables[write["TableName"]]
        key = write["Item" if kind == "Put" else "Key"] if kind != "ConditionCheck" else None
        if key is None:
            return {}
        partition = table.setdefault(key["pk"]["S"], {})
        if kind == "Put":
            partition[key["sk"]["S"]] = dict(write["Item"])
        elif kind == "Delete":
            partition.pop(key["sk"]["S"], None)
        else:
            held = {**key, **partition.get(key["sk"]["S"], {})}
            partition[key["sk"]["S"]] = changed = _updated(held, write)
            return {"Attributes": changed}
        return {}


def _updated(item: Item, write: Mapping[str, Any]) -> Item:
    values, changed = write.get("ExpressionAttributeValues", {}), dict(item)
    clauses = re.split(r"\s*\b(SET|ADD|REMOVE)\b\s*", write["UpdateExpression"])[1:]
    for verb, told in zip(clauses[::2], clauses[1::2], strict=True):
        for part in re.split(r", (?![^(]*\))", told.strip()):
            if verb == "REMOVE":
                changed.pop(part, None)
            elif verb == "ADD":
                name, value = part.split()
                total = int(changed.get(name, {"N": "0"})["N"]) + int(values[value]["N"])
                changed[name] = {"N": str(total)}
            else:
                setting = _SETTING.fullmatch(part)
                assert setting, part
                if setting[3] or setting[1] not in changed:
                    changed[setting[1]] = values[setting[2] or setting[3]]
    return changed


@lru_cache
def _condition(expression: str) -> tuple[Test, tuple[str, ...]]:
    """What the expression asks, and the attributes that it names."""
    joined = any if " OR " in expression else all
    tests = [_test(part.strip()) for part in re.split(r" AND | OR ", expression)]
    asked = [test for _, test in tests]

    def holds(item: Item, values: Values) -> bool:
        return joined(test(item, values) for test in asked)

    return holds, tuple(name for name, _ in tests)


def _test(part: str) -> tuple[str, Test]:
    if found := _FUNCTION.fullmatch(part):
        name, wanted = found[2], found[1] == "attribute_exists"
        return name, lambda item, _: (name in item) is wanted
    if found := _BEGINNING.fullmatch(part):
        name, value = found[1], found[2]
        return name, lambda item, values: _plain(item[name]).startswith(_plain(values[value]))
    found = _COMPARISON.fullmatch(part)
    assert found, part
    name, compare, value = found[1], _COMPARISONS[found[2]], found[3]

    def holds(item: Item, values: Values) -> bool:
        return name in item and compare(_plain(item[name]), _plain(values[value]))

    return name, holds


def _plain(attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    return float(value) if kind == "N" else value


def _error(code: str, **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}, **more}, "memory")
