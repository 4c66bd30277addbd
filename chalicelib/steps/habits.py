"""What customers buy in general, and where messages reach them: from a sample of the customers.

A bounded sample, drawn anew for every model: nobody's orders outlive their erasure in the next one.
Never here: the tables themselves (`decisioning/habits.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

from ..customers.answers import UNDONE
from ..decisioning.view import local_time
from ..model import Customer
from ..preference import Worths, everybodys
from .rooms import Rooms

if TYPE_CHECKING:
    from ..decisioning.patterns import Patterns

CUSTOMERS: Final = 1_000
LEAST_ORDERS: Final = 500
"""Of fewer orders nothing is said in general."""
MOST_CATEGORIES: Final = 1_000
"""Those with most orders: tables grow with the square of this."""


class _Bought(NamedTuple):
    at: datetime
    customer: str
    local: datetime
    categories: tuple[str, ...]


class Common(NamedTuple):
    """What is known of everybody."""

    patterns: Patterns | None
    channels: Worths


def in_common(rooms: Rooms, rng: Random) -> Common:
    """What a sample of the customers has in common."""
    sampled = list(rooms.customers.sample(CUSTOMERS, rng))
    channels = everybodys(customer.reach for customer in sampled if not customer.gpc)
    return Common(patterns_of(sampled), channels)


def patterns_of(customers: Iterable[Customer]) -> Patterns | None:
    """Patterns of the orders of these customers; None where they are too few to tell."""
    bought = sorted(each for customer in customers for each in _orders(customer))
    if len(bought) < LEAST_ORDERS:
        return None
    import numpy as np

    from ..decisioning.habits import Habits

    counts = Counter(category for each in bought for category in each.categories)
    ranked = sorted(counts, key=lambda category: (-counts[category], category))
    habits = Habits(sorted(ranked[:MOST_CATEGORIES]))
    place = {category: at for at, category in enumerate(habits.categories)}
    for each in bought:
        places = np.array([place[c] for c in each.categories if c in place], np.intp)
        habits.count(
            each.customer,
            places,
            day=each.at.toordinal(),
            hour=each.local.hour,
            is_weekend=each.local.weekday() >= 5,
        )
    return habits.patterns()


def _orders(customer: Customer) -> Iterator[_Bought]:
    if customer.gpc:
        return
    for order in customer.orders:
        found = sorted({line.category for line in order.lines if line.category})
        if found and order.status not in UNDONE:
            local = local_time(customer, order.at)
            yield _Bought(order.at, customer.id, local, tuple(found))
