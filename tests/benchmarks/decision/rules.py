"""Rules of 3 to 8 predicates, each aimed at a share of the customers.

Most are an `all` of single predicates, `any` groups of two or three, and `not`s, some of these one
level deeper; one in twelve is an `any` of two such. An offer's share is drawn about 6 %, and every
predicate takes a part of it: no rule owes its share to one predicate that is nearly always false.
No rule names an attribute twice, so none contradicts itself.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import ceil
from typing import Final

from .conditions import AllOf, AnyOf, Condition, Flag, Holds, Not, OneOf, Text, Threshold
from .population import BAGS, NUMBERS, SWITCHES, WORDS

_MEDIAN_SHARE: Final = 0.043
_SPREAD: Final = 0.8
_TRIES: Final = 3
"""How many random candidates a predicate of few values is the best-fitting of."""


def rule(rng: random.Random) -> Condition:
    """One rule; the mean share over many is about 6 %."""
    share = min(_MEDIAN_SHARE * rng.lognormvariate(0, _SPREAD), 0.5)
    return _Author(rng).rule(rng.randint(3, 8), share)


class _Author:
    """Writes one rule, and remembers which attributes it names."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._used: set[str] = set()

    def rule(self, size: int, share: float) -> Condition:
        if size >= 6 and self._rng.random() < 1 / 6:
            each = 1 - (1 - share) ** 0.5
            return AnyOf((self._all(size // 2, each), self._all(ceil(size / 2), each)))
        return self._all(size, share)

    def _all(self, size: int, share: float) -> Condition:
        sizes = self._split(size)
        weights = [self._rng.uniform(0.5, 1.5) for _ in sizes]
        total = sum(weights)
        return AllOf(
            tuple(
                self._part(part, share ** (weight / total))
                for part, weight in zip(sizes, weights, strict=True)
            )
        )

    def _split(self, size: int) -> list[int]:
        """Group sizes that add up to `size`, at least two of them."""
        sizes: list[int] = []
        while (left := size - sum(sizes)) > 0:
            most = min(left, 3, size - 1)
            sizes.append(self._rng.choices((1, 2, 3)[:most], (0.68, 0.2, 0.12)[:most])[0])
        return sizes

    def _part(self, size: int, share: float) -> Condition:
        if self._rng.random() < 0.15:
            return Not(self._group(size, 1 - share))
        return self._group(size, share)

    def _group(self, size: int, share: float) -> Condition:
        if size == 1:
            return self._predicate(share)
        if size == 3 and self._rng.random() < 0.4:
            each = 1 - (1 - share) ** 0.5
            return AnyOf((self._predicate(each), AllOf(self._predicates(2, each**0.5))))
        return AnyOf(self._predicates(size, 1 - (1 - share) ** (1 / size)))

    def _predicates(self, size: int, share: float) -> tuple[Condition, ...]:
        return tuple(self._predicate(share) for _ in range(size))

    def _predicate(self, share: float) -> Condition:
        kinds = (self._threshold, self._word, self._switch, self._item)
        return self._rng.choices(kinds, (0.55, 0.22, 0.08, 0.15))[0](share)

    def _threshold(self, share: float) -> Condition:
        while (number := self._rng.choice(NUMBERS)).name in self._used:
            pass
        self._used.add(number.name)
        above = self._rng.random() < 0.5
        bound = float(number.quantile(min(max(1 - share if above else share, 0.002), 0.998)))
        return Threshold(
            number.name, self._rng.choice((">", ">=") if above else ("<", "<=")), bound
        )

    def _word(self, share: float) -> Condition:
        candidates: list[tuple[float, Condition]] = []
        for _ in range(_TRIES):
            word = self._rng.choice(WORDS)
            picked = self._rng.sample(range(len(word.values)), self._rng.choice((2, 3, 3)))
            first = picked[0]
            some = tuple(word.values[place] for place in picked)
            candidates += [
                (word.shares[first], Text(word.name, "==", word.values[first])),
                (1 - word.shares[first], Text(word.name, "!=", word.values[first])),
                (sum(word.shares[place] for place in picked), OneOf(word.name, some)),
            ]
        return self._closest(candidates, share)

    def _switch(self, share: float) -> Condition:
        candidates: list[tuple[float, Condition]] = []
        for switch in self._rng.sample(SWITCHES, _TRIES):
            flag = Flag(switch.name)
            candidates += [(switch.share, flag), (1 - switch.share, Not(flag))]
        return self._closest(candidates, share)

    def _item(self, share: float) -> Condition:
        candidates: list[tuple[float, Condition]] = []
        for _ in range(_TRIES):
            bag = self._rng.choice(BAGS)
            place = self._rng.randrange(len(bag.items))
            holding = Holds(bag.name, bag.items[place])
            candidates += [(bag.shares[place], holding), (1 - bag.shares[place], Not(holding))]
        return self._closest(candidates, share)

    def _closest(self, candidates: Sequence[tuple[float, Condition]], share: float) -> Condition:
        """The candidate of an unused attribute that fits best; a threshold where none is left."""
        free = [c for c in candidates if _named(c[1]) not in self._used]
        if not free:
            return self._threshold(share)
        chosen = min(free, key=lambda candidate: abs(candidate[0] - share))[1]
        self._used.add(_named(chosen))
        return chosen


def _named(condition: Condition) -> str:
    match condition:
        case Not(part):
            return _named(part)
        case AllOf() | AnyOf():
            raise TypeError("only a predicate names one attribute")
        case _:
            return condition.name
