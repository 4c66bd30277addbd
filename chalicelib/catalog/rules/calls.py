"""The functions that rules may call, with their types, and what to say of those they may not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from . import nodes, schema
from .literals import check_zone, read_duration, read_timestamp
from .nodes import Node
from .syntax import Syntax

Finish = Callable[[Syntax, Sequence[Node]], Node | None]
"""Looks at literal arguments: refuses bad ones, may give a constant in place of the call."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes, each argument as the types it may have, and what it gives."""

    takes: tuple[frozenset[str], ...]
    gives: str
    optional: int = 0
    finish: Finish | None = None

    def resolve(self, syntax: Syntax, types: Sequence[str]) -> tuple[str, Finish | None]:
        """The result's type, or PayloadError where the arguments do not fit."""
        least, most = len(self.takes) - self.optional, len(self.takes)
        if not least <= len(types) <= most:
            counts = f"{least}" if least == most else f"{least} or {most}"
            raise syntax.problem(f"{syntax.name}() takes {counts} values, not {len(types)}")
        for type_, accepted in zip(types, self.takes, strict=False):
            if type_.partition("(")[0] not in accepted | {"dyn"}:
                wanted = " or ".join(sorted(accepted))
                raise syntax.problem(f"{syntax.name}() takes a {wanted}, not a {type_}")
        return self.gives, self.finish


def _timestamp(syntax: Syntax, args: Sequence[Node]) -> Node | None:
    if args[0]["type"] == "timestamp":
        return args[0]
    if not nodes.is_const(args[0]) or args[0]["type"] != "string":
        return None
    return _read_literal(syntax, args[0], read_timestamp, "timestamp")


def _duration(syntax: Syntax, args: Sequence[Node]) -> Node | None:
    if not nodes.is_const(args[0]):
        raise syntax.problem("duration() takes a literal, such as duration('36h')")
    return _read_literal(syntax, args[0], read_duration, "duration")


def _read_literal(syntax: Syntax, literal: Node, read: Callable[[str], object], type_: str) -> Node:
    try:
        return nodes.const(read(literal["const"]), type_)
    except ValueError as error:
        raise syntax.problem(str(error)) from None


def _zone(syntax: Syntax, args: Sequence[Node]) -> Node | None:
    if len(args) == 2 and args[0]["type"] == "duration":
        raise syntax.problem(f"{syntax.name}() of a duration takes no time zone")
    if len(args) == 2 and nodes.is_const(args[1]):
        try:
            check_zone(args[1]["const"])
        except ValueError as error:
            raise syntax.problem(str(error)) from None
    return None


def _types(*names: str) -> frozenset[str]:
    return frozenset(names)


_SIZED = _types("string", "list", "map")
_STRING = _types("string")
_TEST = Signature((_STRING, _STRING), "bool")
_CALENDAR = Signature((_types("timestamp"), _STRING), "int", optional=1, finish=_zone)
_CLOCK = Signature((_types("timestamp", "duration"), _STRING), "int", optional=1, finish=_zone)

FUNCTIONS: Final = {
    "size": Signature((_SIZED,), "int"),
    "int": Signature((schema.NUMBERS | _types("string", "timestamp"),), "int"),
    "double": Signature((schema.NUMBERS | _STRING,), "double"),
    "timestamp": Signature((_types("string", "int", "timestamp"),), "timestamp", finish=_timestamp),
    "duration": Signature((_STRING,), "duration", finish=_duration),
    "days_since": Signature((_types("timestamp"),), "double"),
}
METHODS: Final = {
    "size": FUNCTIONS["size"],
    "startsWith": _TEST,
    "endsWith": _TEST,
    "contains": _TEST,
    "getFullYear": _CALENDAR,
    "getMonth": _CALENDAR,
    "getDate": _CALENDAR,
    "getDayOfMonth": _CALENDAR,
    "getDayOfWeek": _CALENDAR,
    "getDayOfYear": _CALENDAR,
    "getHours": _CLOCK,
    "getMinutes": _CLOCK,
    "getSeconds": _CLOCK,
    "getMilliseconds": _CALENDAR,
}
REFUSED: Final = {
    "matches": "matches() is not in the subset: use startsWith, endsWith, contains or in",
    "days_since": "days_since() goes round its timestamp: days_since(customer.last_seen_at)",
    "exists_one": "exists_one() is not in the subset: use exists",
    "filter": "filter() is not in the subset: use exists or all",
    "map": "map() is not in the subset: use exists or all",
    **dict.fromkeys(
        ("startsWith", "endsWith", "contains"), "string tests follow their text: x.contains('y')"
    ),
}
