"""The checked form of a rule: plain JSON data, made here, evaluated elsewhere without a parser.

The whole is `{"form": 1, "when": NODE}`, NODE one of

    {"const": VALUE, "type": T}        a timestamp as ISO 8601 in UTC, a duration in microseconds
    {"read": [ROOT, NAME, ...], "type": T}   ROOT: customer, context, request, a macro's variable
    {"list": [NODE, ...], "type": T}
    {"op": OP, "args": [NODE, ...], "type": T}

`OP` is `and`, `or` (any number of parts), `not`, `if`; a condition: `< <= > >= == != in has is
exists all startsWith endsWith contains`; or a calculation: `+ - * / % neg index size timestamp int
double days_since getFullYear...`. Conditions carry `"text"`, their own source, for explanations.
`is` holds when its one part is `true`. `exists` and `all` carry `"var"`; their parts are the list
and the body. Types are those of `schema`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

Node = dict[str, Any]

FORM: Final = 1
TRUE: Final = "true"
COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def const(value: Any, type_: str) -> Node:
    return {"const": value, "type": type_}


def is_const(node: Node) -> bool:
    return "const" in node


def operation(op: str, args: Sequence[Node], type_: str) -> Node:
    return {"op": op, "args": list(args), "type": type_}


def condition(op: str, args: Sequence[Node], text: str, **extra: str) -> Node:
    """A condition; a comparison of two literals is folded to what it always is."""
    if op in COMPARE and all(map(is_const, args)) and args[0]["type"] == args[1]["type"]:
        return {**const(COMPARE[op](args[0]["const"], args[1]["const"]), "bool"), "text": text}
    return {**operation(op, args, "bool"), **extra, "text": text}


def negation(part: Node) -> Node:
    if is_const(part):
        return {**part, "const": not part["const"], "text": f"!({part.get('text', TRUE)})"}
    return operation("not", [part], "bool")


def connection(op: str, parts: Sequence[Node]) -> Node:
    """`and` or `or` over conditions: nested ones of the same kind joined, constants folded."""
    settles = op == "or"
    flat = [n for p in parts for n in (p["args"] if p.get("op") == op else [p])]
    if settled := next((n for n in flat if is_const(n) and n["const"] is settles), None):
        return settled
    open_parts = [n for n in flat if not is_const(n)]
    if not open_parts:
        return flat[0]
    return open_parts[0] if len(open_parts) == 1 else operation(op, open_parts, "bool")


def choice(test: Node, then: Node, otherwise: Node, type_: str) -> Node:
    if is_const(test):
        return then if test["const"] else otherwise
    return operation("if", [test, then, otherwise], type_)
