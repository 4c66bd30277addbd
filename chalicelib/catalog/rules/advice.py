"""What is probably not meant in a rule that is correct: warnings for its author, never refusals."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any

from . import nodes, schema
from .contradictions import COUNTS, VOCABULARY, compared, contradictions, path_of
from .nodes import Node


def doubts(rule: Any) -> list[str]:
    """Warnings about the rule by itself."""
    when: Node = rule["when"]
    if nodes.is_const(when):
        always = "every customer" if when["const"] else "nobody"
        return [f"the rule is always {str(when['const']).lower()}: {always} passes it"]
    impossible, found = contradictions(when)
    for node in _walk(when):
        found += _about_words(node)
        found += _about_counts(node)
    if impossible:
        found.insert(0, "the rule is always false: nobody passes it")
    return list(dict.fromkeys(found))


def unkept_attributes(rule: Any) -> tuple[str, ...]:
    """The names that the rule reads of a customer and that are no kept field."""
    paths = map(path_of, _walk(rule["when"]))
    read = (path[1] for path in paths if path[:1] == ("customer",))
    return tuple(dict.fromkeys(name for name in read if name not in schema.CUSTOMER))


def about_attribute(name: str, attributes: Collection[str] | None = None) -> str | None:
    """A warning of a name that is no kept field; None where customers carry it."""
    if name in (attributes or ()):
        return None
    close = get_close_matches(name, [*schema.CUSTOMER, *(attributes or ())], 1)
    hint = f" (is it customer.{close[0]}?)" if close else ""
    return (
        f"customer.{name} is no kept field{hint}: it is read from the customer's attributes, "
        "and its condition is false for whoever has none"
    )


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for part in node.get("args") or node.get("list") or ():
        yield from _walk(part)


def _about_words(node: Node) -> Iterator[str]:
    comparison = compared(node)
    if comparison and comparison[1] in ("==", "!="):
        subject, values = comparison[0], [comparison[2]]
    elif node.get("op") == "in" and "list" in node["args"][1]:
        subject = node["args"][0]
        values = [n["const"] for n in node["args"][1]["list"] if nodes.is_const(n)]
    else:
        return
    words = VOCABULARY.get(path_of(subject))
    for value in values:
        if words and value not in words:
            yield f"{'.'.join(subject['read'])} is never {value!r}: it is one of {', '.join(words)}"


def _about_counts(node: Node) -> Iterator[str]:
    comparison = compared(node)
    path = path_of(comparison[0]) if comparison else ()
    if comparison and len(path) == 3 and path[1] in COUNTS and path[0] == "customer":
        _, op, value = comparison
        if (op in ("==", "<=") and value < 1) or (op == "<" and value <= 1):
            yield (
                f"{node['text']} is never true: without any, the count is not known; "
                f"write !({path[2]!r} in customer.{path[1]})"
            )
