"""Whether a customer meets an offer's rule: checked rules made into closures, once per catalog.

Two-valued: a condition whose operands are undefined (a missing attribute, another type than the
operator takes, an overflow) is false, and `&&`, `||`, `!` and `? :` never see anything but true and
false. Where CEL itself reaches a verdict, this is the same one. No text is parsed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ..errors import ConfigurationError
from .moments import CALENDAR
from .values import CALCULATIONS, CONDITIONS, Undefined
from .view import Frame

FORM: Final = 1
"""The version of the checked form that this code evaluates."""

Node = Mapping[str, Any]
Value = Callable[[Frame], Any]
"""Gives a value or raises Undefined."""
Test = Callable[[Frame], bool]
"""Never raises."""

_OPERATIONS: Final = {**CALCULATIONS, **CALENDAR}
_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """One boolean part of a rule, ready to run; `node["op"]` tells which, absent for a constant.

    `parts` are the boolean parts that a connective joins, in order; `operands` give the values that
    a condition looks at, for explanations.
    """

    node: Node
    test: Test
    parts: tuple[Rule, ...] = ()
    operands: tuple[Value, ...] = ()


def prepare_rule(checked: Any) -> Rule:
    """The runnable form of a checked rule. Raises ConfigurationError for a form not known here."""
    return _rule(condition_of(checked))


def condition_of(checked: Any) -> Node:
    """What a checked rule says. Raises ConfigurationError for a form not known here."""
    if not isinstance(checked, Mapping) or checked.get("form") != FORM:
        raise ConfigurationError(
            f"a published rule is not of form {FORM}: publish the catalog again"
        )
    when: Node = checked["when"]
    return when


def prepare_test(node: Node) -> Test:
    """The runnable form of one boolean part of a checked rule."""
    return _rule(node).test


def prepare_value(node: Node) -> Value:
    """The runnable form of a value that a checked rule looks at."""
    return _value(node)


def _rule(node: Node) -> Rule:
    if "const" in node:
        constant = bool(node["const"])
        return Rule(node, lambda frame: constant)
    if node["op"] not in _CONNECTIVES:
        return _condition(node)
    parts = tuple(_rule(part) for part in node["args"])
    return Rule(node, _CONNECTIVES[node["op"]](*(part.test for part in parts)), parts)


def _all_of(*tests: Test) -> Test:
    def test(frame: Frame) -> bool:
        for part in tests:  # noqa: SIM110 - a generator costs as much as the test
            if not part(frame):
                return False
        return True

    return test


def _any_of(*tests: Test) -> Test:
    def test(frame: Frame) -> bool:
        for part in tests:  # noqa: SIM110 - a generator costs as much as the test
            if part(frame):
                return True
        return False

    return test


def _not(part: Test) -> Test:
    return lambda frame: not part(frame)


def _if(condition: Test, then: Test, otherwise: Test) -> Test:
    return lambda frame: then(frame) if condition(frame) else otherwise(frame)


_CONNECTIVES: Final[dict[str, Callable[..., Test]]] = {
    "and": _all_of,
    "or": _any_of,
    "not": _not,
    "if": _if,
}


def _condition(node: Node) -> Rule:
    op = node["op"]
    if op in ("exists", "all"):
        return _macro(node)
    operands = tuple(_value(part) for part in node["args"])
    if op == "has":
        return Rule(node, _has(operands[0]), (), operands)
    if op == "is":
        return Rule(node, _guarded(_is_true(operands[0])), (), operands)
    left, right = operands
    return Rule(node, _guarded(_compared(CONDITIONS[op], left, right)), (), operands)


def _guarded(evaluate: Value) -> Test:
    def test(frame: Frame) -> bool:
        try:
            return bool(evaluate(frame))
        except Undefined:
            return False

    return test


def _compared(compare: Callable[[Any, Any], bool], left: Value, right: Value) -> Value:
    return lambda frame: compare(left(frame), right(frame))


def _is_true(value: Value) -> Value:
    return lambda frame: value(frame) is True


def _has(value: Value) -> Test:
    def test(frame: Frame) -> bool:
        try:
            value(frame)
        except Undefined:
            return False
        return True

    return test


def _macro(node: Node) -> Rule:
    over, body = _value(node["args"][0]), _rule(node["args"][1]).test
    variable, wanted = node["var"], node["op"] == "exists"

    def test(frame: Frame) -> bool:
        items = over(frame)
        if type(items) not in (list, dict):
            raise Undefined
        return any(body({**frame, variable: item}) is wanted for item in items) is wanted

    return Rule(node, _guarded(test), (), (over,))


def _value(node: Node) -> Value:
    if "const" in node:
        return _const(node)
    if "read" in node:
        return _read(node["read"])
    if "list" in node:
        items = tuple(_value(item) for item in node["list"])
        return lambda frame: [item(frame) for item in items]
    if node["op"] in _OPERATIONS:
        return _calculated(_OPERATIONS[node["op"]], [_value(part) for part in node["args"]])
    if node["op"] == "days_since":
        return _days_since(_value(node["args"][0]))
    if node["op"] == "if":
        test = _rule(node["args"][0]).test
        then, otherwise = (_value(part) for part in node["args"][1:])
        return lambda frame: then(frame) if test(frame) else otherwise(frame)
    return _rule(node).test


def _const(node: Node) -> Value:
    value = node["const"]
    if node["type"] == "timestamp":
        value = datetime.fromisoformat(value)
    elif node["type"] == "duration":
        value = timedelta(microseconds=value)
    elif node["type"] == "double":
        value = float(value)
    return lambda frame: value


def _read(path: list[str]) -> Value:
    root, *names = path
    if len(names) == 1:
        name = names[0]

        def read_one(frame: Frame) -> Any:
            holder = frame[root]
            if type(holder) is dict and name in holder:
                return holder[name]
            raise Undefined

        return read_one

    def read(frame: Frame) -> Any:
        value = frame[root]
        for name in names:
            if type(value) is not dict or name not in value:
                raise Undefined
            value = value[name]
        return value

    return read


def _calculated(calculate: Callable[..., Any], operands: list[Value]) -> Value:
    if len(operands) == 1:
        only = operands[0]
        return lambda frame: calculate(only(frame))
    left, right = operands
    return lambda frame: calculate(left(frame), right(frame))


def _days_since(moment: Value) -> Value:
    def days(frame: Frame) -> float:
        since = moment(frame)
        if type(since) is not datetime:
            raise Undefined
        elapsed: timedelta = frame["context"]["time"] - since
        return elapsed / _A_DAY

    return days
