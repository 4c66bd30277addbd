"""The last pass: one bucket's customers with their orders become one file of items.

Each customer is imported by the product's own code into a table in memory that holds nobody else,
as the loader would have done it online, all orders of a file at once. A line is one item in
DynamoDB's JSON: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Format.html
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from chalicelib import wiring
from chalicelib.customers.input import CustomerRow, TransactionRow
from chalicelib.customers.newcomers import import_customers
from chalicelib.customers.orders import import_orders
from chalicelib.customers.rows import Row
from chalicelib.customers.store import CustomerStore
from chalicelib.settings import load_settings

from .frames import Buckets, Frame, file_and_line, read_frames
from .plan import Plan
from .reading import Counts, fresh, part
from .routing import refused_of
from .table import Table

GZIP_LEVEL = 3
"""DynamoDB bills the size before compression; the upload takes less time than more would."""

Orders = list[tuple[int, bytes]]
"""Place and JSON of each."""


def write(plan: Plan, number: int) -> Counts:
    """Write the items of one bucket's customers; answers what was written, `bytes` uncompressed."""
    counts = {"customers": 0, "orders": 0, "items": 0, "bytes": 0, "later": 0, "rejected": 0}
    shard = plan.items / f"customers-{number:03}.json.gz"
    shard.parent.mkdir(exist_ok=True)
    unfinished = part(plan, "write", number) / "shard"
    with (
        fresh(part(plan, "write", number)) as folder,
        Buckets(folder / "rejected") as rejected,
        Buckets(folder / "later") as later,
        unfinished.open("wb") as raw,
        gzip.GzipFile("", "wb", GZIP_LEVEL, raw, mtime=0) as packed,
    ):
        store, table = _store()
        refused = refused_of(plan)
        for customer, orders in _customers(plan, number):
            file, _ = file_and_line(customer.place)
            if (earlier := refused.get(customer.place)) is not None:
                reason = f"its id or an identity of it stands on {plan.source(earlier)} already"
                rejected.add(file, Frame(customer.place, (), reason.encode()))
                later.add(file, customer)
                counts["rejected"] += 1
                counts["later"] += 1
                continue
            for place, reason in _imported(plan, store, customer, orders):
                rejected.add(file_and_line(place)[0], Frame(place, (), reason.encode()))
                counts["rejected"] += 1
            counts["customers"] += 1
            counts["orders"] += len(orders)
            for line in map(line_of, table.take()):
                packed.write(line)
                counts["items"] += 1
                counts["bytes"] += len(line)
    unfinished.replace(shard)
    return counts


def line_of(item: dict[str, Any]) -> bytes:
    """One item as DynamoDB reads it: binary values in base64."""
    told = json.dumps({"Item": item}, separators=(",", ":"), ensure_ascii=False, default=_base64)
    return f"{told}\n".encode()


def keep_categories(plan: Plan, categories: dict[str, str]) -> None:
    """The category of each product, for every process of this pass."""
    _categories_path(plan).write_text(json.dumps(categories))
    _categories.cache_clear()


def _imported(
    plan: Plan, store: CustomerStore, customer: Frame, orders: Orders
) -> Iterator[tuple[int, str]]:
    """Import one customer; yields the refused. A row's line is its place."""
    row = Row(customer.place, CustomerRow.model_validate_json(customer.payload))
    refused: list[Row[Any]] = list(import_customers(store, [row], plan.now))
    for _, of_one_file in groupby(orders, key=lambda order: file_and_line(order[0])[0]):
        placed = [Row(n, TransactionRow.model_validate_json(json)) for n, json in of_one_file]
        refused += import_orders(store, placed, plan.now, _category_of(plan))
    return ((row.line, row.reason or "") for row in refused)


def _customers(plan: Plan, bucket: int) -> Iterable[tuple[Frame, Orders]]:
    """The customers of a bucket as their rows stand, each with their orders as those stand."""
    refused = refused_of(plan)
    customers: list[tuple[Frame, Orders]] = []
    of: dict[bytes, Orders] = {}
    for number in range(len(plan.customers)):
        for frame in read_frames(part(plan, "read", number) / "rows", bucket):
            customers.append((frame, []))
            if frame.place not in refused:
                of.update(dict.fromkeys(frame.keys, customers[-1][1]))
    for number in range(plan.buckets):
        for order in read_frames(part(plan, "route", number) / "rows", bucket):
            of[order.keys[0]].append((order.place, order.payload))
    for _, orders in customers:
        orders.sort(key=itemgetter(0))
    return customers


def _store() -> tuple[CustomerStore, Table]:
    """The stage's customers, as its settings have them kept, over a table in memory."""
    table = Table()
    return wiring.build(load_settings(), client=lambda service: table).customers, table


def _category_of(plan: Plan) -> Callable[[str], str | None]:
    return _categories(_categories_path(plan)).get


@lru_cache(maxsize=1)
def _categories(path: Path) -> dict[str, str]:
    return dict(json.loads(path.read_text()))


def _categories_path(plan: Plan) -> Path:
    return plan.work / "categories.json"


def _base64(value: Any) -> str:
    return base64.b64encode(value).decode()
