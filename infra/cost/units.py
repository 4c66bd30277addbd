"""DynamoDB's capacity units, by the rules of its documentation; moto answers none.

Lives here: arithmetic on items in DynamoDB's attribute form, without any call.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

Item = Mapping[str, Any]
"""As the wire has it: binary values in base64."""

READ_BYTES, WRITE_BYTES = 4096, 1024
NESTING_BYTES = 3


@dataclass(frozen=True)
class Index:
    """A global secondary index: its key attributes, and what it holds of an item (None: all)."""

    name: str
    keys: tuple[str, ...]
    projected: frozenset[str] | None

    def entry(self, item: Item | None) -> Item | None:
        """What stands in the index of an item; None where it lacks a key of the index."""
        if item is None or not all(key in item for key in self.keys):
            return None
        if self.projected is None:
            return item
        return {name: value for name, value in item.items() if name in self.projected}


def item_size(item: Item) -> int:
    """Bytes of an item: its attributes' names and values.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: Mapping[str, Any]) -> int:
    """Bytes of one attribute's value, such as `{"S": "Joe"}`."""
    kind, held = next(iter(value.items()))
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return ceil(len(held.strip("-").replace(".", "").strip("0")) / 2) + 1
        case "B":
            return len(held if isinstance(held, bytes) else base64.b64decode(held))
        case "SS" | "NS" | "BS":
            return sum(value_size({kind[0]: each}) for each in held)
        case "L":
            return NESTING_BYTES + sum(1 + value_size(each) for each in held)
        case "M":
            return NESTING_BYTES + len(held) + item_size(held)
        case _:
            return 1


def read_units(size: int, *, consistent: bool) -> float:
    """Of reading one item, or one page of a Query, of so many bytes; nothing found costs too."""
    units = max(1, ceil(size / READ_BYTES))
    return units if consistent else units / 2


def write_units(before: Item | None, after: Item | None, *, transactional: bool) -> int:
    """Of one write: the larger of what was and what is counts; in a transaction twice."""
    size = max(item_size(item) if item else 0 for item in (before, after))
    units = max(1, ceil(size / WRITE_BYTES))
    return 2 * units if transactional else units


def index_units(index: Index, before: Item | None, after: Item | None) -> int:
    """Of keeping one index in step with a write, which happens after the transaction, and once.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
    """
    old, new = index.entry(before), index.entry(after)
    if old == new:
        return 0
    if old is None or new is None:
        return _entry_units(old or new)
    if any(old[key] != new[key] for key in index.keys):
        return _entry_units(old) + _entry_units(new)
    return max(_entry_units(old), _entry_units(new))


def indexes_of(table: Mapping[str, Any]) -> Iterable[Index]:
    """The indexes of a table's properties in CloudFormation's form."""
    primary = [key["AttributeName"] for key in table["KeySchema"]]
    for stated in table.get("GlobalSecondaryIndexes", ()):
        keys = tuple(key["AttributeName"] for key in stated["KeySchema"])
        projection = stated["Projection"]
        held = None
        if projection["ProjectionType"] != "ALL":
            held = frozenset((*primary, *keys, *projection.get("NonKeyAttributes", ())))
        yield Index(stated["IndexName"], keys, held)


def _entry_units(entry: Item | None) -> int:
    return max(1, ceil(item_size(entry or {}) / WRITE_BYTES))
