"""Classes of values: a subject's values that no rule of the catalog tells apart are one class.

A dimension is one subject with its classes. A number's class is the interval that it lies in, a
text's the text itself where a rule names it; there are classes for other texts, for values of
another kind, and for a value that is missing. Which predicate holds for which class is found out by
trying it on a value of the class, with the same functions that decide. Where a catalog has too many
thresholds for a subject, some fall inside an interval: their predicates are then undecided there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from math import inf, nextafter
from typing import Any, Final, NamedTuple

from .predicates import Predicate
from .values import CONDITIONS, Undefined, contains_item

MOST_CUTS: Final = 31
"""How many thresholds of one subject make classes; with more, those in between are left out."""
_NOTHING: Final = object()
_FOREIGN: Final[list[Any]] = []
"""Of a kind that equals no literal and cannot be compared with one."""
_OTHER_TEXT: Final = "\0 no rule names this"

_ORDERING: Final = frozenset(("<", "<=", ">", ">="))

Mask = int
"""A set of classes: bit n stands for class n."""


class Verdict(NamedTuple):
    """For which classes a predicate holds, and for which it might."""

    yes: Mask
    maybe: Mask


class Classes(NamedTuple):
    """The classes of a subject's values.

    Numbers: class n lies between cuts[n - 1] (included) and cuts[n]; there are none without cuts.
    `words` gives the class of each text and boolean that is named.
    """

    cuts: tuple[float, ...]
    words: dict[str | bool, int]
    other: int
    foreign: int
    missing: int

    @property
    def all(self) -> Mask:
        """Every class."""
        return (2 << self.missing) - 1

    def class_of(self, value: Any) -> int:
        """The class of a value; `None` stands for a missing one."""
        kind = type(value)
        if kind is float or kind is int:
            # What is not a number compares false with everything, as foreign values do.
            if not self.cuts or value != value:
                return self.foreign
            return bisect_right(self.cuts, value)
        if kind is str:
            return self.words.get(value, self.other)
        if kind is bool:
            return self.words.get(value, self.foreign) if value in self.words else self.foreign
        return self.missing if value is None else self.foreign


def classify(predicates: Sequence[Predicate]) -> Classes:
    """The classes that these predicates of one subject tell apart."""
    constants = [(p, c) for p in predicates for c in p.constants]
    words: list[str | bool] = [c for _, c in constants if isinstance(c, str | bool)]
    if any(p.op in ("is", "holds") for p in predicates):
        words.append(True)
    bounds = sorted({b for p, c in constants if _is_number(c) for b in _bounds(p.op, c)})
    cuts = tuple(_spread(bounds))
    first = len(cuts) + 1 if cuts else 0
    numbered = {w: first + n for n, w in enumerate(dict.fromkeys(words))}
    other = first + len(numbered)
    return Classes(cuts, numbered, other, other + 1, other + 2)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _bounds(op: str, constant: float) -> tuple[float, ...]:
    """Where the truth of a comparison changes: at and above a bound it is another than below."""
    at, above = float(constant), nextafter(float(constant), inf)
    if op in (">=", "<"):
        return (at,)
    return (above,) if op in (">", "<=") else (at, above)


def _spread(bounds: Sequence[float]) -> Iterable[float]:
    """At most MOST_CUTS of the bounds, evenly spread over them."""
    if len(bounds) <= MOST_CUTS:
        return bounds
    step = len(bounds) / (MOST_CUTS + 1)
    return (bounds[int(step * (n + 1))] for n in range(MOST_CUTS))


def verdict(predicate: Predicate, classes: Classes) -> Verdict:
    """For which classes the predicate holds."""
    if predicate.op in _ORDERING:
        return _ordered(predicate, classes)
    holds = _test(predicate)
    yes = 0
    for value, number in _witnesses(classes):
        yes |= holds(value) << number
    maybe = yes
    bounds = [b for c in predicate.constants if _is_number(c) for b in _bounds(predicate.op, c)]
    for bound in bounds:
        at = bisect_right(classes.cuts, bound)
        if not (at and classes.cuts[at - 1] == bound):
            yes, maybe = yes & ~(1 << at), maybe | 1 << at
    return Verdict(yes, maybe)


def _ordered(predicate: Predicate, classes: Classes) -> Verdict:
    """Numbers from a bound on, or those below it; nothing else can be compared with a number."""
    [bound] = _bounds(predicate.op, predicate.constants[0])
    at, numbers = bisect_right(classes.cuts, bound), (2 << len(classes.cuts)) - 1
    exact = at > 0 and classes.cuts[at - 1] == bound
    above = numbers & -(1 << at) if exact else numbers & -(2 << at)
    inside = 0 if exact else 1 << at
    if predicate.op in (">=", ">"):
        return Verdict(above, above | inside)
    below = numbers & ~above & ~inside
    return Verdict(below, below | inside)


def _witnesses(classes: Classes) -> Iterable[tuple[Any, int]]:
    """A value of each class. An interval's lower end belongs to it; the first has none."""
    if classes.cuts:
        yield nextafter(classes.cuts[0], -inf), 0
        yield from ((cut, n + 1) for n, cut in enumerate(classes.cuts))
    yield from classes.words.items()
    yield _OTHER_TEXT, classes.other
    yield _FOREIGN, classes.foreign
    yield _NOTHING, classes.missing


def _test(predicate: Predicate) -> Callable[[Any], bool]:
    op, constants = predicate.op, predicate.constants

    def holds(value: Any) -> bool:
        if value is _NOTHING:
            return False
        if op in ("is", "holds"):
            return value is True
        if op == "has":
            return True
        try:
            if op == "in":
                return contains_item(value, list(constants))
            return CONDITIONS[op](value, constants[0])
        except Undefined:
            return False

    return holds
