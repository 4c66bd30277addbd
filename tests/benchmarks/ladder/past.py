"""Counts of the trips that are over: what masks, ties and most rungs rest on.

Lives here: counting. Never here: anything of the day that is being decided.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .journey import Array, Shop, Trips

_RARELY: Final = 10
"""The mask bars a type that was on more than one in so many of the household's trips."""
_SMOOTHING: Final = 5.0
"""So many trips of everyone's are added to a few trips' counts."""


class Past:
    """`bought` households x types and `trips` by household; `popularity` by type and `total` of
    everybody; `together` types x types; all in trips."""

    def __init__(self, shop: Shop) -> None:
        households, types = len(shop.household_ids), len(shop.catalog)
        self.bought: Array = np.zeros((households, types), np.int32)
        self.trips: Array = np.zeros(households, np.int32)
        self.popularity: Array = np.zeros(types, np.int64)
        self.together: Array = np.zeros((types, types), np.float32)
        self.total = 0
        self._days: list[Trips] = []

    def see(self, trips: Trips) -> None:
        """A day that is over."""
        types = self.bought.shape[1]
        np.add.at(self.bought, (trips.household[trips.trip], trips.type), 1)
        np.add.at(self.trips, trips.household, 1)
        self.popularity += np.bincount(trips.type, minlength=types)
        self.total += len(trips)
        self._days.append(trips)
        baskets = np.zeros((len(trips), types), np.float32)
        baskets[trips.trip, trips.type] = 1
        self.together += baskets.T @ baskets

    def baskets(self) -> tuple[Array, Array, Array]:
        """Of all trips in order of time: `household` by trip; `trip` and `type` by item."""
        if not self._days:
            return (np.zeros(0, np.int64),) * 3
        first = np.cumsum([0, *(len(trips) for trips in self._days)])
        return (
            np.concatenate([trips.household for trips in self._days]),
            np.concatenate([at + day.trip for at, day in zip(first, self._days, strict=False)]),
            np.concatenate([trips.type for trips in self._days]),
        )

    @property
    def mass(self) -> Array:
        """By type: its share of everybody's trips."""
        return self.popularity / max(self.total, 1)

    def rare(self, households: Array) -> Array:
        """Bool, households x types: on at most a tenth of the household's own trips."""
        found: Array = self.bought[households] * _RARELY <= self.trips[households][:, None]
        return found

    def rates(self, households: Array) -> Array:
        """Households x types: the share of the household's trips, drawn towards everybody's."""
        bought, trips = self.bought[households], self.trips[households]
        shares: Array = (bought + _SMOOTHING * self.mass) / (trips[:, None] + _SMOOTHING)
        return shares

    def given(self, known: Array) -> Array:
        """known: n x 3 types. n x 3 x types: how likely a type is on a trip that has the known."""
        counts = self.popularity[known][:, :, None]
        likely: Array = (self.together[known] + _SMOOTHING * self.mass) / (counts + _SMOOTHING)
        return likely


def numbers(household: Array) -> Array:
    """By trip, in order of time: how many the household had before."""
    order = np.argsort(household, kind="stable")
    ordered = household[order]
    found = np.empty(len(household), np.int64)
    found[order] = np.arange(len(household)) - np.searchsorted(ordered, ordered)
    return found
