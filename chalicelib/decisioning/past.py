"""The single customer view as numbers, by the categories that a model knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain, islice, repeat
from typing import Final

import numpy as np

from ..model import Order
from .patterns import Floats, Patterns, Places
from .situation import LATEST_ORDERS, Situation
from .tendencies import Past

_A_DAY: Final = timedelta(days=1)


def read_past(situation: Situation, patterns: Patterns) -> Past:
    """What the customer has bought, at this moment."""
    kept, now, place = situation.customer.aggregates, situation.now, patterns.place
    own = [path for path in kept.purchase_count if path in place]
    until_now = (placed for placed in situation.customer.orders if placed.at <= now)
    orders = list(islice(until_now, LATEST_ORDERS))
    bought = [_places(placed, place) for placed in orders]
    sizes = list(map(len, bought))
    return Past(
        own=_whole(place[path] for path in own),
        counts=_numbers(float(kept.purchase_count[path]) for path in own),
        gaps=_numbers(_days(kept.last_purchase.get(path), now) for path in own),
        orders=kept.order_count,
        since=_days(kept.last_purchase_at, now),
        span=_days(kept.first_purchase_at, now),
        ages=_numbers(_days(placed.at, now) for placed in orders),
        sizes=_numbers(map(float, sizes)),
        bought=_whole(chain.from_iterable(bought)),
        order_of=_whole(chain.from_iterable(map(repeat, range(len(sizes)), sizes))),
    )


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


def _places(placed: Order, place: dict[str, int]) -> set[int]:
    return {place[line.category] for line in placed.lines if line.category in place}


def _days(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max((now - since) / _A_DAY, 0.0)


def _numbers(values: Iterable[float]) -> Floats:
    return np.fromiter(values, float)


def _whole(values: Iterable[int]) -> Places:
    return np.fromiter(values, np.intp)
