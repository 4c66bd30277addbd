"""What CEL's operators and functions do to values. No rules, no customers, no text for people.

CEL values are Python's: int (64 bits), float, str, bool, aware datetime, timedelta, list, dict with
string keys, None. Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md. Whatever
CEL calls an error raises Undefined here; the condition around it is then false.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import copysign, inf, isfinite, nan
from typing import Any, Final

_INT64: Final = 2**63
_LONGEST_DIFFERENCE: Final = timedelta(microseconds=(2**63 - 1) // 1000)  # int64 nanoseconds
_WHOLE = re.compile(r"\s*[+-]?\d{1,20}\s*", re.ASCII)
_DECIMAL = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?\s*", re.ASCII)


EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Undefined(Exception):
    """The value cannot be had: an attribute is missing, or CEL gives an error."""


def equal(left: Any, right: Any) -> bool:
    """CEL's `==`: numbers by value, other kinds never equal across kinds."""
    if type(left) is type(right):
        if type(left) is list:
            return len(left) == len(right) and all(map(equal, left, right))
        if type(left) is dict:
            return left.keys() == right.keys() and all(equal(v, right[k]) for k, v in left.items())
        return bool(left == right)
    return _are_numbers(left, right) and float(left) == float(right)


def unequal(left: Any, right: Any) -> bool:
    return not equal(left, right)


def _are_numbers(left: Any, right: Any) -> bool:
    return type(left) in (int, float) and type(right) in (int, float)


def _ordering(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def ordered(left: Any, right: Any) -> bool:
        if type(left) is type(right) and type(left) in _ORDERED:
            return compare(left, right)
        if _are_numbers(left, right):
            return compare(float(left), float(right))
        raise Undefined

    return ordered


_ORDERED: Final = {int, float, str, bool, datetime, timedelta}


def contains_item(item: Any, container: Any) -> bool:
    """CEL's `in`: an element of a list, a key of a map."""
    if type(container) is list:
        if type(item) is str:
            return item in container
        return any(equal(item, other) for other in container)
    if type(container) is dict:
        return type(item) is str and item in container
    raise Undefined


def pick(container: Any, key: Any) -> Any:
    """`list[int]`, `map['key']`."""
    if type(container) is dict and type(key) is str and key in container:
        return container[key]
    if type(key) is float and key.is_integer():
        key = int(key)
    if type(container) is list and type(key) is int and 0 <= key < len(container):
        return container[key]
    raise Undefined


def _whole(value: int) -> int:
    if -_INT64 <= value < _INT64:
        return value
    raise Undefined


def add(left: Any, right: Any) -> Any:
    kinds = (type(left), type(right))
    if kinds == (int, int):
        return _whole(left + right)
    if kinds in _ADDED:
        return bounded(operator.add, left, right)
    raise Undefined


_ADDED: Final = {
    (float, float), (str, str), (list, list),
    (datetime, timedelta), (timedelta, datetime), (timedelta, timedelta),
}  # fmt: skip


def subtract(left: Any, right: Any) -> Any:
    kinds = (type(left), type(right))
    if kinds == (int, int):
        return _whole(left - right)
    if kinds in _SUBTRACTED:
        result = bounded(operator.sub, left, right)
        if kinds == (datetime, datetime) and abs(result) > _LONGEST_DIFFERENCE:
            raise Undefined
        return result
    raise Undefined


_SUBTRACTED: Final = {
    (float, float), (datetime, datetime), (datetime, timedelta), (timedelta, timedelta)
}  # fmt: skip


def bounded(calculate: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """`calculate(left, right)` with dates, which end at the years 1 and 9999."""
    try:
        return calculate(left, right)
    except OverflowError:
        raise Undefined from None


def multiply(left: Any, right: Any) -> Any:
    if type(left) is int and type(right) is int:
        return _whole(left * right)
    if type(left) is float and type(right) is float:
        return left * right
    raise Undefined


def divide(left: Any, right: Any) -> Any:
    """Whole numbers towards zero; doubles as IEEE 754 has them, so 1.0 / 0.0 is infinite."""
    if type(left) is int and type(right) is int and right != 0:
        quotient = abs(left) // abs(right)
        return _whole(quotient if (left < 0) == (right < 0) else -quotient)
    if type(left) is float and type(right) is float:
        if right != 0.0:
            return left / right
        return nan if left == 0.0 or left != left else copysign(inf, left) * copysign(1.0, right)
    raise Undefined


def remainder(left: Any, right: Any) -> int:
    """Has the sign of the dividend."""
    if type(left) is int and type(right) is int and right != 0:
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    raise Undefined


def negate(value: Any) -> Any:
    if type(value) is int:
        return _whole(-value)
    if type(value) is float:
        return -value
    raise Undefined


def size(value: Any) -> int:
    """Characters of a text, items of a list, keys of a map."""
    if type(value) in (str, list, dict):
        return len(value)
    raise Undefined


def _text_test(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def tested(text: Any, part: Any) -> bool:
        if type(text) is str and type(part) is str:
            return test(text, part)
        raise Undefined

    return tested


def to_int(value: Any) -> int:
    """From a number (towards zero), decimal text, or a timestamp (seconds since 1970)."""
    if type(value) is str and _WHOLE.fullmatch(value):
        return _whole(int(value))
    if type(value) in (int, bool) or (type(value) is float and isfinite(value)):
        return _whole(int(value))
    if type(value) is datetime:
        return (value - EPOCH) // timedelta(seconds=1)
    raise Undefined


def to_double(value: Any) -> float:
    """From a number or decimal text."""
    if type(value) in (int, float) or (type(value) is str and _DECIMAL.fullmatch(value)):
        return float(value)
    raise Undefined


FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
"""The comparison that says the same with its sides exchanged."""
CONDITIONS: Final[dict[str, Callable[..., bool]]] = {
    "==": equal,
    "!=": unequal,
    "<": _ordering(operator.lt),
    "<=": _ordering(operator.le),
    ">": _ordering(operator.gt),
    ">=": _ordering(operator.ge),
    "in": contains_item,
    "startsWith": _text_test(str.startswith),
    "endsWith": _text_test(str.endswith),
    "contains": _text_test(str.__contains__),
}
CALCULATIONS: Final[dict[str, Callable[..., Any]]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
    "neg": negate,
    "index": pick,
    "size": size,
    "int": to_int,
    "double": to_double,
}
