"""The demo shop: 200 products, 8 stores, 40 offers and 60 customers with their histories.

The files beside this one are what an operator would import (`products.tsv`, `stores.jsonl`,
`offers.jsonl`, `customers.jsonl`, `transactions.csv`), and `views.csv`: who looked at what, how
many minutes ago. They were written for the week that begins at `WRITTEN_AT`; a load in another week
moves every time in them by whole weeks, so that the shop always looks lived in. Everything in them
is invented.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.catalog import (
    FeedRow,
    StoreRow,
    import_products,
    import_stores,
    read_feed,
    read_stores,
)
from chalicelib.customers.activity import record
from chalicelib.customers.items import Item
from chalicelib.customers.orders import counted_items, with_orders
from chalicelib.customers.rows import Row, TransactionRow, read_customers, read_transactions
from chalicelib.model import Consent, Customer, Frozen, Interaction, Moment, Offer, WebEvent

from ...progress import Progress, silent
from ...shelves import Shelves

FOLDER = Path(__file__).parent
WRITTEN_AT = datetime(2026, 11, 18, tzinfo=UTC)
WEEK = timedelta(days=7)
DETAILED = timedelta(days=90)
"""Older orders live on in the customer's totals only, as they do in a stage that has run on."""


class View(Frozen):
    """Somebody looked at a product."""

    customer: str
    at: Moment
    product_id: str


@dataclass(frozen=True, slots=True)
class Shop:
    """All of it, with its times moved to `now`'s week; customers are without their histories."""

    products: tuple[FeedRow, ...]
    stores: tuple[StoreRow, ...]
    offers: tuple[Offer, ...]
    customers: tuple[Customer, ...]
    orders: tuple[Row[TransactionRow], ...]
    views: tuple[View, ...]


def read_shop(now: datetime) -> Shop:
    """The shop as it is at `now`."""
    moved = (now - WRITTEN_AT) // WEEK * WEEK
    return Shop(
        products=tuple(read_feed(_lines("products.tsv"))),
        stores=tuple(read_stores(_lines("stores.jsonl"))),
        offers=tuple(_moved_offer(json.loads(line), moved) for line in _lines("offers.jsonl")),
        customers=tuple(
            _moved_customer(row.value.customer(now), moved)
            for row in read_customers(_lines("customers.jsonl"), "jsonl")
            if row.value is not None
        ),
        orders=tuple(
            Row(row.line, row.value.model_copy(update={"at": row.value.at + moved}))
            for row in read_transactions(_lines("transactions.csv"), "csv")
            if row.value is not None
        ),
        views=tuple(_views(now)),
    )


def load(shelves: Shelves, *, now: datetime, progress: Progress = silent) -> None:
    """Put the shop into a stage by the functions that imports use, and publish its offers.

    Products, stores and offers that were edited are put back; customers who are there already are
    left as they are.
    """
    shop = read_shop(now)
    import_stores(shop.stores, shelves.products, shelves.assortment, now=now)
    import_products(shop.products, shelves.products, shelves.assortment, now=now)
    progress("demo shop: products", len(shop.products), len(shop.products))
    shelves.publish(shop.offers, now)
    progress("demo shop: offers", len(shop.offers), len(shop.offers))
    there = shelves.customers.resolve([f"user:{customer.id}" for customer in shop.customers])
    absent = [customer for customer in shop.customers if f"user:{customer.id}" not in there]
    items = (item for customer in absent for item in _items(shelves, shop, customer, now))
    shelves.customers.put_items(items)
    progress("demo shop: customers", len(shop.customers), len(shop.customers))


def _items(shelves: Shelves, shop: Shop, customer: Customer, now: datetime) -> Iterator[Item]:
    """Everything to be stored of a customer: who they are and their history."""
    orders = [
        row.value.order
        for row in shop.orders
        if row.value and row.value.customer == f"user:{customer.id}"
    ]
    lived = with_orders(customer, orders, shelves.category_of)
    for number, view in enumerate(v for v in shop.views if v.customer == customer.id):
        lived = record(lived, _viewed(view, number), shelves.category_of)
    detailed = tuple(order for order in lived.orders if order.at > now - DETAILED)
    yield from shelves.customers.items_of(lived.model_copy(update={"orders": detailed}), now)
    until = shelves.customers.record_expiry(now)
    yield from counted_items(customer.id, orders, until)


def _viewed(view: View, number: int) -> Interaction:
    return Interaction(
        id=f"web:shop-{view.customer}-{number}",
        source="web",
        occurred_at=view.at,
        received_at=view.at,
        body=WebEvent(name="product_viewed", properties={"product_id": view.product_id}),
    )


def _views(now: datetime) -> Iterator[View]:
    for row in csv.DictReader(_lines("views.csv")):
        at = now - timedelta(minutes=int(row["minutes_ago"]))
        yield View(customer=row["customer"], at=at, product_id=row["product_id"])


def _moved_offer(written: dict[str, Any], moved: timedelta) -> Offer:
    offer = Offer.model_validate(written)
    times = {n: t + moved for n in ("starts_at", "ends_at") if (t := getattr(offer, n))}
    return offer.model_copy(update=times)


def _moved_customer(customer: Customer, moved: timedelta) -> Customer:
    consents = tuple(
        Consent.model_validate({**c.model_dump(), "at": c.at + moved}) for c in customer.consents
    )
    return customer.model_copy(update={"consents": consents})


def _lines(name: str) -> list[str]:
    return (FOLDER / name).read_text(encoding="utf-8").splitlines(keepends=True)
