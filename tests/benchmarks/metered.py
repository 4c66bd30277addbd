"""A DynamoDB in memory that counts what DynamoDB would bill, for imports.

Never here: the rules of counting (infra/cost/units.py), and the time that DynamoDB takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.cost.units import item_size, read_units, write_units
from tests.memory import Memory


class Metered(Memory):
    """`calls`, read and write units so far."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.reads = self.writes = 0.0

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        answer = super().batch_get_item(RequestItems=RequestItems)
        found = [item for items in answer["Responses"].values() for item in items]
        missing = sum(len(asked["Keys"]) for asked in RequestItems.values()) - len(found)
        self.calls += 1
        self.reads += missing + sum(read_units(item_size(i), consistent=True) for i in found)
        return answer

    def query(self, **asked: Any) -> dict[str, Any]:
        answer = super().query(**asked)
        self.calls += 1
        self.reads += read_units(sum(map(item_size, answer["Items"])), consistent=True)
        return answer

    def put_item(self, **put: Any) -> dict[str, Any]:
        self.calls += 1
        self._count(put, put["Item"], transactional=False)
        return super().put_item(**put)

    def transact_write_items(self, *, TransactItems: list[Any]) -> dict[str, Any]:
        self.calls += 1
        for write in TransactItems:
            for kind, told in write.items():
                after = told["Item"] if kind == "Put" else self._updated(told)
                self._count(told, after, transactional=True)
        return super().transact_write_items(TransactItems=TransactItems)

    def _updated(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """Of an import's updates, which only put words on record: what each holds."""
        values = told["ExpressionAttributeValues"]
        return {**told["Key"], "body": values[":body"], "expires_at": values[":until"]}

    def _count(self, told: Mapping[str, Any], after: Any, *, transactional: bool) -> None:
        before = self._find(told["TableName"], after)
        self.writes += write_units(before, after, transactional=transactional)
