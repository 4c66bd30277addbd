"""What outcomes teach, as sums that can be added in any order, and taken back to the last bit.

One offer made is one observation: its named features x, the log-odds z and probability p = p(z)
that the deciding model gave it, and what became of it, r: 1 where it was taken up, else 0. Of the
logarithm of its likelihood the second-order expansion about the deciding weights is kept, which is
Laplace's approximation, made once per observation:

    information  A += p (1 - p) x x'          evidence  b += (r - p + p (1 - p) z) x

so that (A + prior information) w = b + prior information x prior weights gives the weights that fit
best (Bishop, Pattern Recognition and Machine Learning, 2006, 4.4 and 4.5.1; with the diagonal of A
alone it is algorithm 3 of Chapelle and Li, An Empirical Evaluation of Thompson Sampling, 2011).

All sums are integers, in units of 2^-24: adding is associative and has an exact inverse, so any
number of learners, orders of arrival, repetitions and retractions end in the same bytes.
Never here: where sums are kept, and what counts as an answer.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any, Final

import numpy as np

from ..errors import PermanentError
from .scoring import probability

UNIT: Final = 2.0**-24
"""Of all sums. 2^63 units hold ten thousand million observations of features up to 10."""
BINS: Final = 20
"""By predicted probability, of equal width: what the reliability is told by."""
LEAST_CURVATURE: Final = 0.05
"""p (1 - p) counts for no less: a single expansion at steep log-odds, where the curve is nearly
flat, would overshoot. It leaves the best fit where it is and slows the way there."""
LARGEST: Final = 16.0
"""A feature beyond this, either way, counts as this: nothing that is sent in can drown the rest."""

_Sums = np.ndarray[Any, np.dtype[np.int64]]


class Statistics:
    """The sums over some observations, by named features.

    `information` is d x d and `evidence` d, in UNITs; `reliability` is BINS x 3: how many
    observations, the sum of their predicted probabilities in UNITs, and how many were taken up.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted(set(names)))
        width = len(self.names)
        self.information: _Sums = np.zeros((width, width), np.int64)
        self.evidence: _Sums = np.zeros(width, np.int64)
        self.reliability: _Sums = np.zeros((BINS, 3), np.int64)

    @property
    def observations(self) -> int:
        return int(self.reliability[:, 0].sum())

    @property
    def answers(self) -> int:
        """How many of the observations were taken up."""
        return int(self.reliability[:, 2].sum())

    def observe(self, features: Mapping[str, float], log_odds: float, *, answered: bool) -> None:
        """Add one offer made. Features that have no name here are left out."""
        self._count(features, log_odds, 1)
        if answered:
            self.answer(features, log_odds)

    def withdraw(self, features: Mapping[str, float], log_odds: float, *, answered: bool) -> None:
        """Take one observation back: exactly what `observe` added."""
        self._count(features, log_odds, -1)
        if answered:
            self.answer(features, log_odds, times=-1)

    def answer(self, features: Mapping[str, float], log_odds: float, *, times: int = 1) -> None:
        """An offer that was observed as not taken up was taken up after all; -1: was not."""
        self.evidence += times * _in_units(self._row(features))
        self.reliability[_bin(probability(log_odds)), 2] += times

    def _count(self, features: Mapping[str, float], log_odds: float, times: int) -> None:
        chance = probability(log_odds)
        sure = max(chance * (1.0 - chance), LEAST_CURVATURE)
        row = self._row(features)
        products = np.dot(row[:, None], row[None, :])
        products *= times * sure / UNIT
        self.information += _whole(products)
        self.evidence += times * _in_units((sure * log_odds - chance) * row)
        self.reliability[_bin(chance)] += (times, times * int(chance / UNIT), 0)

    def add(self, other: Statistics) -> None:
        """Add what another one counted. ValueError where it does not name the same features."""
        if other.names != self.names:
            raise ValueError("these statistics are about other features")
        self.information += other.information
        self.evidence += other.evidence
        self.reliability += other.reliability

    def to_bytes(self) -> bytes:
        """Equal sums give equal bytes; `read_statistics` reads them."""
        head = json.dumps(self.names).encode()
        upper = self.information[np.triu_indices(len(self.names))]
        sums = np.concatenate([upper, self.evidence, self.reliability.ravel()]).astype("<i8")
        return zlib.compress(head + b"\n" + sums.tobytes(), 1)

    def _row(self, features: Mapping[str, float]) -> np.ndarray[Any, np.dtype[np.float64]]:
        row = np.fromiter(map(features.get, self.names, repeat(0.0)), float, len(self.names))
        found: np.ndarray[Any, np.dtype[np.float64]] = row.clip(-LARGEST, LARGEST, out=row)
        return found


def read_statistics(packed: bytes) -> Statistics:
    """What `Statistics.to_bytes` wrote. Raises PermanentError for anything else."""
    try:
        head, _, body = zlib.decompress(packed).partition(b"\n")
        found = Statistics(json.loads(head))
        sums = np.frombuffer(body, "<i8").astype(np.int64)
        width = len(found.names)
        triangle = width * (width + 1) // 2
        if len(sums) != triangle + width + BINS * 3:
            raise ValueError("cut off")
    except (zlib.error, ValueError, TypeError) as error:
        raise PermanentError("these statistics are corrupt") from error
    upper = np.triu_indices(width)
    found.information[upper] = sums[:triangle]
    found.information.T[upper] = sums[:triangle]
    found.evidence[:] = sums[triangle : triangle + width]
    found.reliability[:] = sums[triangle + width :].reshape(BINS, 3)
    return found


def merged(some: Sequence[Statistics]) -> Statistics:
    """All of them in one, by every feature that any of them names."""
    found = Statistics(name for one in some for name in one.names)
    places = {name: place for place, name in enumerate(found.names)}
    for one in some:
        at = np.array([places[name] for name in one.names], np.intp)
        found.information[np.ix_(at, at)] += one.information
        found.evidence[at] += one.evidence
        found.reliability += one.reliability
    return found


def _in_units(values: Any) -> _Sums:
    return _whole(values / UNIT)


def _whole(units: Any) -> _Sums:
    """The nearest whole numbers; what is given is overwritten."""
    found: _Sums = np.rint(units, out=units).astype(np.int64)
    return found


def _bin(chance: float) -> int:
    return min(int(chance * BINS), BINS - 1)
