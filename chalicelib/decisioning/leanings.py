"""A model's weights of tendencies, as arrays: what each category's tendencies add to the log-odds.

Besides a weight for each feature there may be one for the product of two, `a*b`: a lift counts for
more with what somebody buys often. Weights are rounded to multiples of 2^-16 and features are
multiples of 1/256, so every sum is exact, whatever the order (IEEE 754 doubles hold 2^53 steps).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from .patterns import Floats
from .tendencies import OF_CATEGORIES, OF_MOMENTS, Tendencies

WEIGHT_STEP: Final = 2.0**16
LARGEST_WEIGHT: Final = 8.0
_CATEGORY: Final = {t.name: at for at, t in enumerate(OF_CATEGORIES)}
_MOMENT: Final = {t.name: at for at, t in enumerate(OF_MOMENTS)}
_MULTIPLIED: Final = (
    "own_rate", "own_count", "renewal", "own_pace", "together", "goes_with", "goes_with_most",
    "alike", "share", "usual_size", "like_orders", "more_to_come", "experience", "much_due",
)  # fmt: skip


def _pairs() -> Iterator[tuple[str, str]]:
    """Products that a model may weigh; of two features of the moment there is none."""
    for at, one in enumerate(_MULTIPLIED):
        for other in _MULTIPLIED[at:]:
            if one in _CATEGORY:
                yield one, other


PAIRS: Final = tuple(_pairs())
NAMES: Final = (*_CATEGORY, *_MOMENT, *(f"{one}*{other}" for one, other in PAIRS))
_SINGLE: Final = len(_CATEGORY) + len(_MOMENT)
_ONE: Final = np.array([NAMES.index(one) for one, _ in PAIRS])
_OTHER: Final = np.array([NAMES.index(other) for _, other in PAIRS])


class Leanings:
    """The weights of one model."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._linear = np.array([in_steps(weights.get(name, 0.0)) for name in _CATEGORY])
        self._moment = np.array([in_steps(weights.get(name, 0.0)) for name in _MOMENT])
        self._squares = np.zeros((len(_CATEGORY), len(_CATEGORY)))
        self._crossed = np.zeros((len(_CATEGORY), len(_MOMENT)))
        for one, other in PAIRS:
            weight, at = in_steps(weights.get(f"{one}*{other}", 0.0)), _CATEGORY[one]
            if other in _CATEGORY:
                self._squares[at, _CATEGORY[other]] = weight
            else:
                self._crossed[at, _MOMENT[other]] = weight
        (self._squared,) = np.nonzero(self._squares.any(axis=0) | self._squares.any(axis=1))
        self._squares = self._squares[np.ix_(self._squared, self._squared)]

    def moment(self, tendencies: Tendencies) -> float:
        """What is the same for all categories (log-odds)."""
        return float(self._moment @ tendencies.moment)

    def parts(self, tendencies: Tendencies) -> Floats:
        """What each category adds beside that (K, log-odds)."""
        rows = tendencies.categories
        found: Floats = (self._linear + self._crossed @ tendencies.moment) @ rows
        if len(self._squared):
            some = rows.take(self._squared, axis=0)
            found += np.einsum("ik,ik->k", self._squares @ some, some)
        return found


def observed_at(tendencies: Tendencies, place: int | None) -> dict[str, float]:
    """The features of one category by name, products too; those of the moment alone for None."""
    found: list[float] = observed_of(tendencies, [place])[0].tolist()
    return dict(zip(NAMES, found, strict=True))


def observed_of(tendencies: Tendencies, places: Sequence[int | None]) -> Floats:
    """The same of several categories (places x NAMES); 0 where there is none."""
    rows = np.empty((len(places), len(NAMES)))
    observe(tendencies, places, rows)
    return rows


def observe(tendencies: Tendencies, places: Sequence[int | None], rows: Floats) -> None:
    """Writes that into `rows`."""
    single = np.empty((len(places), _SINGLE))
    some = [place or 0 for place in places]
    single[:, : len(_CATEGORY)] = tendencies.categories.take(some, axis=1).T
    if None in places:
        single[[place is None for place in places]] = 0.0
    single[:, len(_CATEGORY) :] = tendencies.moment
    rows[:, :_SINGLE] = single
    np.multiply(single.take(_ONE, axis=1), single.take(_OTHER, axis=1), out=rows[:, _SINGLE:])


def in_steps(weight: float) -> float:
    """As models keep weights: in steps and within bounds, so that sums over features are exact."""
    within = min(max(weight, -LARGEST_WEIGHT), LARGEST_WEIGHT)
    return round(within * WEIGHT_STEP) / WEIGHT_STEP
