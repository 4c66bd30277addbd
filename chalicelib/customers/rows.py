"""Customers and transactions as they come in files: CSV, or JSON lines, one record at a time.

Every record is either good or has a line and a reason, which holds none of its values, for it is
shown. Never here: the file formats themselves (records.py), opening files, storage.

CSV is RFC 4180 in UTF-8 with a header. Lists within a cell are separated by `;`. A customer's
columns beyond `CUSTOMER_COLUMNS` are attributes: a cell that is a plain number or `true`/`false` is
one, an empty cell is unknown. A transaction has one row per order line; the rows of an order follow
one another, and an order with a bad row is refused whole, since half an order has a wrong total.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from .input import CustomerInput, CustomerRow, TransactionRow, reason_of
from .records import Format, Record, Unreadable, read_records

__all__ = ["CustomerInput", "CustomerRow", "Format", "Row", "TransactionRow"]

Value = TypeVar("Value")
Form = TypeVar("Form", CustomerRow, TransactionRow)

_PROFILE = ("first_name", "last_name", "birth_date", "gender", "country", "language", "time_zone")
CUSTOMER_COLUMNS = (
    *("id", "identities", *_PROFILE, "postcode", "latitude", "longitude", "interests"),
    *("prefer_service", "prefer_marketing", "consents", "x_linked_with_opt_in"),
)
_ORDER = ("id", "customer", "at", "store_id", "currency", "status")
_LINE = ("product_id", "category", "quantity", "amount")
TRANSACTION_COLUMNS = (*_ORDER, *_LINE)

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,10})?")


@dataclass(frozen=True, slots=True)
class Row(Generic[Value]):
    """One record: its first line in the file (from 1), and its value or why it has none."""

    line: int
    value: Value | None = None
    reason: str | None = None


def read_customers(lines: Iterable[str | bytes], format: Format) -> Iterator[Row[CustomerRow]]:
    """The customers of a file. Raises PayloadError for a header that cannot be read."""
    seen: dict[str, int] = {}
    for line, record in read_records(lines, format, required=("id",)):
        row = _customer_row(line, record, format)
        if row.value is not None:
            row = _refuse_duplicate(row, {f"user:{row.value.id}", *row.value.identities}, seen)
        yield row


def read_transactions(
    lines: Iterable[str | bytes], format: Format
) -> Iterator[Row[TransactionRow]]:
    """The orders of a file. Raises PayloadError for a header that cannot be read."""
    seen: dict[str, int] = {}
    records = read_records(
        lines, format, required=("id", "customer", "at"), known=TRANSACTION_COLUMNS
    )
    rows = (
        _orders(records) if format == "csv" else (_validated(TransactionRow, *r) for r in records)
    )
    for row in rows:
        yield row if row.value is None else _refuse_duplicate(row, {row.value.id}, seen)


def _customer_row(line: int, record: Record, format: Format) -> Row[CustomerRow]:
    if format == "csv" and isinstance(record, dict):
        try:
            record = _customer_of(record)
        except ValueError as error:
            return Row(line, reason=str(error))
    return _validated(CustomerRow, line, record)


def _refuse_duplicate(row: Row[Form], ids: set[str], seen: dict[str, int]) -> Row[Form]:
    """Without it the later of two records would silently win, or silently be ignored."""
    earlier = next((seen[i] for i in sorted(ids) if i in seen), None)
    if earlier is not None:
        return Row(row.line, reason=f"its id or an identity of it stands on line {earlier} already")
    seen.update(dict.fromkeys(ids, row.line))
    return row


def _validated(form: type[Form], line: int, record: Record) -> Row[Form]:
    if isinstance(record, Unreadable):
        return Row(line, reason=record.reason)
    try:
        return Row(line, form.model_validate(record))
    except ValidationError as error:
        return Row(line, reason=reason_of(error))


# --- what a CSV row says -----------------------------------------------------------------------


def _customer_of(cells: Mapping[str, str]) -> dict[str, Any]:
    """A customer's cells in the form that JSON has; an empty cell is unknown. Raises ValueError.

    Identities are separated by `;` or spaces.
    """
    said: dict[str, Any] = {n: cells[n] for n in ("id", "x_linked_with_opt_in") if n in cells}
    profile: dict[str, Any] = {n: cells[n] for n in (*_PROFILE, "postcode") if n in cells}
    if "latitude" in cells or "longitude" in cells:
        profile["location"] = (cells.get("latitude"), cells.get("longitude"))
    found = {
        "identities": _list(re.sub(r"\s", ";", cells.get("identities", ""))),
        "profile": profile,
        "attributes": {n: _scalar(c) for n, c in cells.items() if n not in CUSTOMER_COLUMNS},
        "interests": _list(cells.get("interests", "")),
        "preferences": {
            purpose: _list(cells[f"prefer_{purpose}"])
            for purpose in ("service", "marketing")
            if f"prefer_{purpose}" in cells
        },
        "consents": [_consent(entry) for entry in _list(cells.get("consents", ""))],
    }
    return said | {name: value for name, value in found.items() if value}


def _list(cell: str) -> list[str]:
    return [part for part in (p.strip() for p in cell.split(";")) if part]


def _scalar(cell: str) -> str | int | float | bool:
    if cell in ("true", "false"):
        return cell == "true"
    if not _NUMBER.fullmatch(cell):
        return cell
    return float(cell) if "." in cell else int(cell)


def _consent(entry: str) -> dict[str, str]:
    """`sms:marketing:granted`, and if known where and when: `…:web form:2026-03-01T10:00:00Z`."""
    channel, purpose, state, source, at = [*entry.split(":", 4), "", "", "", ""][:5]
    if not state:
        raise ValueError("consents: written channel:purpose:state, as in sms:marketing:granted")
    consent = {"channel": channel, "purpose": purpose, "state": state, "source": source or "import"}
    return {**consent, "at": at} if at else consent


def _orders(records: Iterable[tuple[int, Record]]) -> Iterator[Row[TransactionRow]]:
    """Consecutive rows of one order id as one order."""
    for order_id, group in groupby(records, key=lambda r: _order_id(r[1])):
        if order_id:
            yield from _order(list(group))
        else:
            yield from (_order_line(line, record, record) for line, record in group)


def _order_id(record: Record) -> str:
    return record.id if isinstance(record, Unreadable) else record.get("id", "")


def _order(rows: list[tuple[int, Record]]) -> Iterator[Row[TransactionRow]]:
    """One order out of its rows, or each row's reason."""
    readable = [(line, record) for line, record in rows if isinstance(record, dict)]
    first = readable[0][1] if readable else rows[0][1]
    read = [_order_line(line, first, record) for line, record in rows]
    bad = {row.line: row.reason for row in read if row.value is None}
    if bad:
        because = f"its order is refused for line {min(bad)}"
        yield from (Row(line, reason=bad.get(line) or because) for line, _ in rows)
        return
    lines = [{n: record[n] for n in _LINE if n in record} for _, record in readable]
    yield _validated(TransactionRow, rows[0][0], {**_head(readable[0][1]), "lines": lines})


def _head(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in _ORDER if name in record}


def _order_line(line: int, first: Record, record: Record) -> Row[TransactionRow]:
    if isinstance(record, Unreadable) or isinstance(first, Unreadable):
        return _validated(TransactionRow, line, record)
    head = _head(first)
    if _head(record) != head:
        return Row(line, reason="it differs from its order's first line in customer, time or store")
    cells = {name: record[name] for name in _LINE if name in record}
    return _validated(TransactionRow, line, {**head, "lines": [cells]})
