"""Rules as neutral trees, and their meaning. `dialects` writes them in each engine's language.

Nothing here knows a rule language, an engine or how rules come about.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number beside a bound of two decimals; `op` is one of `< <= > >=`."""

    name: str
    op: str
    bound: float


@dataclass(frozen=True, slots=True)
class Text:
    """A string that is (`==`) or is not (`!=`) one value."""

    name: str
    op: str
    value: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """A string that is one of several."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean that is true."""

    name: str


@dataclass(frozen=True, slots=True)
class Holds:
    """A set that holds an item."""

    name: str
    item: str


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


Predicate = Threshold | Text | OneOf | Flag | Holds
Condition = Predicate | AllOf | AnyOf | Not


def holds(condition: Condition, record: Mapping[str, Any]) -> bool:
    """The verdict on a customer's attributes by name, all of them present."""
    match condition:
        case AllOf(parts):
            return all(holds(part, record) for part in parts)
        case AnyOf(parts):
            return any(holds(part, record) for part in parts)
        case Not(part):
            return not holds(part, record)
        case Threshold(name, op, bound):
            return COMPARE[op](record[name], bound)
        case Text(name, op, value):
            return COMPARE[op](record[name], value)
        case OneOf(name, values):
            return record[name] in values
        case Flag(name):
            return record[name] is True
        case Holds(name, item):
            return item in record[name]


def predicates(condition: Condition) -> tuple[Predicate, ...]:
    """The predicates in the order that the rule has them."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return tuple(leaf for part in parts for leaf in predicates(part))
        case Not(part):
            return predicates(part)
        case _:
            return (condition,)
