"""A rule in each contender's language: CEL, ZEN, JsonLogic, rule-engine, Python, and the checked
form of `chalicelib.catalog.rules`. Evaluates nothing.

Names and values of the workload are letters, digits and `_`, so that quoting is trivial.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.catalog.rules import FORM, nodes

from .conditions import AllOf, AnyOf, Condition, Flag, Holds, Not, OneOf, Text, Threshold


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an infix language spells attributes, connectives and lists."""

    read: Callable[[str], str]
    all_of: str
    any_of: str
    negate: str
    brackets: tuple[str, str] = ("[", "]")

    def __call__(self, condition: Condition) -> str:
        match condition:
            case AllOf(parts):
                return self.all_of.join(map(self._part, parts))
            case AnyOf(parts):
                return self.any_of.join(map(self._part, parts))
            case Not(part):
                return f"{self.negate}({self(part)})"
            case Threshold(name, op, bound):
                return f"{self.read(name)} {op} {bound:.2f}"
            case Text(name, op, value):
                return f"{self.read(name)} {op} '{value}'"
            case OneOf(name, values):
                opening, closing = self.brackets
                listed = ", ".join(f"'{value}'" for value in values)
                return f"{self.read(name)} in {opening}{listed}{closing}"
            case Flag(name):
                return self.read(name)
            case Holds(name, item):
                return f"'{item}' in {self.read(name)}"

    def _part(self, part: Condition) -> str:
        return f"({self(part)})" if isinstance(part, AllOf | AnyOf) else self(part)


cel: Final = Dialect("customer.{}".format, " && ", " || ", "!")
"""As the product's offers carry it."""
bare_cel: Final = Dialect(str, " && ", " || ", "!")
"""CEL over one variable per attribute, which spares an engine a look-up in a map."""
zen: Final = Dialect(str, " and ", " or ", "not ")
rule_engine: Final = Dialect(str, " and ", " or ", "not ")
python: Final = Dialect(str, " and ", " or ", "not ", ("{", "}"))


def json_logic(condition: Condition) -> dict[str, Any]:
    """JsonLogic (https://jsonlogic.com/operations.html), with `===` as panzi-json-logic advises."""
    match condition:
        case AllOf(parts):
            return {"and": [json_logic(part) for part in parts]}
        case AnyOf(parts):
            return {"or": [json_logic(part) for part in parts]}
        case Not(part):
            return {"!": [json_logic(part)]}
        case Threshold(name, op, bound):
            return {op: [{"var": name}, bound]}
        case Text(name, op, value):
            return {f"{op}=": [{"var": name}, value]}
        case OneOf(name, values):
            return {"in": [{"var": name}, list(values)]}
        case Flag(name):
            return {"var": name}
        case Holds(name, item):
            return {"in": [item, {"var": name}]}


def checked(condition: Condition) -> dict[str, Any]:
    """What `chalicelib.catalog.rules.check_rule` makes of the CEL text, without its parser."""
    return {"form": FORM, "when": _node(condition)}


def _node(condition: Condition) -> nodes.Node:
    match condition:
        case AllOf(parts):
            return nodes.connection("and", [_node(part) for part in parts])
        case AnyOf(parts):
            return nodes.connection("or", [_node(part) for part in parts])
        case Not(part):
            return nodes.negation(_node(part))
        case Threshold(name, op, bound):
            return nodes.condition(op, [_read(name), _double(bound)], cel(condition))
        case Text(name, op, value):
            return nodes.condition(op, [_read(name), _string(value)], cel(condition))
        case OneOf(name, values):
            return nodes.condition("in", [_read(name), _strings(values)], cel(condition))
        case Flag(name):
            return nodes.condition("is", [_read(name)], cel(condition))
        case Holds(name, item):
            return nodes.condition("in", [_string(item), _read(name)], cel(condition))


def _read(name: str) -> nodes.Node:
    return {"read": ["customer", name], "type": "dyn"}


def _double(number: float) -> nodes.Node:
    return nodes.const(number, "double")


def _string(text: str) -> nodes.Node:
    return nodes.const(text, "string")


def _strings(texts: Sequence[str]) -> nodes.Node:
    return {"list": [_string(text) for text in texts], "type": "list(string)"}
