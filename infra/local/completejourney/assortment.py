"""Products and stores of the Complete Journey.

Of our making: a product's price is the median unit price that it sold for, else the median of its
product type, else 2.99 USD, and at least 0.01. Stores are the twelve with most transaction rows,
open daily from 08:00 to 22:00 in New York. A product stands in the up to three of them where it
sold most often, with as many units as rows of it were sold there in the year; one that sold in none
of them is out of stock.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np

from chalicelib.catalog import FeedRow, StoreRow
from chalicelib.model import Product, Store

from .journey import Journey

BUSIEST_STORES = 12
STORES_A_PRODUCT = 3
DEFAULT_PRICE = 2.99
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def price_list(journey: Journey) -> np.ndarray:
    """USD for each row of `products`."""
    table = journey.transactions
    sold = table[(table.quantity > 0) & (table.cents > 0) & (table.place >= 0)]
    unit = sold.cents / sold.quantity / 100
    own = unit.groupby(sold.place).median().reindex(range(len(journey.products)))
    of_type = own.groupby(journey.products.product_type.to_numpy()).transform("median")
    price = own.fillna(of_type).fillna(DEFAULT_PRICE)
    return np.asarray(np.maximum(price.to_numpy().round(2), 0.01))


def stores(journey: Journey) -> Iterator[StoreRow]:
    """The busiest stores, by their number."""
    for line, number in enumerate(_busiest(journey), start=1):
        store = Store(
            id=f"store-{number}",
            name=f"Store {number}",
            time_zone="America/New_York",
            hours=dict.fromkeys(DAYS, "08:00-22:00"),
        )
        yield StoreRow(line, store)


def products(journey: Journey, prices: np.ndarray) -> Iterator[FeedRow]:
    """Every product of the data, in its order."""
    stock = _stock(journey)
    rows = journey.products.astype(object).where(journey.products.notna(), None)
    for place, row in enumerate(rows.itertuples(index=False)):
        held = stock.get(place, {})
        levels = [level for level in journey.paths[place].tolist() if level >= 0]
        product = Product(
            id=str(row.product_id),
            title=_title(row),
            brand="Private label" if row.brand == "Private" else "National brand",
            product_type=str(journey.names[levels[-1]]) if levels else None,
            price=f"{Decimal(str(prices[place])):.2f} USD",
            availability="in_stock" if any(held.values()) else "out_of_stock",
            link=f"https://shop.example/p/{row.product_id}",
            size=row.package_size,
            stock=held,
        )
        yield FeedRow(place + 1, product)


def _title(row: Any) -> str:
    """`ICE - CRUSHED/CUBED`, `22 LB` -> `Ice - crushed/cubed, 22 lb`."""
    kind = row.product_type or row.product_category or row.department
    words = ", ".join(part.strip() for part in (kind, row.package_size) if part and part.strip())
    return words.lower().capitalize()


def _stock(journey: Journey) -> dict[int, dict[str, int]]:
    """Units by store id for each place in `products` that sold in one of the stores."""
    table = journey.transactions
    there = table[table.store.isin(_busiest(journey)) & (table.place >= 0)]
    sold = there.groupby(["place", "store"]).size().rename("units").reset_index()
    most = sold.sort_values(["place", "units", "store"], ascending=[True, False, True])
    stock: dict[int, dict[str, int]] = {}
    for place, store, units in most.groupby("place").head(STORES_A_PRODUCT).to_numpy().tolist():
        stock.setdefault(place, {})[f"store-{store}"] = units
    return stock


def _busiest(journey: Journey) -> list[int]:
    counts = journey.transactions.store.value_counts()
    busiest: list[int] = counts.head(BUSIEST_STORES).index.tolist()
    return sorted(busiest)
