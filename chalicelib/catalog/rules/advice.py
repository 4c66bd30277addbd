"""What is probably not meant in a rule that is correct: warnings for its author, never refusals."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any, Final

from ...model import Channel, Intent
from . import nodes, schema
from .nodes import Node

_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_VOCABULARY: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    ("context", "channel"): tuple(Channel),
    ("context", "weekday"): ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    ("request", "intent"): tuple(Intent),
}
_COUNTS: Final = ("purchase_count", "view_count")


def rule_warnings(rule: Any, attributes: Collection[str] | None = None) -> list[str]:
    """Warnings about a checked rule, in words, each once, in the order of the rule.

    `attributes`: the names that customers are known to carry; without it every name that is not a
    kept field is pointed out.
    """
    when: Node = rule["when"]
    if nodes.is_const(when):
        always = "every customer" if when["const"] else "nobody"
        return [f"the rule is always {str(when['const']).lower()}: {always} passes it"]
    found: list[str] = []
    for node in _walk(when):
        found += _about_read(node, attributes)
        found += _about_words(node)
        found += _about_counts(node)
        if node.get("op") == "and":
            found += _contradictions(node)
    return list(dict.fromkeys(found))


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for part in node.get("args") or node.get("list") or ():
        yield from _walk(part)


def _path(node: Node) -> tuple[str, ...]:
    return tuple(node.get("read", ()))


def _about_read(node: Node, attributes: Collection[str] | None) -> Iterator[str]:
    path = _path(node)
    if path[:1] != ("customer",) or path[1] in schema.CUSTOMER or path[1] in (attributes or ()):
        return
    known = [*schema.CUSTOMER, *(attributes or ())]
    close = get_close_matches(path[1], known, 1)
    hint = f" (is it customer.{close[0]}?)" if close else ""
    yield (
        f"customer.{path[1]} is no kept field{hint}: it is read from the customer's attributes, "
        "and its condition is false for whoever has none"
    )


def _compared(node: Node) -> tuple[Node, str, Any] | None:
    """(subject, operator, value) of a comparison with a literal, the literal to the right."""
    if node.get("op") not in _FLIPPED:
        return None
    left, right = node["args"]
    if nodes.is_const(right):
        return left, node["op"], right["const"]
    return (right, _FLIPPED[node["op"]], left["const"]) if nodes.is_const(left) else None


def _about_words(node: Node) -> Iterator[str]:
    compared = _compared(node)
    if compared and compared[1] in ("==", "!="):
        subject, values = compared[0], [compared[2]]
    elif node.get("op") == "in" and "list" in node["args"][1]:
        subject = node["args"][0]
        values = [n["const"] for n in node["args"][1]["list"] if nodes.is_const(n)]
    else:
        return
    words = _VOCABULARY.get(_path(subject))
    for value in values:
        if words and value not in words:
            yield f"{'.'.join(subject['read'])} is never {value!r}: it is one of {', '.join(words)}"


def _about_counts(node: Node) -> Iterator[str]:
    compared = _compared(node)
    path = _path(compared[0]) if compared else ()
    if compared and len(path) == 3 and path[1] in _COUNTS and path[0] == "customer":
        _, op, value = compared
        if (op in ("==", "<=") and value < 1) or (op == "<" and value <= 1):
            yield (
                f"{node['text']} is never true: without any, the count is not known; "
                f"write !({path[2]!r} in customer.{path[1]})"
            )


def _contradictions(conjunction: Node) -> Iterator[str]:
    """Pairs of comparisons of one subject with literals that no value can meet together."""
    seen: dict[str, list[tuple[str, Any, str]]] = {}
    for part in conjunction["args"]:
        compared = _compared(part)
        if compared is None:
            continue
        subject, op, value = compared
        others = seen.setdefault(json.dumps(subject, sort_keys=True), [])
        for other_op, other_value, text in others:
            if _exclude(op, value, other_op, other_value):
                yield f"{text} and {part['text']} cannot both hold"
        others.append((op, value, part["text"]))


def _exclude(op: str, value: Any, other_op: str, other: Any) -> bool:
    number = (int, float)
    both_numbers = isinstance(value, number) and isinstance(other, number)
    if not both_numbers and type(value) is not type(other):
        return op == other_op == "=="
    if op == "==":
        return not _meets(value, other_op, other)
    if other_op == "==":
        return not _meets(other, op, value)
    if op[0] == other_op[0] or "!=" in (op, other_op):
        return False
    low, high = (value, other) if op[0] == ">" else (other, value)
    return bool(low > high or (low == high and not (op.endswith("=") and other_op.endswith("="))))


def _meets(value: Any, op: str, bound: Any) -> bool:
    return bool(nodes.COMPARE[op](value, bound))
