"""UP-CF: what a household bought of late, and what those bought who buy alike.

Faggioli, Polato and Aiolli, Recency Aware Collaborative Filtering for Next Basket Recommendation,
UMAP 2020.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .journey import Array
from .moments import Moments
from .past import Past, numbers
from .tifu import WEEK


@dataclass(frozen=True)
class Setting:
    """Of the `recent` baskets of a household; likeness is an asymmetric cosine (the `skew`),
    raised to the power `locality`."""

    recent: int
    locality: int
    skew: float


GRID: Final = {
    f"{recent} baskets, q {locality}, alpha {skew}": Setting(recent, locality, skew)
    for recent in (25, 100)
    for locality in (5, 10, 20)
    for skew in (0.25, 0.5, 0.75)
}
CHOSEN: Final = "25 baskets, q 20, alpha 0.5"


class UpCf:
    """Households x types, of the trips that were over when the week's first moment came."""

    def __init__(self, past: Past, setting: Setting = GRID[CHOSEN]) -> None:
        self._past, self._setting = past, setting
        self._week: int | None = None
        self._scores: Array = np.zeros(past.bought.shape, np.float32)

    def scores(self, asked: Moments) -> Array:
        if asked.day // WEEK != self._week:
            self._week = asked.day // WEEK
            self._scores = self._refreshed()
        found: Array = self._scores[asked.household]
        return found

    def _refreshed(self) -> Array:
        own = self._popularity()
        squares = np.maximum((own**2).sum(axis=1), np.float32(1e-9))
        skew = np.float32(self._setting.skew)
        alike = own @ own.T / (squares[:, None] ** skew * squares ** (1 - skew))
        scores: Array = alike**self._setting.locality @ own
        return scores

    def _popularity(self) -> Array:
        """Each household's share of recent baskets, by type."""
        household, trip, type_ = self._past.baskets()
        trips = self._past.trips
        back = trips[household] - 1 - numbers(household)
        kept = back[trip] < self._setting.recent
        shape = self._past.bought.shape
        place = household[trip[kept]] * shape[1] + type_[kept]
        counts = np.bincount(place, minlength=shape[0] * shape[1]).reshape(shape)
        shares = counts / np.clip(trips, 1, self._setting.recent)[:, None]
        found: Array = shares.astype(np.float32)
        return found
