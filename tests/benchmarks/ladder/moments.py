"""Moments: which three types of a trip are known, and what may be offered.

Lives here: drawing by SEED, masking, and who confirms. Never here: what a method makes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from tests.benchmarks.coupons.journey import confirms

from .journey import Array, Journey, Shop, Trips
from .past import Past

KNOWN: Final = 3
_MIX: Final = tuple(
    np.uint64(number) for number in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)


@dataclass(frozen=True)
class Moment:
    """One decision to make. `household`, `store`, `known` and `products` (of the known types) are
    positions in `Shop`; `at` is New York's time; `allowed` is bool by type of the catalog."""

    household: int
    day: int
    at: datetime
    store: int
    known: tuple[int, ...]
    products: tuple[int, ...]
    allowed: Array


@dataclass(frozen=True)
class Moments:
    """The moments of one day in order of time, by column; `trip` are positions in the day's trips.

    `known` and `products` are n x 3, `allowed` is n x types.
    """

    trip: Array
    household: Array
    day: int
    at: Array
    store: Array
    known: Array
    products: Array
    allowed: Array

    def __len__(self) -> int:
        return len(self.trip)

    def __iter__(self) -> Iterator[Moment]:
        for n in range(len(self)):
            yield Moment(
                int(self.household[n]),
                self.day,
                self.at[n].item(),
                int(self.store[n]),
                tuple(self.known[n].tolist()),
                tuple(self.products[n].tolist()),
                self.allowed[n],
            )


def revealed(journey: Journey, seed: int) -> Array:
    """Bool by item: known, in a trip that has at least three. By seed, household, day and type."""
    trips = journey.trips
    trip = trips.trip
    keys = _mixed(
        _mixed(_mixed(np.full(len(trips), seed), trips.household), trips.day)[trip], trips.type
    )
    order = np.lexsort((keys, trip))
    rank = np.arange(len(order)) - trips.start[trip[order]]
    found = np.zeros(len(order), bool)
    found[order] = rank < KNOWN
    found &= trips.sizes[trip] >= KNOWN
    return found


def moments(trips: Trips, known: Array, past: Past) -> Moments:
    """Those of one day. known: bool by item of these trips."""
    kept = np.flatnonzero(np.bincount(trips.trip[known], minlength=len(trips)) == KNOWN)
    household, types = trips.household[kept], trips.type[known].reshape(-1, KNOWN)
    allowed = past.rare(household)
    np.put_along_axis(allowed, types, False, axis=1)
    return Moments(
        kept,
        household,
        int(trips.day[0]),
        trips.at[kept],
        trips.store[kept],
        types,
        trips.product[known].reshape(-1, KNOWN),
        allowed,
    )


def confirming(shop: Shop) -> Array:
    """Bool by household: whether it is of those that choose nothing."""
    return np.array([confirms(household) for household in shop.household_ids.tolist()])


def _mixed(keys: Array, values: Array) -> Array:
    """64 bits of both, evenly spread: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    mixed = (keys.astype(np.uint64) ^ values.astype(np.int64).astype(np.uint64)) + _MIX[0]
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX[1]
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX[2]
    found: Array = mixed ^ (mixed >> np.uint64(31))
    return found
