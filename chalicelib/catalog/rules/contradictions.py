"""Conditions that no customer can meet together, and rules that nobody can pass.

Sound but not complete: what is called impossible is. Looked at are the conditions that must all
hold at one place of a rule, by the value that each is about: sets of literals and intervals of
them. Never here: what else is doubtful in a rule (`advice.py`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import ceil, floor, inf
from typing import Any, Final, NamedTuple

from ...model import Channel, Intent
from . import nodes
from .nodes import Node

FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
VOCABULARY: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    ("context", "channel"): tuple(Channel),
    ("context", "weekday"): ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    ("request", "intent"): tuple(Intent),
}
COUNTS: Final = ("purchase_count", "view_count")
"""Of what there is none, the count is not known: it is never less than 1."""

_NEGATED: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_LEAST: Final = {
    ("context", "hour"): 0,
    ("customer", "order_count"): 0,
    ("customer", "interaction_count"): 0,
}
_MOST: Final = {("context", "hour"): 23}
_COUNTED: Final = 50
"""Whole numbers of an interval that are looked at one by one."""


_Part = tuple[Node, bool]
"""A condition, and whether it is denied."""


class _Fact(NamedTuple):
    """One condition that is to hold, or, `denied`, not to. Comparisons carry their literals."""

    subject: str
    path: tuple[str, ...]
    op: str
    values: tuple[Any, ...]
    text: str
    denied: bool
    type: str

    @property
    def said(self) -> str:
        return f"!({self.text})" if self.denied else self.text


def contradictions(when: Node) -> tuple[bool, list[str]]:
    """Whether nobody can pass the condition, and what in it cannot hold, in words."""
    found: list[str] = []
    impossible = not _possible([(when, False)], (), found)
    return impossible, found


def path_of(node: Node) -> tuple[str, ...]:
    """What a node reads, root first; empty for anything else."""
    return tuple(node.get("read", ()))


def compared(node: Node) -> tuple[Node, str, Any] | None:
    """(subject, operator, value) of a comparison with a literal, the literal to the right."""
    if node.get("op") not in FLIPPED:
        return None
    left, right = node["args"]
    if nodes.is_const(right):
        return left, node["op"], right["const"]
    return (right, FLIPPED[node["op"]], left["const"]) if nodes.is_const(left) else None


def _possible(parts: Sequence[_Part], facts: Sequence[_Fact], found: list[str]) -> bool:
    """Whether all parts can hold where `facts` hold; says in `found` why they cannot."""
    plain, branching = _sorted_out(parts)
    if any(nodes.is_const(node) and node["const"] is denied for node, denied in plain):
        return False
    own = [_fact(node, denied) for node, denied in plain if not nodes.is_const(node)]
    known, holds = [*facts, *own], True
    for subject in dict.fromkeys(fact.subject for fact in own):
        if conflict := _conflict([fact for fact in known if fact.subject == subject]):
            holds = False
            found += _told(conflict)
    for ways in branching:
        outcomes = [_possible(way, known, found) for way in ways]
        holds = holds and any(outcomes)
    for node, denied in plain:
        if node.get("op") == "exists" and not denied:
            holds = _possible([(node["args"][1], False)], (), found) and holds
    return holds


def _sorted_out(parts: Sequence[_Part]) -> tuple[list[_Part], list[list[list[_Part]]]]:
    """(conditions, choices between ways) that must all hold: what is nested alike is joined."""
    plain, branching, left = list[_Part](), list[list[list[_Part]]](), list(reversed(parts))
    while left:
        node, denied = left.pop()
        op, args = node.get("op"), node.get("args", ())
        if op == "not":
            left.append((args[0], not denied))
        elif op == ("or" if denied else "and"):
            left += [(part, denied) for part in reversed(args)]
        elif op in ("and", "or"):
            branching.append([[(part, denied)] for part in args])
        elif op == "if":
            test, then, otherwise = args
            ways = [[(test, False), (then, denied)], [(test, True), (otherwise, denied)]]
            branching.append(ways)
        else:
            plain.append((node, denied))
    return plain, branching


def _fact(node: Node, denied: bool) -> _Fact:
    subject, op = node, "holds"
    values: tuple[Any, ...] = ()
    if comparison := compared(node):
        subject, op, value = comparison
        values = (value,)
    elif node.get("op") == "in" and all(map(nodes.is_const, node["args"][1].get("list", [node]))):
        subject, op = node["args"][0], "in"
        values = tuple(part["const"] for part in node["args"][1]["list"])
    elif node.get("op") == "is":
        subject, op, values = node["args"][0], "==", (True,)
    elif node.get("op") == "has":
        subject, op = node["args"][0], "has"
    text = node.get("text", "true")
    name, type_ = json.dumps(subject, sort_keys=True), subject.get("type", "dyn")
    return _Fact(name, path_of(subject), op, values, text, denied, type_)


def _conflict(facts: list[_Fact]) -> list[_Fact]:
    """Fewest of these facts on one subject that cannot hold together; none if all can."""
    if _satisfiable(facts):
        return []
    for fact in tuple(facts):
        fewer = [other for other in facts if other is not fact]
        if fewer and not _satisfiable(fewer):
            facts = fewer
    return facts


def _told(conflict: Sequence[_Fact]) -> list[str]:
    texts = list(dict.fromkeys(fact.said for fact in conflict))
    if len(texts) == 1:
        path = conflict[0].path
        hinted_at = path in VOCABULARY or path[1:2] in [(name,) for name in COUNTS]
        return [] if hinted_at else [f"{texts[0]} never holds"]
    both = "both" if len(texts) == 2 else "all"
    return [f"{', '.join(texts[:-1])} and {texts[-1]} cannot {both} hold"]


def _satisfiable(facts: Sequence[_Fact]) -> bool:
    """Whether some value, or none being known, agrees with all facts on one subject."""
    if all(fact.denied for fact in facts):
        return True
    if any(fact.denied and fact.op in ("has", "holds") for fact in facts):
        return False
    told = [*(fact for fact in facts if fact.values or fact.op == "in"), *_always(facts[0])]
    finite = [f.values for f in told if f.op in ("==", "in") and not f.denied]
    finite += [f.values for f in told if f.op == "!=" and f.denied]
    if finite:
        return any(all(_agrees(fact, value) for fact in told) for value in min(finite, key=len))
    ordered = {_kind(fact.values[0]) for fact in told if fact.op in _NEGATED}
    return all(_has_room(told, kind) for kind in ordered)


def _always(of: _Fact) -> list[_Fact]:
    """What is true of the subject in any case, where its value is known."""
    always = list[tuple[str, tuple[Any, ...]]]()
    if words := VOCABULARY.get(of.path):
        always.append(("in", words))
    if of.path in _LEAST:
        always.append((">=", (_LEAST[of.path],)))
    if of.path in _MOST:
        always.append(("<=", (_MOST[of.path],)))
    if len(of.path) == 3 and of.path[0] == "customer" and of.path[1] in COUNTS:
        always.append((">=", (1,)))
    return [of._replace(op=op, values=values, denied=False) for op, values in always]


def _agrees(fact: _Fact, value: Any) -> bool:
    if fact.op == "in":
        held = any(_kind(v) == _kind(value) and v == value for v in fact.values)
    elif _kind(fact.values[0]) != _kind(value):
        held = fact.op == "!="
    else:
        held = bool(nodes.COMPARE[fact.op](value, fact.values[0]))
    return held is not fact.denied


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else "string"


def _has_room(facts: Sequence[_Fact], kind: str) -> bool:
    """Whether the interval that comparisons with literals of a kind leave holds any value."""
    bounds = [f for f in facts if f.op in _NEGATED and _kind(f.values[0]) == kind]
    excluded = [
        v for f in facts if f.op in ("==", "in", "!=") for v in f.values if _kind(v) == kind
    ]
    ends = [(_NEGATED[f.op] if f.denied else f.op, f.values[0]) for f in bounds]
    lows = [(value, op == ">") for op, value in ends if op[0] == ">"]
    highs = [(value, op == "<") for op, value in ends if op[0] == "<"]
    if not lows or not highs or (facts[0].type == "dyn" and all(f.denied for f in bounds)):
        return True  # a value of another kind meets whatever is denied of this one
    (low, above), (high, below) = max(lows), min(highs, key=lambda end: (end[0], not end[1]))
    if facts[0].type == "int" and -inf < low and high < inf:
        first = floor(low) + 1 if above else ceil(low)
        last = ceil(high) - 1 if below else floor(high)
        return last - first >= _COUNTED or any(n not in excluded for n in range(first, last + 1))
    return bool(low < high or (low == high and not above and not below and low not in excluded))
