"""The fair peer: a logistic regression on TIFU-KNN, basket and popularity, with full information.

Each month it is fitted anew to the past: to all types that were in the rest of a trip, and to as
many drawn at random of those that were not as `_OTHERS` says. That moves the intercept alone,
every month alike.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from sklearn.linear_model import LogisticRegression

from .cheap import Cheap
from .journey import Array, Trips
from .moments import Moments
from .past import Past
from .protocol import Offers, best

_GIVEN: Final = 3
"""Of the cheap features, all but the household's own rate."""
_OTHERS: Final = 15
_DAYS: Final = 90
"""It is fitted to so many days: before, the counts were too few to be like those to come."""
_MONTH: Final = 30


class FairPeer:
    """`seed` draws the types that were not bought."""

    def __init__(self, past: Past, cheap: Cheap, seed: int) -> None:
        self._past, self._cheap, self._seed = past, cheap, seed
        self._weights: Array = np.ones(_GIVEN)
        self._bias = 0.0
        self._asked: Moments | None = None
        self._rows: list[tuple[int, Array, Array]] = []
        self._fitted: int | None = None

    def offer(self, asked: Moments) -> Offers:
        if self._fitted is None or asked.day >= self._fitted + _MONTH:
            self._fit(asked.day)
        self._asked = asked
        scores = self._cheap(asked)[:, :, :_GIVEN] @ self._weights + self._bias
        return best(scores, asked.allowed, self._past.popularity)

    def hear(self, taken: Array) -> None:
        """Its offers are no news: it sees whole trips."""

    def see(self, trips: Trips) -> None:
        asked, self._asked = self._asked, None
        if asked is None:
            return
        bought = np.zeros((len(trips), asked.allowed.shape[1]), bool)
        bought[trips.trip, trips.type] = True
        rest = bought[asked.trip] & asked.allowed
        rng = np.random.default_rng([self._seed, asked.day % 2**32])
        drawn = rng.random(size=rest.shape) < _OTHERS / rest.shape[1]
        kept = rest | (drawn & asked.allowed)
        features = self._cheap(asked)[kept][:, :_GIVEN]
        self._rows.append((asked.day, features, rest[kept]))

    def _fit(self, day: int) -> None:
        self._fitted = day
        self._rows = [row for row in self._rows if row[0] >= day - _DAYS]
        answers = np.concatenate([np.zeros(0, bool), *(row[2] for row in self._rows)])
        if answers.any() and not answers.all():
            features = np.concatenate([row[1] for row in self._rows])
            fitted = LogisticRegression(max_iter=200).fit(features, answers)
            self._weights, self._bias = fitted.coef_[0], float(fitted.intercept_[0])
