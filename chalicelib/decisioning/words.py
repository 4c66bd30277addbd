"""Conditions in plain words: what a condition is about, what it needs, what the customer has.

Reads checked nodes and values; evaluates nothing. English, for a service agent to read aloud.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from .values import FLIPPED

Node = Mapping[str, Any]

UNKNOWN: Final = object()
"""Stands for a value that could not be had."""

_SHOWN: Final = 20
"""How many items of a list are named."""
_KEYED: Final = {
    "last_purchase": "the last purchase in {}",
    "purchase_count": "the number of purchases in {}",
    "spend": "the amount spent in {}",
    "last_product_purchase": "the last purchase of {}",
    "view_count": "the number of looks at {}",
    "last_view": "the last look at {}",
}
_NAMED: Final = {
    "customer.order_count": "the number of orders",
    "customer.spend_total": "the total amount spent",
    "customer.first_purchase_at": "the first purchase",
    "customer.last_purchase_at": "the last purchase",
    "customer.last_purchase": "the categories bought",
    "customer.purchase_count": "the categories bought",
    "customer.last_product_purchase": "the products bought",
    "customer.view_count": "the categories looked at",
    "customer.last_view": "the categories looked at",
    "customer.last_seen_at": "the last visit",
    "customer.interests": "the interests",
    "context.basket": "the basket",
    "context.time": "the time",
    "request.intent": "the request",
    "request.products": "the products asked about",
    "request.categories": "the categories asked about",
}
_PARTS: Final = {
    "size": "the number of",
    "days_since": "the days since",
    "neg": "minus",
    "getFullYear": "the year of",
    "getMonth": "the month (from 0) of",
    "getDate": "the day of the month of",
    "getDayOfMonth": "the day of the month (from 0) of",
    "getDayOfWeek": "the day of the week (from Sunday, 0) of",
    "getDayOfYear": "the day of the year (from 0) of",
    "getHours": "the hours of",
    "getMinutes": "the minutes of",
    "getSeconds": "the seconds of",
    "getMilliseconds": "the milliseconds of",
}
_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_NEEDED: Final = {
    "<": "less than {}",
    "<=": "at most {}",
    ">": "more than {}",
    ">=": "at least {}",
    "==": "{}",
    "!=": "anything but {}",
}
_NEEDED_TIME: Final = _NEEDED | {
    "<": "before {}",
    "<=": "{} or earlier",
    ">": "after {}",
    ">=": "{} or later",
}
_TESTED: Final = {
    "startsWith": "to start with {}",
    "endsWith": "to end with {}",
    "contains": "to contain {}",
}


def subject(node: Node) -> str:
    """What a value is, as a noun: `the last purchase in shoes`."""
    if "const" in node:
        return spoken(node["const"])
    if "list" in node:
        return "one of " + ", ".join(subject(item) for item in node["list"][:_SHOWN])
    if "read" in node:
        return _read_subject(node["read"])
    parts = [subject(part) for part in node["args"]]
    op = node["op"]
    if op == "index":
        return f"{parts[0]} at {parts[1]}"
    if len(parts) == 1:
        return f"{_PARTS.get(op, op)} {parts[0]}"
    if op in _PARTS:
        return f"{_PARTS[op]} {parts[0]} in {parts[1]}"
    return f" {op} ".join(parts) if op in "+-*/%" else str(node.get("text", op))


def _read_subject(path: Sequence[str]) -> str:
    if path[0] == "customer" and len(path) == 3 and path[1] in _KEYED:
        return _KEYED[path[1]].format(path[2])
    named = _NAMED.get(".".join(path))
    return named or " ".join(name.replace("_", " ") for name in path[1:] or path)


def spoken(value: Any) -> str:
    """A value as one says it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M UTC").replace(" 00:00 UTC", "")
    if isinstance(value, list | dict):
        return ", ".join(spoken(item) for item in list(value)[:_SHOWN]) or "nothing"
    return "nothing" if value is None else str(value)


def recorded(value: Any) -> Any:
    """A value as JSON keeps it; None for one that is not known. Long lists are cut."""
    if value is UNKNOWN:
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return list(value)[:_SHOWN] if isinstance(value, list | dict) else value


def about(node: Node) -> int:
    """The position of the operand that a condition is about: the one that is not a literal."""
    args = node["args"]
    if len(args) == 1 or node["op"] in ("exists", "all"):
        return 0
    return 1 if "const" in args[0] else 0


def needed(node: Node, values: Sequence[Any], wanted: bool) -> str:
    """What would make the condition `wanted`: `at least 18`, `to include running`."""
    op, args, which = node["op"], node["args"], about(node)
    if op in ("has", "is", "exists", "all"):
        words = {"has": "to be known", "is": "to be true"}.get(op, f"to meet {node['text']}")
        return words if wanted else f"not {words}"
    bound = _bound(args[1 - which], values[1 - which])
    if op == "in":
        if which == 1:
            return f"{'to' if wanted else 'not to'} include {bound}"
        return f"{'one' if wanted else 'none'} of {bound.removeprefix('one of ')}"
    if op in _TESTED:
        words = (_TESTED[op] if which == 0 else "to be part of {}").format(bound)
        return words if wanted else f"not {words}"
    if which == 1:
        op = FLIPPED.get(op, op)
    table = _NEEDED_TIME if args[which]["type"] == "timestamp" else _NEEDED
    return table[op if wanted else _OPPOSITE[op]].format(bound)


def _bound(node: Node, value: Any) -> str:
    if "const" in node:
        return spoken(value)
    noun = subject(node)
    if "list" in node:
        return noun
    return f"{noun}, which is {'not known' if value is UNKNOWN else spoken(value)}"


def wish(node: Node, what: str) -> str:
    """`an age of at least 18`, `tier to be gold`: what the condition wants, after "needs"."""
    of = node["args"][about(node)]
    infinitive = what.startswith(("to ", "not to "))
    if of.get("read") == ["customer", "age"] and not infinitive:
        return f"an age of {what}"
    return f"{subject(of)} {what if infinitive else f'to be {what}'}"


def standing(node: Node, value: Any) -> str:
    """What the customer has: `the customer is 17`, `it is silver`, `it is not known`."""
    of = node["args"][about(node)]
    is_age = of.get("read") == ["customer", "age"]
    if value is UNKNOWN:
        if is_age:
            return "the customer's age is not known"
        return "there is none" if _counts_events(of) else "it is not known"
    if is_age:
        return f"the customer is {spoken(value)}"
    return f"{'there is' if isinstance(value, list | dict) else 'it is'} {spoken(value)}"


def _counts_events(node: Node) -> bool:
    path = node.get("read")
    if path:
        return len(path) == 3 and path[1] in _KEYED
    return any(map(_counts_events, node.get("args", ())))
