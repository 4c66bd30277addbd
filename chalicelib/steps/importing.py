"""Files sent to the import routes: the good rows are kept, the bad ones named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from ..catalog import feed_format, import_products, read_feed
from ..customers.newcomers import import_customers
from ..customers.orders import import_orders
from ..customers.records import Format
from ..customers.rows import Row, read_customers, read_transactions
from ..errors import PayloadError
from .learning import answering
from .restocking import call_out
from .rooms import Rooms

REJECTIONS_SHOWN = 1000
CHUNK_ROWS = 500


def customers(kind: str, body: bytes, rooms: Rooms) -> dict[str, Any]:
    """Import customers or transactions: CSV, JSON lines, or a JSON list.

    Raises PayloadError for what cannot be read as a whole.
    """
    form, lines = _records(body)
    now = rooms.clock()
    if kind == "customers":
        rows = read_customers(lines, form)
        return _report(rows, lambda chunk: import_customers(rooms.customers, chunk, now))
    if kind == "transactions":
        orders = read_transactions(lines, form)
        return _report(
            orders,
            lambda chunk: import_orders(
                rooms.customers, chunk, now, rooms.category_of, answering(rooms)
            ),
        )
    raise PayloadError("not a kind of import", wanted=["customers", "transactions"])


def products(media_type: str, body: bytes, rooms: Rooms) -> dict[str, Any]:
    """Import a product feed; whoever waits for a product that is back is told."""
    rows = read_feed(body, feed_format(media_type))
    report = import_products(rows, rooms.products, rooms.assortment, now=rooms.clock())
    call_out(report.restocked, rooms)
    return {
        "accepted": report.accepted,
        "changed": report.changed,
        "rejected_count": report.rejected_count,
        "rejected": [{"line": line, "reason": reason} for line, reason in report.rejected],
    }


def _records(body: bytes) -> tuple[Format, list[bytes]]:
    """The format by the first character, and the records as lines; a list's first item is 1."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"{":
        return "jsonl", body.splitlines(keepends=True)
    if start != b"[":
        return "csv", body.splitlines(keepends=True)
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise PayloadError("the body is not JSON", wanted="a JSON list, or JSON lines") from None
    return "jsonl", [json.dumps(each).encode() for each in found]


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
