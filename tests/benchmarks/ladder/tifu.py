"""TIFU-KNN: frequencies that fade with age, blended with those of the nearest households.

Hu, He, Gao and Zhang, Modeling Personalized Item Frequency Information for Next-basket
Recommendation, SIGIR 2020 (code: HaojiHu/TIFUKNN).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .journey import Array
from .moments import Moments
from .past import Past, numbers

WEEK: Final = 7
"""Days between refreshes: what a day adds to a household's vector is little."""


@dataclass(frozen=True)
class Setting:
    """`groups` of a household's baskets; how a basket fades `within` its group and groups
    `between` them; how many `neighbours`; and the household's `own` part of the blend."""

    neighbours: int
    within: float
    between: float
    own: float
    groups: int


GRID: Final = {
    "ta-feng": Setting(300, 0.9, 0.7, 0.7, 7),
    "instacart": Setting(900, 0.9, 0.7, 0.9, 3),
    "dunnhumby": Setting(900, 0.9, 0.6, 0.2, 3),
    "valued-shopper": Setting(300, 1.0, 0.6, 0.7, 7),
}
"""Its authors' settings, by the data that they are for."""
CHOSEN: Final = "ta-feng"


class Tifu:
    """Households x types, of the trips that were over when the week's first moment came."""

    def __init__(self, past: Past, setting: Setting = GRID[CHOSEN]) -> None:
        self._past, self._setting = past, setting
        self._week: int | None = None
        self._scores: Array = np.zeros(past.bought.shape, np.float32)

    def scores(self, asked: Moments) -> Array:
        if asked.day // WEEK != self._week:
            self._week = asked.day // WEEK
            own = self._vectors()
            part = self._setting.own
            self._scores = part * own + (1 - part) * _of_nearest(own, self._setting.neighbours)
        found: Array = self._scores[asked.household]
        return found

    def _vectors(self) -> Array:
        """Each household's baskets, weighed by age: the latest group and basket count in full."""
        household, trip, type_ = self._past.baskets()
        weight = self._weights(household)[trip]
        shape = self._past.bought.shape
        place = household[trip] * shape[1] + type_
        return np.bincount(place, weight, shape[0] * shape[1]).reshape(shape).astype(np.float32)

    def _weights(self, household: Array) -> Array:
        """By trip. A household of fewer trips than groups has a group for each."""
        trips = self._past.trips[household]
        groups = np.minimum(self._setting.groups, np.maximum(trips, 1))
        number = numbers(household)
        group = number * groups // np.maximum(trips, 1)
        first, end = -(-group * trips // groups), -(-(group + 1) * trips // groups)
        within = self._setting.within ** (end - 1 - number) / np.maximum(end - first, 1)
        weights: Array = within * self._setting.between ** (groups - 1 - group) / groups
        return weights


def _of_nearest(vectors: Array, neighbours: int) -> Array:
    """The mean vector of those whose vectors are nearest by Euclid, without one's own."""
    lengths = (vectors**2).sum(axis=1)
    far = lengths[:, None] + lengths - 2 * vectors @ vectors.T
    np.fill_diagonal(far, np.inf)
    near = min(neighbours, len(vectors) - 1)
    chosen = np.zeros(far.shape, np.float32)
    rows = np.argpartition(far, near - 1, axis=1)[:, :near]
    np.put_along_axis(chosen, rows, 1 / near, axis=1)
    mean: Array = chosen @ vectors
    return mean
