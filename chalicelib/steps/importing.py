"""Files sent to the import routes: the good rows are kept, the bad ones named."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from ..catalog import feed_format, import_products, read_feed
from ..customers.newcomers import import_customers
from ..customers.orders import import_orders
from ..customers.rows import Row, read_customers, read_transactions
from ..errors import PayloadError
from .restocking import call_out
from .rooms import Rooms

REJECTIONS_SHOWN = 1000
CHUNK_ROWS = 500


def customers(kind: str, media_type: str, lines: list[bytes], rooms: Rooms) -> dict[str, Any]:
    """Import customers or transactions, CSV or JSON lines. Raises PayloadError for the whole."""
    form: Literal["csv", "jsonl"] = "csv" if media_type == "text/csv" else "jsonl"
    now = rooms.clock()
    if kind == "customers":
        rows = read_customers(lines, form)
        return _report(rows, lambda chunk: import_customers(rooms.customers, chunk, now))
    if kind == "transactions":
        orders = read_transactions(lines, form)
        return _report(
            orders,
            lambda chunk: import_orders(rooms.customers, chunk, now, rooms.category_of),
        )
    raise PayloadError("not a kind of import", wanted=["customers", "transactions"])


def products(media_type: str, lines: list[bytes], rooms: Rooms) -> dict[str, Any]:
    """Import a product feed; whoever waits for a product that is back is told."""
    rows = read_feed(b"".join(lines), feed_format(media_type))
    report = import_products(rows, rooms.products, rooms.assortment, now=rooms.clock())
    call_out(report.restocked, rooms)
    return {
        "accepted": report.accepted,
        "changed": report.changed,
        "rejected_count": report.rejected_count,
        "rejected": [{"line": line, "reason": reason} for line, reason in report.rejected],
    }


def _report(
    rows: Iterable[Row[Any]], keep: Callable[[list[Row[Any]]], Iterable[Row[Any]]]
) -> dict[str, Any]:
    read, rejected = 0, list[dict[str, Any]]()
    chunk: list[Row[Any]] = []

    def flush() -> None:
        rejected.extend({"line": r.line, "reason": r.reason} for r in keep(chunk))
        chunk.clear()

    for row in rows:
        read += 1
        chunk.append(row)
        if len(chunk) == CHUNK_ROWS:
            flush()
    flush()
    return {
        "accepted": read - len(rejected),
        "rejected_count": len(rejected),
        "rejected": rejected[:REJECTIONS_SHOWN],
    }
