"""The customer's plain values sorted out by kind, so that rules need not ask what a value is.

`n` numbers, `t` texts, `f` flags, `e` sets (of lists and maps). A missing number reads as NaN,
which compares false with everything; a missing text or flag as None; a missing set as empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import repeat
from typing import Any, Final

KINDS: Final = "ntfe"
TYPES: Final[dict[type, str]] = {
    float: "n", int: "n", str: "t", bool: "f", list: "e", dict: "e",
}  # fmt: skip
_MISSING: Final[dict[str, Any]] = {"n": float("nan"), "t": None, "f": None, "e": frozenset()}

ByKind = dict[str, defaultdict[str, Any]]
"""By kind, then by name; what is missing reads as said above."""


def sort_by_kind(attributes: Mapping[str, Any]) -> ByKind:
    """The attributes by kind; those of another kind are left out.

    Whole numbers become doubles, which compare alike with every literal that a double holds
    exactly, and with a double in half the time.
    """
    sorted_out: ByKind = {
        kind: defaultdict(repeat(missing).__next__) for kind, missing in _MISSING.items()
    }
    for name, value in attributes.items():
        kind = TYPES.get(type(value))
        if kind == "n":
            sorted_out[kind][name] = float(value)
        elif kind == "e":
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
