"""Orders, patterns and pasts made by hand, small enough to be worked out on paper."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np

from chalicelib.decisioning.habits import FACTORS, Habits
from chalicelib.decisioning.patterns import DAYPARTS, GAPS, RATES, Patterns
from chalicelib.decisioning.situation import Situation
from chalicelib.decisioning.tendencies import Past
from chalicelib.model import Aggregates, Customer, DecisionContext, Order, OrderLine, Product

from .builders import NOW, days

BREAD, JAM, SHOES, TEA = range(4)
CATEGORIES = ("food/bread", "food/jam", "shoes", "tea")
Bought = tuple[str, int, Iterable[str]]
"""Who, on which day, what."""


def counted(
    orders: Iterable[Bought], categories: tuple[str, ...] = CATEGORIES, hour: int = 12
) -> Habits:
    """Weekends are the days 5 and 6 of every seven."""
    habits, place = Habits(categories), {name: at for at, name in enumerate(categories)}
    for customer, day, bought in orders:
        places = np.array([place[name] for name in bought], np.intp)
        habits.count(customer, places, day=day, hour=hour, is_weekend=day % 7 >= 5)
    return habits


def tables(**changes: Any) -> Patterns:
    """Patterns of CATEGORIES in which no two numbers of a table are alike."""
    width = len(CATEGORIES)
    made: dict[str, Any] = {
        "categories": CATEGORIES,
        "share": np.log([0.8, 0.6, 0.5, 0.4]),
        "others": np.log([0.15, 0.08, 0.04, 0.01]),
        "trends": _rising(2, width),
        "lifts": _rising(width, width),
        "more": np.array([0.1, 0.2, -0.3, 0.4]),
        "again": -1.0 - _rising(len(RATES) + 1, len(GAPS) + 1),
        "pace": _rising(width, len(GAPS) + 1),
        "factors": np.pad(np.eye(width) + 0.25, ((0, 0), (0, FACTORS - width))),
        "rarity": np.array([0.5, 0.75, 1.0, 1.25]),
        "hours": _rising(DAYPARTS, width),
        "weekend": _rising(2, width),
        "parents": np.array([BREAD, BREAD, SHOES, TEA], np.intp),
    }
    return Patterns(**{**made, **changes})


def a_past(**changes: Any) -> Past:
    """Four times bread and once jam in six orders over 63 days; of two orders it is known what was
    in them: bread three days ago, bread and jam twenty days ago."""
    made: dict[str, Any] = {
        "own": np.array([BREAD, JAM]),
        "counts": np.array([4.0, 1.0]),
        "gaps": np.array([3.0, 20.0]),
        "orders": 6,
        "since": 3.0,
        "span": 63.0,
        "ages": np.array([3.0, 20.0]),
        "sizes": np.array([1, 2]),
        "bought": np.array([BREAD, BREAD, JAM]),
        "order_of": np.array([0, 1, 1]),
    }
    return Past(**{**made, **changes})


def nothing_bought() -> Past:
    none, nowhere = np.array([]), np.array([], np.intp)
    return Past(nowhere, none, none, 0, 0.0, 0.0, none, nowhere, nowhere, nowhere)


def order(order_id: str, age_days: float, *categories: str) -> Order:
    lines = tuple(OrderLine(category=category) for category in categories)
    return Order(id=order_id, at=NOW - days(age_days), total=Decimal(1), lines=lines)


def shopper(*orders: Order, **changes: Any) -> Customer:
    """Their totals say the same as `a_past`."""
    kept = Aggregates(
        order_count=6,
        first_purchase_at=NOW - days(63),
        last_purchase_at=NOW - days(3),
        last_purchase={"food/jam": NOW - days(20), "food/bread": NOW - days(3), "hats": NOW},
        purchase_count={"food/bread": 4, "hats": 2, "food/jam": 1},
    )
    return Customer(**{"id": "sue", "aggregates": kept, "orders": orders, **changes})


def met(customer: Customer, *products: Product, **changes: Any) -> Situation:
    """The customer with these products in the basket."""
    basket = DecisionContext(basket=[product.id for product in products])
    made: dict[str, Any] = {
        "customer": customer,
        "context": basket,
        "understanding": None,
        "products": {product.id: product for product in products},
        "now": NOW,
    }
    return Situation(**{**made, **changes})


def _rising(rows: int, columns: int) -> Any:
    """0.01, 0.02 and so on, with alternating sign."""
    places = np.arange(1, rows * columns + 1)
    return (places * 0.01 * np.where(places % 2, 1, -1)).reshape(rows, columns)
