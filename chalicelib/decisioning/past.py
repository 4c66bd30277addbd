"""The single customer view as numbers, by the categories that a model knows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from ..model import Order
from .patterns import Floats, Patterns, Places
from .situation import LATEST_ORDERS, Situation
from .tendencies import Past

_A_DAY: Final = timedelta(days=1)
_SECONDS: Final = 86_400.0
"""Of a day. Numbers are divided in a third of the time that spans of time are."""


def read_past(situation: Situation, patterns: Patterns) -> Past:
    """What the customer has bought, at this moment."""
    kept, now, place = situation.customer.aggregates, situation.now, patterns.place.get
    bought_ever = kept.purchase_count
    own = _whole([place(path, -1) for path in bought_ever])
    counts = _numbers(bought_ever.values())
    last = kept.last_purchase.get
    gaps = _days([last(path, now) for path in bought_ever], now)
    known = own >= 0
    if not known.all():
        own, counts, gaps = own[known], counts[known], gaps[known]
    orders = [placed for placed in situation.customer.orders if placed.at <= now][:LATEST_ORDERS]
    order_of, bought = _places(orders, patterns)
    return Past(
        own=own,
        counts=counts,
        gaps=gaps,
        orders=kept.order_count,
        since=_since(kept.last_purchase_at, now),
        span=_since(kept.first_purchase_at, now),
        ages=_days([placed.at for placed in orders], now),
        sizes=np.bincount(order_of, minlength=len(orders)),
        bought=bought,
        order_of=order_of,
    )


def _places(orders: Sequence[Order], patterns: Patterns) -> tuple[Places, Places]:
    """The categories in these orders: of each the number of the order, and its place, in order of
    both. What stands in an order several times counts once."""
    lines, place = [placed.lines for placed in orders], patterns.place.get
    order_of = np.arange(len(lines)).repeat(list(map(len, lines)))
    bought = _whole([place(line.category or "", -1) for of in lines for line in of])
    width = len(patterns.categories)
    both = (order_of * width + bought)[bought >= 0]
    both.sort()
    once = np.ones(len(both), bool)
    np.not_equal(both[1:], both[:-1], out=once[1:])
    both = both[once]
    order_of = both // width
    return order_of, both - order_of * width


def known_places(situation: Situation, patterns: Patterns) -> list[int]:
    """Of what is in the basket or asked about: each of its most particular category."""
    meant = (situation.products.get(i) for i in sorted(situation.basket | situation.asked))
    paths = [product.category_paths for product in meant if product]
    if situation.asked_categories and not situation.asked:
        paths.append(tuple(sorted(situation.asked_categories, key=len)))
    found = (most_particular(each, patterns.place) for each in paths)
    return list(dict.fromkeys(at for at in found if at is not None))


def most_particular(paths: Sequence[str], place: dict[str, int]) -> int | None:
    """The place of the last path, of those from the shortest to the longest, that is known."""
    return next((place[path] for path in reversed(paths) if path in place), None)


def _since(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max((now - moment) / _A_DAY, 0.0)


def _days(moments: Sequence[datetime], now: datetime) -> Floats:
    """How long ago each is, to the second; 0 for what lies in the future."""
    ages = [(age := now - moment).days + age.seconds / _SECONDS for moment in moments]
    return np.maximum(_numbers(ages), 0.0)


def _numbers(values: Collection[float]) -> Floats:
    return np.fromiter(values, float, len(values))


def _whole(values: Collection[int]) -> Places:
    return np.fromiter(values, np.intp, len(values))
