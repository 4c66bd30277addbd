"""Offers that look at no one: random, mass, and the segment's."""

from __future__ import annotations

from typing import Final

import numpy as np

from .journey import Array, Shop, Trips
from .moments import Moments
from .past import Past
from .protocol import Offers, best

_FEW: Final = 50.0
"""So many trips of everyone's are added to a segment's."""


def mass(past: Past, asked: Moments) -> Array:
    """Everybody's share of trips."""
    return np.tile(past.mass, (len(asked), 1))


class Random:
    """Any allowed type, each as likely. `seed` and the day decide."""

    def __init__(self, past: Past, seed: int) -> None:
        self._past, self._seed = past, seed

    def offer(self, asked: Moments) -> Offers:
        rng = np.random.default_rng([self._seed, asked.day % 2**32])
        return best(
            rng.random((len(asked), asked.allowed.shape[1])), asked.allowed, self._past.popularity
        )

    def hear(self, taken: Array) -> None:
        """Nothing is learned."""

    def see(self, trips: Trips) -> None:
        """Nothing is learned."""


class Segment:
    """The share of trips of the household's segment: bracket of income and size of household."""

    def __init__(self, past: Past, shop: Shop) -> None:
        self._past, self._segments = past, shop.segments
        size = int(shop.segments.max()) + 1
        self._bought = np.zeros((size, len(shop.catalog)))
        self._trips = np.zeros(size)

    def offer(self, asked: Moments) -> Offers:
        bought = self._bought + _FEW * self._past.mass
        shares = bought / (self._trips + _FEW)[:, None]
        scores = shares[self._segments[asked.household]]
        return best(scores, asked.allowed, self._past.popularity)

    def hear(self, taken: Array) -> None:
        """Nothing is learned of own offers."""

    def see(self, trips: Trips) -> None:
        segments = self._segments[trips.household]
        np.add.at(self._trips, segments, 1)
        np.add.at(self._bought, (segments[trips.trip], trips.type), 1)
