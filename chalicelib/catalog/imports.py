"""Imports of many products or stores: written in batches, told to other containers, reported.

Lives here: comparing rows with what is known, writing what differs, counting. Never here: reading
files (`feed.py`), telling customers that something is back (the caller, from `restocked`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

from ..model import Product, Store
from .assortment import AssortmentCache
from .feed import FeedRow, StoreRow
from .products import ProductStore

ROWS_A_CHUNK = 500
LOGGED_CHANGES = 500
"""An import's first changes go into the change log; past them a snapshot is cheaper for all."""

REPORTED_REJECTIONS = 1_000

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. `accepted` rows were good, `changed` of them differed from what was
    known; `rejected` holds the first (line, reason) pairs of `rejected_count`."""

    accepted: int
    changed: int
    rejected: tuple[tuple[int, str], ...]
    rejected_count: int
    restocked: tuple[str, ...] = ()


class _Tally:
    """The report while it grows."""

    def __init__(self) -> None:
        self.accepted = self.changed = self.rejected_count = 0
        self.rejected = list[tuple[int, str]]()
        self.restocked = list[str]()

    def reject(self, line: int, reason: str | None) -> None:
        self.rejected_count += 1
        if len(self.rejected) < REPORTED_REJECTIONS:
            self.rejected.append((line, reason or "row: is not acceptable"))

    def report(self) -> ImportReport:
        return ImportReport(
            self.accepted,
            self.changed,
            tuple(self.rejected),
            self.rejected_count,
            tuple(self.restocked),
        )


def import_products(
    rows: Iterable[FeedRow],
    products: ProductStore,
    cache: AssortmentCache,
    *,
    now: datetime,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Write the products that differ; `progress` is told the rows done, after each chunk.

    Running it again is harmless and finishes what a crash left. Raises TemporaryError.
    """
    cache.refresh(now, force=True)
    tally, done = _Tally(), 0
    for chunk in _chunks(rows):
        news = _news(chunk, cache, tally)
        cache.note(products.put_products(news, logged=tally.changed < LOGGED_CHANGES))
        tally.changed += len(news)
        done += len(chunk)
        if progress:
            progress(done)
    if tally.changed > LOGGED_CHANGES:
        cache.write_snapshot(now)
    return tally.report()


def import_stores(
    rows: Iterable[StoreRow], products: ProductStore, cache: AssortmentCache, *, now: datetime
) -> ImportReport:
    """Write the stores that differ. Raises TemporaryError."""
    cache.refresh(now, force=True)
    tally = _Tally()
    for chunk in _chunks(rows):
        news = list[tuple[Store, int]]()
        for row in chunk:
            if row.store is None:
                tally.reject(row.line, row.reason)
                continue
            tally.accepted += 1
            known = cache.stored_store(row.store.id)
            if known is None or cache.current.stores[row.store.id] != row.store:
                news.append((row.store, known.version if known else 0))
        cache.note(products.put_stores(news))
        tally.changed += len(news)
    return tally.report()


def _news(chunk: list[FeedRow], cache: AssortmentCache, tally: _Tally) -> list[tuple[Product, int]]:
    """The chunk's products that differ from what is known, each with its known version."""
    news = list[tuple[Product, int]]()
    for row in chunk:
        product = row.product
        if product is None:
            tally.reject(row.line, row.reason)
            continue
        tally.accepted += 1
        known = cache.stored(product.id)
        before = cache.current.products[product.id] if known else None
        if before == product:
            continue
        news.append((product, known.version if known else 0))
        if before is not None and not before.available and product.available:
            tally.restocked.append(product.id)
    return news


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, ROWS_A_CHUNK)):
        yield chunk
