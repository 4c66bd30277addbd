"""How good scores are, and how sure that is: intervals by drawing households anew, with all theirs.

Lives here: counting over weighed rows. Never here: where scores come from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from .journey import Array

DRAWS: Final = 1_000
BEST: Final = 0.1
"""The share of rows that 'top decile' and 'the best 10 %' are."""


@dataclass(frozen=True)
class Estimate:
    """A figure, and the same figure of each draw of households; `-` compares draw by draw."""

    value: float
    drawn: Array

    @property
    def interval(self) -> tuple[float, float]:
        """95 %."""
        low, high = np.percentile(self.drawn, [2.5, 97.5])
        return float(low), float(high)

    def __sub__(self, other: Estimate) -> Estimate:
        return Estimate(self.value - other.value, self.drawn - other.drawn)


class Draws:
    """How often each row counts in each draw: a household is drawn with all of its rows."""

    def __init__(self, households: Array, seed: int) -> None:
        """households: rows, whose each is."""
        unique, self._row = np.unique(households, return_inverse=True)
        rng, size = np.random.default_rng(seed), len(unique)
        self._counts = rng.multinomial(size, np.full(size, 1.0 / size), size=DRAWS)

    def estimate(self, figure: Callable[[Array], float]) -> Estimate:
        """figure: of the rows' weights."""
        alike = np.ones(len(self._row))
        drawn = np.array([figure(counts[self._row].astype(float)) for counts in self._counts])
        return Estimate(figure(alike), drawn)


class Ranked:
    """Rows by their scores, the best first; rows of equal score share their success."""

    def __init__(self, scores: Array, succeeded: Array) -> None:
        levels, level = np.unique(-scores, return_inverse=True)
        self._size, self._level = len(levels), level
        self._succeeded = succeeded.astype(float)

    def _sums(self, weights: Array) -> tuple[Array, Array]:
        """By level: the weight, and that of the successes."""
        every = np.bincount(self._level, weights, self._size)
        return every, np.bincount(self._level, weights * self._succeeded, self._size)

    def auc(self, weights: Array) -> float:
        """How likely a success has a better score than a failure; a tie counts for half."""
        every, good = self._sums(weights)
        bad = every - good
        worse = bad.sum() - np.cumsum(bad)
        return float((good * (worse + bad / 2)).sum() / (good.sum() * bad.sum()))

    def rate(self, weights: Array) -> float:
        """The share of successes among all rows."""
        return float(weights @ self._succeeded / weights.sum())

    def best(self, weights: Array) -> float:
        """The share of successes among the BEST rows."""
        every, good = self._sums(weights)
        left = BEST * every.sum() - (np.cumsum(every) - every)
        taken = np.clip(left, 0.0, every)
        return float((taken * good / np.maximum(every, 1e-12)).sum() / taken.sum())

    def lift(self, weights: Array) -> float:
        return self.best(weights) / self.rate(weights)
