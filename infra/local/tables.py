"""moto's DynamoDB tables made fit for real sizes; what they answer stays moto's.

Lives here: three corrections to moto 5.2. It sorts the whole table for each Query, copies whole
tables for each TransactWriteItems, and does neither within bearable time at 50,000 items. Here a
Query sees only the stretch of its partition or index that it can return, a transaction keeps
only the items that it names, and every item that changed is noted for the journal. Never here: the
journal, and locks: the cloud makes one call at a time.
"""

from __future__ import annotations

import copy
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, cast

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import RESULT_SIZE_LIMIT, Table

ItemKey = tuple[DynamoType, DynamoType]
Page = tuple[list[Item], int, dict[str, Any] | None]


def open_tables(account: str, region: str) -> LocalDynamoDB:
    """The account's DynamoDB, with its tables as they are at this moment made quick."""
    backend = dynamodb_backends[account][region]
    backend.__class__ = LocalDynamoDB
    for table in backend.tables.values():
        table.__class__ = LocalTable  # type: ignore[type-abstract]
        cast(LocalTable, table).prepare()
    return cast(LocalDynamoDB, backend)


class LocalTable(Table):
    """A moto table with hash and range key, and a set of members for each secondary index."""

    def prepare(self) -> None:
        """Give a plain moto table what this class needs beside it."""
        self.changed: set[ItemKey] = set()
        self._ordered: dict[DynamoType, list[Any]] = {}
        self._members: dict[str, dict[Any, dict[ItemKey, None]]] = {
            index.name: defaultdict(dict) for index in self.all_indexes()
        }
        self._filed: dict[str, dict[ItemKey, Any]] = {name: {} for name in self._members}
        self._window: list[Item] | None = None
        for index in self.all_indexes():
            for item in self.each_item():
                self._file(index, _key_of(item), self._index_value(index, item))

    def each_item(self) -> Iterator[Item]:
        """Every item, in no order."""
        for partition in self.items.values():
            yield from partition.values()

    def note(self, key: ItemKey, item: Item | None) -> None:
        """File an item that was put, changed in place or (None) deleted."""
        self.changed.add(key)
        for index in self.all_indexes():
            value = None if item is None else self._index_value(index, item)
            if key in self._filed[index.name]:
                del self._members[index.name][self._filed[index.name].pop(key)][key]
            self._file(index, key, value)

    def _file(self, index: Any, key: ItemKey, value: Any) -> None:
        if value is not None:
            self._filed[index.name][key] = value
            self._members[index.name][value][key] = None

    def put_item(self, item_attrs: dict[str, Any], *args: Any, **options: Any) -> Item:
        item = super().put_item(item_attrs, *args, **options)
        self.note(_key_of(item), item)
        return item

    def delete_item(self, hash_key: DynamoType, range_key: DynamoType | None) -> Item | None:
        item = super().delete_item(hash_key, range_key)
        self._ordered.pop(hash_key, None)
        if item is not None:
            self.note(_key_of(item), None)
        return item

    def get_item(
        self, hash_key: DynamoType, range_key: DynamoType | None = None, *args: Any, **options: Any
    ) -> Item | None:
        # moto's partitions are a defaultdict: reading a missing one would make it.
        if hash_key not in self.items:
            return None
        return super().get_item(hash_key, range_key, *args, **options)

    def query(
        self,
        hash_key: DynamoType | None,
        range_comparison: str | None,
        range_objs: list[DynamoType],
        limit: int,
        exclusive_start_key: dict[str, Any],
        scan_index_forward: bool,
        projection_expressions: list[list[str]] | None,
        index_name: str | None = None,
        *args: Any,
        **options: Any,
    ) -> Page:
        if hash_key is None:
            raise MockValidationException("Query condition missed key schema element")
        if index_name in self._members:
            members = self._members[index_name].get(hash_key.value, {})
            self._window = [self.items[h][r] for h, r in members]
        elif index_name is None:
            low, high = self._bounds(hash_key, range_comparison, range_objs)
            if exclusive_start_key:
                start = DynamoType(exclusive_start_key[str(self.range_key_attr)]).cast_value
                low, high = self._after(hash_key, start, scan_index_forward, low, high)
            self._window = list(self._page(hash_key, low, high, limit, scan_index_forward))
        try:
            return super().query(
                hash_key,
                range_comparison,
                range_objs,
                limit,
                exclusive_start_key,
                scan_index_forward,
                projection_expressions,
                index_name,
                *args,
                **options,
            )
        finally:
            self._window = None

    def all_items(self) -> list[Item]:
        """What moto chooses from: while a Query runs, only what it may return."""
        if self._window is not None:
            return self._window
        return super().all_items()

    def __deepcopy__(self, memo: dict[int, Any]) -> LocalTable:
        # moto's transaction copies its tables to fall back on; LocalDynamoDB undoes by item.
        return self

    def _index_value(self, index: Any, item: Item) -> Any:
        """The item's value of the index's hash key; None where it is not in the index."""
        if any(attribute not in item.attrs for attribute in index.schema_key_attrs):
            return None
        return item.attrs[index.schema_key_attrs[0]].value

    def _order(self, hash_key: DynamoType) -> list[DynamoType]:
        """The partition's range keys in order; kept until one is added or deleted."""
        held: dict[DynamoType, Item] = self.items.get(hash_key, {})
        keys = self._ordered.get(hash_key)
        if keys is None or len(keys) != len(held):
            keys = self._ordered[hash_key] = sorted(held, key=_plain)
        return keys

    def _bounds(
        self, hash_key: DynamoType, comparison: str | None, values: list[DynamoType]
    ) -> tuple[int, int]:
        """Where in the partition's order the range condition begins and ends to hold."""
        keys = self._order(hash_key)
        if comparison is None:
            return 0, len(keys)
        first, last = values[0].cast_value, values[-1].cast_value
        left = bisect_left(keys, first, key=_plain)
        right = bisect_right(keys, last, key=_plain)
        by_comparison = {
            "=": (left, right),
            "<": (0, left),
            "<=": (0, right),
            ">": (right, len(keys)),
            ">=": (left, len(keys)),
            "BETWEEN": (left, right),
        }
        if comparison.upper() == "BEGINS_WITH":
            # U+10FFFF is a noncharacter: no text begins with the prefix and sorts after this.
            return left, bisect_right(keys, first + "\U0010ffff", key=_plain)
        return by_comparison.get(comparison.upper(), (0, len(keys)))

    def _after(
        self, hash_key: DynamoType, start: Any, forward: bool, low: int, high: int
    ) -> tuple[int, int]:
        keys = self._order(hash_key)
        if forward:
            return max(low, bisect_right(keys, start, key=_plain)), high
        return low, min(high, bisect_left(keys, start, key=_plain))

    def _page(
        self, hash_key: DynamoType, low: int, high: int, limit: int, forward: bool
    ) -> Iterator[Item]:
        """One item more than the page holds, so that moto sees that there is another page."""
        keys, size = self._order(hash_key)[low:high], 0
        for count, range_key in enumerate(keys if forward else reversed(keys)):
            item = self.items[hash_key][range_key]
            yield item
            size += item.size()
            if size > RESULT_SIZE_LIMIT or count == limit:
                return


def _key_of(item: Item) -> ItemKey:
    return item.hash_key, cast(DynamoType, item.range_key)


def _plain(key: DynamoType) -> Any:
    return key.cast_value


class LocalDynamoDB(DynamoDBBackend):
    """moto's DynamoDB over LocalTables."""

    def update_item(self, table_name: str, key: dict[str, Any], *args: Any, **options: Any) -> Item:
        try:
            item = super().update_item(table_name, key, *args, **options)
        finally:
            self._note(table_name, key)
        return item

    def transact_write_items(self, transact_items: list[dict[str, Any]]) -> None:
        """All of them or none: what a refused transaction has written is put back."""
        before = [
            (table, key, copy.deepcopy(table.get_item(*key)))
            for table, key in self._named(transact_items)
        ]
        try:
            super().transact_write_items(transact_items)
        except Exception:
            for table, key, item in before:
                self._restore(table, key, item)
            raise

    def table(self, name: str) -> LocalTable:
        """The table; raises moto's ResourceNotFoundException."""
        return cast(LocalTable, self.get_table(name))

    def _named(
        self, transact_items: Iterable[dict[str, Any]]
    ) -> Iterator[tuple[LocalTable, ItemKey]]:
        for entry in transact_items:
            operation = next(iter(entry.values()))
            table = self.table(operation["TableName"])
            yield table, self._key(table, operation.get("Key") or operation["Item"])

    def _key(self, table: LocalTable, attributes: dict[str, Any]) -> ItemKey:
        hash_key, range_key = (DynamoType(attributes[name]) for name in table.table_key_attrs)
        return hash_key, range_key

    def _restore(self, table: LocalTable, key: ItemKey, item: Item | None) -> None:
        if item is None:
            table.delete_item(*key)
        else:
            table.items[key[0]][key[1]] = item
            table.note(key, item)

    def _note(self, table_name: str, attributes: dict[str, Any]) -> None:
        if table_name in self.tables:
            table = self.table(table_name)
            key = self._key(table, attributes)
            table.note(key, table.get_item(*key))
