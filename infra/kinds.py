"""What can be loaded from files: for each kind, how its rows are read and where they go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.catalog import (
    FeedRow,
    StoreRow,
    feed_format,
    import_products,
    import_stores,
    read_feed,
    read_stores,
)
from chalicelib.customers.newcomers import import_customers
from chalicelib.customers.orders import import_orders
from chalicelib.customers.records import Format
from chalicelib.customers.rows import Row, read_customers, read_transactions
from chalicelib.errors import PayloadError

from .shelves import Shelves

Read = Row[Any]
Refused = Iterator[tuple[int, str]]

ORDERS_A_BATCH = 2_000
"""The more at once, the fewer calls: orders of one customer share two."""

PRODUCTS_A_BATCH = 5_000
"""Before each batch the assortment is caught up with, which costs some calls of its own."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`read(lines, file name)` yields rows, `write(shelves, rows, now)` the refused among them."""

    read: Callable[[Iterable[bytes], str], Iterator[Read]]
    write: Callable[[Shelves, Sequence[Read], datetime], Refused]
    batch_rows: int | None = None


def format_of(name: str) -> Format:
    """By the file's name. Raises PayloadError for one that says neither."""
    ending = name.lower().rpartition(".")[2]
    if ending == "csv":
        return "csv"
    if ending in ("jsonl", "ndjson"):
        return "jsonl"
    raise PayloadError("a file of customers or transactions is .csv or .jsonl", name=name)


def _write_customers(shelves: Shelves, rows: Sequence[Read], now: datetime) -> Refused:
    refused = import_customers(shelves.customers, rows, now)
    return ((row.line, row.reason or "") for row in refused)


def _write_transactions(shelves: Shelves, rows: Sequence[Read], now: datetime) -> Refused:
    refused = import_orders(shelves.customers, rows, now, shelves.category_of)
    return ((row.line, row.reason or "") for row in refused)


def _read_products(lines: Iterable[bytes], name: str) -> Iterator[Read]:
    for row in read_feed(_text(lines), feed_format(name=name)):
        yield Row(row.line, row.product, row.reason)


def _write_products(shelves: Shelves, rows: Sequence[Read], now: datetime) -> Refused:
    good = (FeedRow(row.line, row.value) for row in rows if row.value is not None)
    report = import_products(good, shelves.products, shelves.assortment, now=now)
    if report.restocked:
        shelves.restocked(report.restocked)
    return _refused(rows)


def _read_stores(lines: Iterable[bytes], name: str) -> Iterator[Read]:
    for row in read_stores(_text(lines), feed_format(name=name)):
        yield Row(row.line, row.store, row.reason)


def _write_stores(shelves: Shelves, rows: Sequence[Read], now: datetime) -> Refused:
    good = (StoreRow(row.line, row.value) for row in rows if row.value is not None)
    import_stores(good, shelves.products, shelves.assortment, now=now)
    return _refused(rows)


def _refused(rows: Sequence[Read]) -> Refused:
    return ((row.line, row.reason) for row in rows if row.reason is not None)


def _text(lines: Iterable[bytes]) -> Iterator[str]:
    return (line.decode("utf-8", "surrogateescape") for line in lines)


KINDS = {
    "customers": Kind(lambda lines, name: read_customers(lines, format_of(name)), _write_customers),
    "transactions": Kind(
        lambda lines, name: read_transactions(lines, format_of(name)),
        _write_transactions,
        ORDERS_A_BATCH,
    ),
    "products": Kind(_read_products, _write_products, PRODUCTS_A_BATCH),
    "stores": Kind(_read_stores, _write_stores),
}
