"""How often offers succeeded, on every trip and where one was sent, and how sure that is.

Lives here: counting over records. Never here: where offers come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .journey import OCTOBER, SEPTEMBER, Array
from .protocol import Record

DRAWS: Final = 1_000
PERCENTILE: Final = 90
"""Of September's scores: what a score must be above for its offer to be sent."""


@dataclass(frozen=True)
class Rate:
    """A share of successes, and the 95 % interval of it by drawing households anew."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Figures:
    """Of one method. `coverage`: the share of moments where an offer was sent."""

    every: Rate
    sent: Rate
    coverage: float


class Judge:
    """Judges what the `kept` households were offered; `choosing` ones, by the hash the dev set,
    give the threshold. Both are bool by household. `since` and `until` are days."""

    def __init__(
        self,
        kept: Array,
        choosing: Array,
        seed: int,
        *,
        since: int = OCTOBER,
        until: int | None = None,
    ) -> None:
        self._kept, self._choosing, self._seed = kept, choosing, seed
        self._since, self._until = since, until

    def figures(self, record: Record) -> Figures:
        rows = self._rows(record)
        sent = record.score[rows] > self._threshold(record)
        households, taken = record.household[rows], record.taken[rows]
        return Figures(
            self._rate(households, taken),
            self._rate(households[sent], taken[sent]),
            float(sent.mean()) if len(sent) else 0.0,
        )

    def best(self, record: Record, share: float) -> float:
        """The success of the best `share` of moments by score; of those that are equal at the cut,
        the mean counts."""
        rows = self._rows(record)
        levels, level = np.unique(-record.score[rows], return_inverse=True)
        moments = np.bincount(level, minlength=len(levels))
        taken = np.bincount(level, record.taken[rows], len(levels))
        left = share * len(level) - (np.cumsum(moments) - moments)
        counted = np.clip(left, 0, moments)
        return float((counted * taken / np.maximum(moments, 1)).sum() / max(counted.sum(), 1e-12))

    def _rows(self, record: Record) -> Array:
        rows: Array = self._kept[record.household] & (record.day >= self._since)
        return rows if self._until is None else rows & (record.day < self._until)

    def _threshold(self, record: Record) -> float:
        september = (record.day >= SEPTEMBER) & (record.day < OCTOBER)
        scores = record.score[september & self._choosing[record.household]]
        return float(np.percentile(scores, PERCENTILE)) if len(scores) else float("inf")

    def _rate(self, households: Array, taken: Array) -> Rate:
        """A household is drawn with all of its moments."""
        if not len(taken):
            return Rate(0.0, 0.0, 0.0)
        _, place = np.unique(households, return_inverse=True)
        moments, taken_up = np.bincount(place), np.bincount(place, taken)
        size = len(moments)
        rng = np.random.default_rng(self._seed)
        draws = rng.multinomial(size, np.full(size, 1 / size), size=DRAWS)
        low, high = np.percentile(draws @ taken_up / (draws @ moments), [2.5, 97.5])
        return Rate(float(taken.mean()), float(low), float(high))
