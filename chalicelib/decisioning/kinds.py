"""The customer's plain values sorted out by kind, so that rules need not ask what a value is.

`n` numbers, `t` texts, `f` flags, `e` sets (of lists and maps). A missing number reads as NaN,
which compares false with everything; a missing text or flag as None; a missing set as empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

KINDS: Final = "ntfe"
TYPES: Final[dict[type, str]] = {
    float: "n", int: "n", str: "t", bool: "f", list: "e", dict: "e",
}  # fmt: skip
MISSING: Final[dict[str, Any]] = {"n": float("nan"), "t": None, "f": None, "e": frozenset()}

ByKind = dict[str, dict[str, Any]]


def sort_by_kind(attributes: Mapping[str, Any]) -> ByKind:
    """The attributes by kind; those of another kind are left out."""
    sorted_out: ByKind = {kind: {} for kind in KINDS}
    for name, value in attributes.items():
        kind = TYPES.get(type(value))
        if kind == "e":
            sorted_out[kind][name] = _set(value)
        elif kind is not None:
            sorted_out[kind][name] = value
    return sorted_out


def _set(value: Any) -> Any:
    """What tells members quickly; a list that holds lists stays one."""
    try:
        return frozenset(value)
    except TypeError:
        return value


def complete(by_kind: ByKind, names: Mapping[str, list[str]]) -> None:
    """Enters these names where they are missing."""
    for kind, missing in MISSING.items():
        for name in names[kind]:
            by_kind[kind].setdefault(name, missing)
