"""Rules taken apart: conditions that many offers share, and how each rule is made up of them.

A condition is told by what it means, not by how its author wrote it, so equal ones are one
predicate. Most compare one *subject* (an attribute, or what is calculated from some) with literals;
the others are judged as a whole. Nothing here evaluates anything.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from .eligibility import Node, condition_of
from .values import FLIPPED

LARGEST_EXACT: Final = 2.0**53
"""Up to here every whole number is a double, so that ints and doubles compare alike."""


class Predicate(NamedTuple):
    """One condition: `op` between the subject and literals (`constants`).

    `op` is a comparison, `in` (the subject is one of the literals), `has`, `is`, `member` (the one
    literal, a text, is in the subject), or `holds`: the subject is the whole condition.
    """

    subject: str
    op: str
    constants: tuple[Any, ...]
    node: Node


class Leaf(NamedTuple):
    """A predicate, by number, and whether it is to hold."""

    predicate: int
    wanted: bool


class Junction(NamedTuple):
    """All of `parts` (`every`), or any of them."""

    every: bool
    parts: tuple[Formula, ...]


Formula = Leaf | Junction
"""A rule without negations: they are moved into the leaves."""

NEVER: Final = Junction(False, ())
ALWAYS: Final = Junction(True, ())


class Predicates:
    """The predicates of a catalog, each once, in the order in which they were met."""

    def __init__(self) -> None:
        self.all: list[Predicate] = []
        self.subjects: dict[str, Node] = {}
        self._numbers: dict[tuple[str, str, str], int] = {}
        self._by_text: dict[tuple[str, str], int] = {}

    def formula(self, rule: Any) -> Formula:
        """The rule over numbered predicates. ConfigurationError for a form not known here."""
        return self._formula(condition_of(rule), True)

    def condition(self, node: Node) -> Leaf:
        """A condition that no author wrote, to be met like theirs."""
        return Leaf(self._number(node), True)

    def _formula(self, node: Node, wanted: bool) -> Formula:
        if "const" in node:
            return ALWAYS if bool(node["const"]) is wanted else NEVER
        op = node["op"]
        if op == "not":
            return self._formula(node["args"][0], not wanted)
        if op in ("and", "or"):
            parts = [self._formula(part, wanted) for part in node["args"]]
            return junction((op == "and") is wanted, parts)
        if op == "if" and not _has_choice(node["args"][0]):
            test, then, otherwise = node["args"]
            return junction(
                False,
                [
                    junction(True, [self._formula(test, True), self._formula(then, wanted)]),
                    junction(True, [self._formula(test, False), self._formula(otherwise, wanted)]),
                ],
            )
        return Leaf(self._number(node), wanted)

    def _number(self, node: Node) -> int:
        if "text" in node:  # equal words mean the same, and are quicker to compare
            known = self._by_text.get((node["op"], node["text"]))
            if known is None:
                known = self._by_text[node["op"], node["text"]] = self._interned(node)
            return known
        return self._interned(node)

    def _interned(self, node: Node) -> int:
        subject, op, constants = _taken_apart(node)
        key = (canonical(subject), op, repr(constants))
        if key not in self._numbers:
            self._numbers[key] = len(self.all)
            self.all.append(Predicate(key[0], op, constants, node))
            if key[0] not in self.subjects:
                self.subjects[key[0]] = without_text(subject)
        return self._numbers[key]


def _has_choice(node: Any) -> bool:
    """A choice that hangs on another choice is left whole: taken apart, it would double."""
    if type(node) is list:
        return any(map(_has_choice, node))
    if type(node) is not dict:
        return False
    return node.get("op") == "if" or _has_choice(node.get("args") or node.get("list"))


def junction(every: bool, parts: Sequence[Formula]) -> Formula:
    """Nested junctions of the same kind joined, settled ones settled."""
    flat: list[Formula] = []
    for part in parts:
        if isinstance(part, Junction) and (part.every is every or len(part.parts) == 1):
            flat.extend(part.parts)
        elif isinstance(part, Junction) and not part.parts:
            return part  # an impossible part of all, or a certain one of any
        else:
            flat.append(part)
    unique = tuple(dict.fromkeys(flat))
    return unique[0] if len(unique) == 1 else Junction(every, unique)


def _taken_apart(node: Node) -> tuple[Node, str, tuple[Any, ...]]:
    """(subject, op, constants)."""
    op, args = node["op"], node.get("args", ())
    if op in ("has", "is"):
        return args[0], op, ()
    if op in FLIPPED and _classifies(op, args[1]):
        return args[0], op, (args[1]["const"],)
    if op in FLIPPED and _classifies(op, args[0]):
        return args[1], FLIPPED[op], (args[0]["const"],)
    if (
        op == "in"
        and "list" in args[1]
        and all(_classifies("==", item) for item in args[1]["list"])
    ):
        return args[0], op, tuple(item["const"] for item in args[1]["list"])
    if op == "in" and args[0]["type"] == "string" and "const" in args[0]:
        return args[1], "member", (args[0]["const"],)
    return node, "holds", ()


def _classifies(op: str, node: Node) -> bool:
    """Whether values fall into classes by how they compare with this: numbers by interval, texts
    and booleans by being the same."""
    if "const" not in node:
        return False
    if node["type"] in ("int", "double"):
        return bool(abs(node["const"]) < LARGEST_EXACT)
    return op in ("==", "!=") and node["type"] in ("string", "bool")


def canonical(node: Node) -> str:
    """The node as text, the same for equal nodes; what its author wrote is left out."""
    if "read" in node:
        return f"{node['type']} {node['read']!r}"
    return json.dumps(without_text(node), sort_keys=True, separators=(",", ":"))


def without_text(node: Any) -> Any:
    """The node without what its author wrote."""
    if type(node) is dict:
        return {name: without_text(part) for name, part in node.items() if name != "text"}
    return [without_text(part) for part in node] if type(node) is list else node
