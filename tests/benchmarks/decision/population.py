"""Customers of 60 attributes: 34 numbers, 12 strings, 8 booleans, 6 sets, all of them present.

Each attribute has its own distribution, known here, so that `rules` can aim a predicate at a share
of the customers. Attributes are drawn independently of each other.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log1p
from statistics import NormalDist
from typing import Any, Final

Record = dict[str, Any]
"""A customer's attributes: floats, ints, strings, booleans, lists of strings, by name."""

_NORMAL: Final = NormalDist()


def _uniform(share: float) -> float:
    return round(100 * share, 2)


def _normal(share: float) -> float:
    return round(50 + 15 * _NORMAL.inv_cdf(share), 2)


def _lognormal(share: float) -> float:
    return round(40 * exp(0.8 * _NORMAL.inv_cdf(share)), 2)


def _count(share: float) -> int:
    return int(-20 * log1p(-share))


@dataclass(frozen=True, slots=True)
class Number:
    """`quantile(share)` is the value that this share of customers lies below; two decimals."""

    name: str
    quantile: Callable[[float], float]

    def draw(self, rng: random.Random) -> float:
        return self.quantile(rng.uniform(1e-9, 1 - 1e-9))


@dataclass(frozen=True, slots=True)
class Word:
    """Values by falling frequency, as 1 / (1 + rank)."""

    name: str
    values: tuple[str, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, name: str, count: int) -> Word:
        weights = [1 / (1 + rank) for rank in range(count)]
        shares = tuple(weight / sum(weights) for weight in weights)
        return cls(name, tuple(f"{name}_{rank:02}" for rank in range(count)), shares)

    def draw(self, rng: random.Random) -> str:
        place = bisect(list(accumulate(self.shares)), rng.random())
        return self.values[min(place, len(self.values) - 1)]


@dataclass(frozen=True, slots=True)
class Switch:
    name: str
    share: float

    def draw(self, rng: random.Random) -> bool:
        return rng.random() < self.share


@dataclass(frozen=True, slots=True)
class Bag:
    """Each item is in the set independently, the first ones more often; some sets are empty."""

    name: str
    items: tuple[str, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, name: str, count: int) -> Bag:
        items = tuple(f"{name}_{rank:02}" for rank in range(count))
        return cls(name, items, tuple(0.6 / (1 + 0.2 * rank) for rank in range(count)))

    def draw(self, rng: random.Random) -> list[str]:
        pairs = zip(self.items, self.shares, strict=True)
        return [item for item, share in pairs if rng.random() < share]


_SHAPES: Final = (_uniform, _normal, _lognormal, _count)
NUMBERS: Final = tuple(Number(f"n{i:02}", _SHAPES[i % 4]) for i in range(34))
WORDS: Final = tuple(
    Word.of(f"s{i:02}", count)
    for i, count in enumerate((3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40))
)
SWITCHES: Final = tuple(Switch(f"b{i}", 0.15 + 0.1 * i) for i in range(8))
BAGS: Final = tuple(Bag.of(f"g{i}", 20 + 5 * i) for i in range(6))
ATTRIBUTES: Final[tuple[Number | Word | Switch | Bag, ...]] = (*NUMBERS, *WORDS, *SWITCHES, *BAGS)


def record(rng: random.Random) -> Record:
    """One customer's attributes."""
    return {attribute.name: attribute.draw(rng) for attribute in ATTRIBUTES}
