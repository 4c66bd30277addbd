"""Which conditions are worth trying first: guessed from a catalog's rules, for speed alone.

No customer is known when a catalog is published. But authors put their thresholds where customers
are: of a subject's thresholds, the share that lies below one says about how many customers do. The
guesses order what is tried, and decide nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from .predicates import Leaf, Predicate, Predicates

_COSTS: Final = {"n": 1.0, "t": 1.2, "d": 1.5, "f": 0.8, "a": 1.0, "p": 20.0}
"""By the kind of step, in comparisons of two doubles; looking something up costs `_LOOKUP`."""
_LOOKUP: Final = 2.0
_MOSTLY: Final = {"s": 0.98, "a": 0.95}
"""Offers are asked for by their purpose, and while they are valid."""
_CHANCES: Final = {"has": 0.9, "is": 0.5, "member": 0.3, "holds": 0.4}
_SURE: Final = 1e-6


class Worth(NamedTuple):
    """How likely a condition holds, and what it costs to try."""

    chance: float
    cost: float

    def price(self, every: bool) -> float:
        """The cost of settling a junction by it: an `every` is settled by what fails, else by what
        holds. Parts in order of price cost least together."""
        return self.cost / max(1.0 - self.chance if every else self.chance, _SURE)

    @classmethod
    def joined(cls, every: bool, parts: Sequence[Worth]) -> Worth:
        """That of all (`every`) or any of the parts, tried in this order, as if independent."""
        going_on, cost = 1.0, 0.0
        for part in parts:
            cost += going_on * part.cost
            going_on *= part.chance if every else 1.0 - part.chance
        return cls(going_on if every else 1.0 - going_on, cost)


class Selectivity:
    """What the rules of a catalog say of its customers."""

    def __init__(self, predicates: Predicates) -> None:
        self._predicates = predicates
        self._named: dict[str, set[Any]] = {}
        self._chances: dict[int, float] = {}
        for predicate in predicates.all:
            self._named.setdefault(predicate.subject, set()).update(predicate.constants)
        self._bounds = {subject: _numbers(named) for subject, named in self._named.items()}

    def worth(self, leaf: Leaf, step: str) -> Worth:
        """That of a predicate, or of its opposite, tried by this kind of step."""
        number = leaf.predicate
        predicate = self._predicates.all[number]
        chance = self._chances.get(number)
        if chance is None:
            chance = self._chances[number] = _MOSTLY.get(step) or self._chance(predicate)
        several = len(predicate.constants) > 1
        cost = _LOOKUP if several else _COSTS.get(step, _LOOKUP)
        return Worth(chance if leaf.wanted else 1.0 - chance, cost)

    def _chance(self, predicate: Predicate) -> float:
        subject, op, constants, _ = predicate
        if op in _CHANCES:
            return _CHANCES[op]
        if op in ("==", "!=", "in"):
            equal = min(len(constants) / (len(self._named[subject]) + 1), 0.9)
            return 1.0 - equal if op == "!=" else equal
        bounds, bound = self._bounds[subject], constants[0]
        rank = (bisect_left(bounds, bound) + bisect_right(bounds, bound) + 1) / 2
        below = rank / (len(bounds) + 1)
        return below if op in ("<", "<=") else 1.0 - below


def _numbers(constants: set[Any]) -> list[float]:
    return sorted(c for c in constants if type(c) in (int, float))
