"""Feeds of products and stores, row by row: good rows parsed, bad ones with line and reason.

Lives here: the file formats. Never here: what attributes mean (`merchant.py`), where products go
(`imports.py`).

TSV and CSV have a header row; their quoting is that of Python's `excel-tab` and `excel` dialects.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from ..errors import PayloadError
from ..model import Product, Store
from .merchant import REASON_LENGTH, REQUIRED, attribute_name, product_of, reason_of

FeedFormat = Literal["tsv", "csv", "jsonl", "json"]

MAX_ROW_CHARACTERS = 65_536

_BY_EXTENSION: dict[str, FeedFormat] = {
    "tsv": "tsv",
    "txt": "tsv",
    "csv": "csv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "json",
}
_BY_CONTENT_TYPE: dict[str, FeedFormat] = {
    "text/tab-separated-values": "tsv",
    "text/plain": "tsv",
    "text/csv": "csv",
    "application/jsonl": "jsonl",
    "application/x-ndjson": "jsonl",
    "application/x-jsonlines": "jsonl",
    "application/json": "json",
}


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A product, or the reason why there is none; `line` counts from 1 (in a JSON list, items)."""

    line: int
    product: Product | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A store, or the reason why there is none."""

    line: int
    store: Store | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    values: Mapping[str, Any] | None = None
    reason: str | None = None


Parsed = TypeVar("Parsed", Product, Store)


def feed_format(content_type: str | None = None, name: str | None = None) -> FeedFormat:
    """The format by file name or content type; PayloadError when neither is known."""
    extension = (name or "").rpartition(".")[2].lower()
    media_type = (content_type or "").partition(";")[0].strip().lower()
    found = _BY_EXTENSION.get(extension) or _BY_CONTENT_TYPE.get(media_type)
    if found is None:
        raise PayloadError("a feed is TSV, CSV, JSON lines or a JSON list")
    return found


def read_feed(source: bytes | Iterable[str], form: FeedFormat = "tsv") -> Iterator[FeedRow]:
    """One row per product. PayloadError when the file as a whole cannot be read: no header, a
    header without the required attributes, a body that is not a JSON list."""
    for line, product, reason in _parsed(_records(source, form), product_of):
        yield FeedRow(line, product, reason)


def read_stores(source: bytes | Iterable[str], form: FeedFormat = "jsonl") -> Iterator[StoreRow]:
    """One row per store, from JSON lines or a JSON list; PayloadError for other formats."""
    if form not in ("jsonl", "json"):
        raise PayloadError("stores come as JSON lines or a JSON list")
    for line, store, reason in _parsed(_records(source, form), _store_of):
        yield StoreRow(line, store, reason)


def _parsed(
    records: Iterable[_Record], parse: Callable[[Mapping[str, Any]], Parsed]
) -> Iterator[tuple[int, Parsed | None, str | None]]:
    first_lines = dict[str, int]()
    for record in records:
        if record.values is None:
            yield record.line, None, record.reason
            continue
        try:
            found = parse(record.values)
        except ValueError as error:
            yield record.line, None, str(error)[:REASON_LENGTH]
            continue
        first = first_lines.setdefault(found.id, record.line)
        if first != record.line:
            yield record.line, None, f"id: stands on line {first} already"
        else:
            yield record.line, found, None


def _store_of(values: Mapping[str, Any]) -> Store:
    try:
        return Store.model_validate(values)
    except ValidationError as error:
        raise ValueError(reason_of(error)) from None


def _records(source: bytes | Iterable[str], form: FeedFormat) -> Iterator[_Record]:
    lines = _lines(source)
    if form == "jsonl":
        return _json_lines(lines)
    if form == "json":
        return _json_list(lines)
    return _table(lines, "excel-tab" if form == "tsv" else "excel")


def _lines(source: bytes | Iterable[str]) -> Iterator[str]:
    """Text lines; bytes that are not UTF-8 become lone surrogates, which cost their row only."""
    if isinstance(source, bytes):
        chunks = source.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        return (chunk.decode("utf-8", "surrogateescape") + "\n" for chunk in chunks)
    return iter(source)


def _table(lines: Iterator[str], dialect: str) -> Iterator[_Record]:
    reader = csv.reader(lines, dialect)
    names = _header(reader)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _Record(line, reason=f"row: {error}")
            continue
        if any(cell.strip() for cell in cells):
            yield _row(line, names, cells)


def _header(reader: Iterator[list[str]]) -> list[str]:
    try:
        names = [attribute_name(cell.removeprefix("\ufeff")) for cell in next(reader)]
    except StopIteration:
        raise PayloadError("the feed is empty") from None
    except csv.Error as error:
        raise PayloadError(f"the feed's header cannot be read: {error}") from None
    if missing := [name for name in REQUIRED if name not in names]:
        raise PayloadError("the feed's header lacks attributes", missing=missing)
    if not all(name.isprintable() for name in names):
        raise PayloadError("the feed's header is not text")
    return names


def _row(line: int, names: list[str], cells: list[str]) -> _Record:
    if reason := _unreadable("".join(cells)):
        return _Record(line, reason=reason)
    if any(cell.strip() for cell in cells[len(names) :]):
        return _Record(line, reason=f"row: {len(cells)} columns, the header has {len(names)}")
    values = dict[str, str]()
    for name, cell in zip(names, cells, strict=False):
        if cell.strip():
            # A repeated attribute (additional_image_link) keeps its first value.
            values.setdefault(name, cell)
    return _Record(line, values)


def _unreadable(text: str) -> str | None:
    if len(text) > MAX_ROW_CHARACTERS:
        return f"row: over {MAX_ROW_CHARACTERS} characters"
    if "\0" in text:
        return "row: holds a NUL byte"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "row: is not UTF-8"
    return None


def _json_lines(lines: Iterator[str]) -> Iterator[_Record]:
    for line, text in enumerate(lines, 1):
        if not text.strip():
            continue
        if reason := _unreadable(text):
            yield _Record(line, reason=reason)
            continue
        try:
            found = from_json(text, allow_inf_nan=False)
        except ValueError as error:
            yield _Record(line, reason=f"row: is not JSON: {error}")
            continue
        yield _json_record(line, found)


def _json_list(lines: Iterator[str]) -> Iterator[_Record]:
    try:
        found = from_json("".join(lines).encode(), allow_inf_nan=False)
    except ValueError as error:
        raise PayloadError(f"the feed is not JSON: {error}") from None
    if not isinstance(found, list):
        raise PayloadError("the feed is not a JSON list")
    for position, entry in enumerate(found, 1):
        reason = _unreadable(to_json(entry).decode())
        yield _Record(position, reason=reason) if reason else _json_record(position, entry)


def _json_record(line: int, found: Any) -> _Record:
    if not isinstance(found, dict):
        return _Record(line, reason="row: is not a JSON object")
    return _Record(line, found)
