"""One customer's items in memory: the calls of DynamoDB's client that the product's import makes.

Conditions are taken to hold: nobody else writes here, and whoever writes has just read. Never
here: what an item says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Item = dict[str, Any]

_SETTING = re.compile(r"(\w+) = (?:(if_not_exists)\(\1, (:\w+)\)|(:\w+))")


class Table:
    """Stands in for the client of one table; other tables' names are not looked at."""

    def __init__(self) -> None:
        self._items: dict[str, dict[str, Item]] = {}

    def take(self) -> Iterator[Item]:
        """Every item, by its keys in order; the table is empty afterwards."""
        taken, self._items = self._items, {}
        for pk in sorted(taken):
            for sk in sorted(taken[pk]):
                yield taken[pk][sk]

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""
        return {
            "Responses": {
                name: [item for key in asked["Keys"] if (item := self._find(key))]
                for name, asked in RequestItems.items()
            }
        }

    def query(
        self,
        *,
        ExpressionAttributeValues: Mapping[str, Any],
        ScanIndexForward: bool = True,
        **_: Any,
    ) -> dict[str, Any]:
        """The items of `:pk` whose sort key begins with `:prefix`, on one page."""
        held = self._items.get(ExpressionAttributeValues[":pk"]["S"], {})
        prefix = ExpressionAttributeValues.get(":prefix", {"S": ""})["S"]
        found = sorted((sk for sk in held if sk.startswith(prefix)), reverse=not ScanIndexForward)
        return {"Items": [held[sk] for sk in found]}

    def put_item(self, *, Item: Item, **_: Any) -> dict[str, Any]:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html"""
        self._items.setdefault(Item["pk"]["S"], {})[Item["sk"]["S"]] = Item
        return {}

    def transact_write_items(self, *, TransactItems: list[Any]) -> dict[str, Any]:
        """Puts, and Updates that set; a first load takes nothing back."""
        for write in TransactItems:
            if "Update" in write:
                self._update(**write["Update"])
            else:
                self.put_item(**write["Put"])
        return {}

    def _update(
        self,
        *,
        Key: Item,
        UpdateExpression: str,
        ExpressionAttributeValues: Mapping[str, Any],
        **_: Any,
    ) -> None:
        held = {**Key, **(self._find(Key) or {})}
        for part in re.split(r", (?![^(]*\))", UpdateExpression.removeprefix("SET ")):
            setting = _SETTING.fullmatch(part)
            if setting is None:
                raise NotImplementedError(f"no import was known to write: {part}")
            name, unless_there, default, value = setting.groups()
            if not (unless_there and name in held):
                held[name] = ExpressionAttributeValues[default or value]
        self.put_item(Item=held)

    def _find(self, key: Item) -> Item | None:
        return self._items.get(key["pk"]["S"], {}).get(key["sk"]["S"])
