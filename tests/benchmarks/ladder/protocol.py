"""Puts every moment of the year to every method, in order of time, under one mask.

Lives here: what a method is shown and when, and the rule for ties. Never here: how one decides, and
figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .journey import Array, Journey, Trips
from .moments import Moments, moments
from .past import Past


@dataclass(frozen=True)
class Offers:
    """By moment: the type offered (a position in the catalog), and how good that seems; scores
    of one method are compared with each other alone."""

    types: Array
    scores: Array


class Method(Protocol):
    """A rung. What it may use: `asked`, what it `hear`s and `see`s, and the `Past`."""

    def offer(self, asked: Moments) -> Offers:
        """One allowed type for each moment of a day."""

    def hear(self, taken: Array) -> None:
        """Bool, by moment, after the day: whether each of its own offers succeeded."""

    def see(self, trips: Trips) -> None:
        """All trips of the day, after `hear`."""


class Ranking:
    """A method that scores every type from trips alone. `scores`: moments x types."""

    def __init__(self, past: Past, scores: Callable[[Moments], Array]) -> None:
        self._past, self._scores = past, scores

    def offer(self, asked: Moments) -> Offers:
        return best(self._scores(asked), asked.allowed, self._past.popularity)

    def hear(self, taken: Array) -> None:
        """Nothing is learned of own offers."""

    def see(self, trips: Trips) -> None:
        """The past has them."""


@dataclass(frozen=True)
class Record:
    """What one method did, by moment of the year in order of time."""

    household: Array
    day: Array
    offered: Array
    score: Array
    taken: Array


def best(scores: Array, allowed: Array, popularity: Array) -> Offers:
    """The highest score among the allowed; of equals the more popular, then the first by name."""
    scores = np.where(allowed, scores, -np.inf)
    highest = scores.max(axis=1)
    equals = scores == highest[:, None]
    return Offers(np.where(equals, popularity, -1).argmax(axis=1), highest)


def replay(
    journey: Journey,
    known: Array,
    past: Past,
    methods: Mapping[str, Method],
    say: Callable[[int], None] = lambda day: None,
) -> dict[str, Record]:
    """known: bool by item, of `revealed`. `past` is empty, and the one that the methods have.

    ValueError: a method offered what was not allowed.
    """
    rows: dict[str, list[Record]] = {name: [] for name in methods}
    for run in journey.trips.days():
        trips = journey.trips[run]
        its = known[journey.trips.start[run.start] : journey.trips.start[run.stop]]
        asked = moments(trips, its, past)
        say(asked.day)
        rest = np.zeros((len(trips), len(journey.shop.catalog)), bool)
        rest[trips.trip[~its], trips.type[~its]] = True
        offers = {name: method.offer(asked) for name, method in methods.items() if len(asked)}
        for name, offer in offers.items():
            if not asked.allowed[np.arange(len(asked)), offer.types].all():
                raise ValueError(f"{name} offered what the mask bars")
            taken = rest[asked.trip, offer.types]
            methods[name].hear(taken)
            rows[name].append(_record(asked, offer, taken))
        past.see(trips)
        for method in methods.values():
            method.see(trips)
    return {name: _joined(found) for name, found in rows.items()}


def _record(asked: Moments, offer: Offers, taken: Array) -> Record:
    days = np.full(len(asked), asked.day)
    return Record(asked.household, days, offer.types, offer.scores, taken)


def _joined(found: list[Record]) -> Record:
    columns = zip(*(vars(record).values() for record in found), strict=True)
    return Record(*(np.concatenate(column) for column in columns))
