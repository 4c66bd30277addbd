"""Counts everybody's past orders, from which the tables of `patterns` are made.

Counting is in the order of time, for how long a customer stays away from a category is part of it.
Nothing of what is counted here leaves but the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from .patterns import (
    DAYPARTS,
    GAPS,
    RATES,
    Floats,
    Patterns,
    Places,
    daypart,
    gap_class,
    rate_class,
    rounded,
)

KNOWN: Final = 3
"""Lifts are those of so many things known of an order on everything else in it."""
FACTORS: Final = 32
_LATELY: Final = (28.0, 6.0)
"""Days over which recent orders fade, for the trend."""


class History:
    """What one customer has bought so far: per category how often and when last, in days."""

    __slots__ = ("counts", "last", "orders")

    def __init__(self, width: int) -> None:
        self.counts = np.zeros(width, np.float32)
        self.last = np.zeros(width, np.int32)
        self.orders = 0


class Habits:
    """Counts orders, each at most once and each customer's in the order of time."""

    def __init__(self, categories: Sequence[str]) -> None:
        """`categories` are paths, each once; those with the same path above them are of a kind."""
        self.categories = tuple(categories)
        self._parents = _kinds(self.categories)
        width, rates, gaps = len(self.categories), len(RATES) + 1, len(GAPS) + 1
        self._orders = 0.0
        self._bought = np.zeros(width)
        self._long, self._others = 0.0, np.zeros(width)
        self._lately = np.zeros((len(_LATELY), width))
        self._lately_orders = np.zeros(len(_LATELY))
        self._pairs = np.zeros((width, width))
        self._known, self._besides = np.zeros(width), np.zeros(width)
        self._seen, self._again = np.zeros((rates, gaps)), np.zeros((rates, gaps))
        self._expected, self._met = np.zeros((width, gaps)), np.zeros((width, gaps))
        self._by_hour, self._hours = np.zeros((DAYPARTS, width)), np.zeros(DAYPARTS)
        self._by_weekend, self._weekend = np.zeros((2, width)), np.zeros(2)
        self._day: int | None = None
        self._histories: dict[str, History] = {}

    def history(self, customer: str) -> History:
        found = self._histories.get(customer)
        if found is None:
            found = self._histories[customer] = History(len(self.categories))
        return found

    def count(
        self, customer: str, places: Places, *, day: int, hour: int, is_weekend: bool
    ) -> None:
        """Add one order: the places of its categories, each once; `day` counts on, never back."""
        self._fade(day)
        history, size = self.history(customer), len(places)
        self._renewed(history, places, day)
        self._orders += 1
        self._bought[places] += 1
        self._lately[:, places] += 1
        self._lately_orders += 1
        self._by_hour[daypart(hour), places] += 1
        self._hours[daypart(hour)] += 1
        self._by_weekend[int(is_weekend), places] += 1
        self._weekend[int(is_weekend)] += 1
        history.counts[places] += 1
        history.last[places] = day
        history.orders += 1
        if size >= KNOWN:
            self._combined(places, size)

    def _combined(self, places: Places, size: int) -> None:
        """Of an order of s things three are known, each as likely: each of the s - 3 others stands
        beside a known one in 3 / s (s - 3) / (s - 1) of the draws."""
        known, others = KNOWN / size, size - KNOWN
        self._long += 1
        self._others[places] += others / size
        self._known[places] += known
        self._besides[places] += known * others
        self._pairs[np.ix_(places, places)] += known * others / (size - 1)

    def _renewed(self, history: History, places: Places, day: int) -> None:
        (own,) = np.nonzero(history.counts)
        if not len(own):
            return
        rates = rate_class(history.counts[own].astype(float), history.orders)
        gaps = gap_class((day - history.last[own]).astype(float))
        chance = (self._again[rates, gaps] + 0.03) / (self._seen[rates, gaps] + 1.0)
        np.add.at(self._expected, (own, gaps), chance)
        np.add.at(self._seen, (rates, gaps), 1.0)
        bought = np.zeros(len(self.categories), bool)
        bought[places] = True
        again = bought[own]
        np.add.at(self._again, (rates[again], gaps[again]), 1.0)
        np.add.at(self._met, (own[again], gaps[again]), 1.0)

    def _fade(self, day: int) -> None:
        if self._day is not None and day > self._day:
            for at, days in enumerate(_LATELY):
                left = np.exp(-(day - self._day) / days)
                self._lately[at] *= left
                self._lately_orders[at] *= left
        self._day = day

    def patterns(self, alike: tuple[Floats, Floats] | None = None) -> Patterns:
        """The tables of what is counted so far.

        `alike`: factors and rarity as worked out before, which takes longest.
        """
        share = (self._bought + 0.1) / (self._orders + 100.0)
        others = (self._others + 0.05) / (max(self._long, 1.0) + 50.0)
        usual = self._besides.sum() / max(self._known.sum(), 1.0) + 1e-3
        pairs = self._pairs.copy()
        np.fill_diagonal(pairs, 0.0)
        lifts = (pairs + 10.0 * others) / (self._known[:, None] + 10.0) / others
        lately = (self._lately + 20.0 * share) / (self._lately_orders[:, None] + 20.0) / share
        by_hour = (self._by_hour + 300.0 * share) / (self._hours[:, None] + 300.0) / share
        by_weekend = (self._by_weekend + 300.0 * share) / (self._weekend[:, None] + 300.0) / share
        factors, rarity = alike or self.alike()
        return Patterns(
            self.categories,
            rounded(np.log(share)),
            rounded(np.log(others)),
            rounded(np.log(lately)),
            rounded(np.log(lifts)),
            rounded(np.log((self._besides + 5.0 * usual) / (self._known + 5.0) / usual)),
            rounded(np.log((self._again + 0.03) / (self._seen + 1.0))),
            rounded(np.log((self._met + 3.0) / (self._expected + 3.0))),
            rounded(factors),
            rounded(rarity),
            rounded(np.log(by_hour)),
            rounded(np.log(by_weekend)),
            self._parents,
        )

    def alike(self) -> tuple[Floats, Floats]:
        """Factors and rarity, from what all customers have bought so far."""
        width = len(self.categories)
        some = [h for h in self._histories.values() if h.orders]
        if not some:
            return np.zeros((width, FACTORS)), np.ones(width)
        rows = np.array([np.sqrt(h.counts / (h.orders + 5.0)) for h in some], np.float32)
        having = (rows > 0).sum(axis=0)
        rarity = np.sqrt(np.log(1.0 + len(rows) / (1.0 + having)))
        rows *= rarity.astype(np.float32)
        values, vectors = np.linalg.eigh((rows.T @ rows).astype(float))
        found = vectors[:, np.argsort(-values)[:FACTORS]]
        return np.pad(found, ((0, 0), (0, FACTORS - found.shape[1]))), rarity


def _kinds(categories: Sequence[str]) -> Places:
    """Of each category the place of the first of its kind: what is directly below the same path."""
    first: dict[str, int] = {}
    above = [path.rpartition("/")[0] or path for path in categories]
    return np.array([first.setdefault(kind, at) for at, kind in enumerate(above)], np.intp)
