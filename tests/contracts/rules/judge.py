"""Google's C++ CEL engine (`cel-expr-python`) as the judge of what a rule means.

Timestamps cannot stand in its dynamic maps, so the kept ones are declared by their qualified names
(and the amounts by category, whose arithmetic its checker would take for whole numbers).
`days_since`, ours, is given to it as an extension function.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Any

from cel_expr_python import cel

from chalicelib.catalog.rules.schema import ROOTS

DECLARED = {f"{root}.{n}": type_ for root, fields in ROOTS.items() for n, type_ in fields.items()}
QUALIFIED = {n: t for n, t in DECLARED.items() if "timestamp" in t or n == "customer.spend"}
_TWO_KINDS = re.compile(r"'_([<>]=?|[=!]=)_' applied to '\((int, double|double, int)\)'")
_NOW: list[datetime] = []


def _days_since(moment: datetime) -> float:
    return (_NOW[0] - moment).total_seconds() / 86_400


def _type(name: str) -> Any:
    kinds = cel.Type
    outer, _, inner = name.partition("(")
    if outer == "map":
        return kinds.Map(kinds.STRING, _type(inner[:-1]))
    return kinds.List(_type(inner[:-1])) if outer == "list" else getattr(kinds, outer.upper())


@cache
def _environment(variables: tuple[str, ...] = (), declared: bool = False) -> Any:
    kinds = cel.Type
    overload = cel.Overload("days_since", kinds.DYN, [kinds.TIMESTAMP], False, _days_since)
    return cel.NewEnv(
        variables={
            **dict.fromkeys(ROOTS, kinds.Map(kinds.STRING, kinds.DYN)),
            **{name: _type(type_) for name, type_ in (DECLARED if declared else QUALIFIED).items()},
            **dict.fromkeys(variables, kinds.DYN),
        },
        functions=[cel.FunctionDecl("days_since", [overload])],
    )


@cache
def _compiled(text: str, variables: tuple[str, ...]) -> Any:
    return _environment(variables).compile(text)


def evaluate(text: str, frame: dict[str, Any], **variables: Any) -> Any:
    """The value that the published engine gives, or None where it gives an error."""
    _NOW[:] = [frame["context"]["time"]]
    data: dict[str, Any] = {**variables}
    for root, fields in frame.items():
        qualified = {f"{root}.{n}": v for n, v in fields.items() if f"{root}.{n}" in QUALIFIED}
        data |= qualified
        data[root] = {n: v for n, v in fields.items() if f"{root}.{n}" not in QUALIFIED}
    value = _compiled(text, tuple(sorted(variables))).eval(data=data)
    return None if value.type() == cel.Type.ERROR else value.plain_value()


def refusal(text: str, *, declared: bool = False) -> str | None:
    """What the published parser and checker say against the text, if anything.

    With `declared` every kept field has its type. Either way a comparison of an int with a double,
    which CEL defines at run time, is refused where both are known beforehand: that is not counted.
    """
    try:
        _environment(declared=declared).compile(text)
    except Exception as error:
        return None if _TWO_KINDS.search(str(error)) else str(error)
    return None
