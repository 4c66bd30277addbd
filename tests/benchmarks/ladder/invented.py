"""A small invented journey, on which a method can be tried in a second.

Types come in pairs, all as popular: who takes one nearly always takes the other. Households have
favourite pairs. Nothing here is the Complete Journey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .journey import Array, Journey, Shop, Trips

_FAITHFUL = 0.95
"""How often the other type of a pair is taken too."""


def invented(seed: int, *, households: int = 30, days: int = 40, pairs: int = 60) -> Journey:
    """Trips on about half of the days of each household, of two to four pairs each."""
    rng = np.random.default_rng(seed)
    favourites = [rng.permutation(pairs)[: 2 * pairs // 3] for _ in range(households)]
    when, who, baskets = [], [], []
    for day in range(days):
        for household in rng.permutation(households)[: households // 2].tolist():
            taken = rng.choice(favourites[household], int(rng.integers(2, 5)), replace=False)
            both = rng.random(len(taken)) < _FAITHFUL
            when.append(day)
            who.append(household)
            baskets.append(np.sort(np.concatenate([2 * taken, 2 * taken[both] + 1])))
    return Journey(_shop(households, 2 * pairs), _trips(np.array(who), np.array(when), baskets))


def refilled(journey: Journey, baskets: Sequence[Array]) -> Journey:
    """The same trips with other types, each in order."""
    trips = journey.trips
    return replace(journey, trips=_trips(trips.household, trips.day, baskets))


def _shop(households: int, types: int) -> Shop:
    names = tuple(f"TYPE {place:03}" for place in range(types))
    kinds = tuple(f"CATEGORY {place // 6:02}" for place in range(types))
    return Shop(
        catalog=names,
        categories=kinds,
        departments=("GROCERY",) * types,
        household_ids=np.arange(1, households + 1),
        segments=np.arange(households) % 3,
        store_ids=np.array([1, 2]),
        product_ids=np.arange(types),
    )


def _trips(household: Array, day: Array, baskets: Sequence[Array]) -> Trips:
    types = np.concatenate(baskets)
    minutes = np.arange(len(day)) % 720 + 540
    return Trips(
        household=household,
        store=household % 2,
        day=day,
        at=np.datetime64("2017-01-01", "m") + day * 1440 + minutes,
        start=np.cumsum([0, *(len(basket) for basket in baskets)]),
        type=types,
        product=types,
        sales=np.ones(len(types)),
        discount=np.zeros(len(types)),
        quantity=np.ones(len(types), np.int64),
    )
