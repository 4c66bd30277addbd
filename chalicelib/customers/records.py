"""Files as records, one at a time: the lines of a CSV or JSON lines file, read tolerantly.

Whatever a line holds, it costs at most the record that it belongs to. Never here: what a record
means (rows.py).
"""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple, NoReturn

from ..errors import PayloadError

Format = Literal["csv", "jsonl"]

MAX_LINE_CHARACTERS = 65_536
MAX_RECORD_LINES = 50


class Unreadable(NamedTuple):
    """Why a record cannot be read, and whose it seems to be: the bare text of its id's cell."""

    reason: str
    id: str = ""


Record = dict[str, Any] | Unreadable


def read_records(
    lines: Iterable[str | bytes],
    format: Format,
    required: tuple[str, ...],
    known: tuple[str, ...] | None = None,
) -> Iterator[tuple[int, Record]]:
    """Each record with its first line in the file (from 1); cells that are empty are left out.

    A CSV header must have the `required` columns and, if given, only `known` ones; raises
    PayloadError otherwise.
    """
    text = _numbered(lines)
    return _json_records(text) if format == "jsonl" else _csv_records(text, required, known)


def _numbered(lines: Iterable[str | bytes]) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(lines, start=1):
        line = raw.decode("utf-8", "surrogateescape") if isinstance(raw, bytes) else raw
        yield number, line.removeprefix("\ufeff") if number == 1 else line


def _fault(line: str) -> str | None:
    """Why a line cannot be read at all."""
    if len(line) > MAX_LINE_CHARACTERS:
        return f"the line is over {MAX_LINE_CHARACTERS} characters"
    if "\0" in line:
        return "the line has a NUL character"
    if any("\ud800" <= character <= "\udfff" for character in line):
        return "the line is not UTF-8"
    return None


def _json_records(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, Record]]:
    for number, line in lines:
        if fault := _fault(line):
            yield number, Unreadable(fault)
        elif line.strip():
            yield number, _json_record(line)


def _json_record(line: str) -> Record:
    try:
        record = json.loads(line, parse_float=_exact, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return Unreadable("the line is not JSON")
    if not isinstance(record, dict):
        return Unreadable("the line is not a JSON object")
    return record


def _exact(text: str) -> float:
    number = float(text)
    return number if abs(number) < 1e300 else _refuse_constant(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError("JSON has no NaN and no Infinity")


def _csv_records(
    lines: Iterator[tuple[int, str]], required: tuple[str, ...], known: tuple[str, ...] | None
) -> Iterator[tuple[int, Record]]:
    first = next(((n, text) for n, text in lines if text.strip()), None)
    if first is None:
        return
    header = _header(first[1], required, known)
    waiting: deque[tuple[int, str]] = deque()
    while taken := _take_record(lines, waiting):
        number, text = taken[0]
        fault = next((f for _, line in taken if (f := _fault(line))), None)
        cells = fault or _cells("".join(line for _, line in taken), header)
        if isinstance(cells, dict):
            yield number, cells
            continue
        # A stray quote may have swallowed good rows: only its own line is refused.
        waiting.extendleft(reversed(taken[1:]))
        if text.strip():
            bare = [cell.strip('" \r\n') for cell in text.split(",")]
            place = header.index("id")
            yield number, Unreadable(cells, bare[place] if place < len(bare) else "")


def _header(line: str, required: tuple[str, ...], known: tuple[str, ...] | None) -> tuple[str, ...]:
    if fault := _fault(line):
        raise PayloadError(f"the header: {fault}")
    names = tuple(name.strip() for name in next(csv.reader([line])))
    missing = [name for name in required if name not in names]
    unknown = [name for name in names if known is not None and name not in known]
    if missing or unknown or len(set(names)) < len(names):
        raise PayloadError(
            "the header lacks a column, has one that is not known, or has one twice",
            missing=missing,
            unknown=unknown[:20],
        )
    return names


def _take_record(
    lines: Iterator[tuple[int, str]], waiting: deque[tuple[int, str]]
) -> list[tuple[int, str]]:
    """The lines of one record: a quoted cell may run over several, an unclosed quote does not."""
    taken: list[tuple[int, str]] = []
    quotes = 0
    while len(taken) < MAX_RECORD_LINES:
        line = waiting.popleft() if waiting else next(lines, None)
        if line is None:
            break
        taken.append(line)
        quotes += line[1].count('"')
        if quotes % 2 == 0:
            break
    return taken


def _cells(text: str, header: tuple[str, ...]) -> dict[str, str] | str:
    """The cells that are not empty, or why the text has none."""
    if text.count('"') % 2:
        return "a quote is not closed"
    try:
        cells = next(csv.reader(text.splitlines(keepends=True), strict=True), [])
    except csv.Error:
        return "the line is not CSV"
    if len(cells) != len(header):
        return f"the line has {len(cells)} cells, the header {len(header)}"
    named = zip(header, (cell.strip() for cell in cells), strict=True)
    return {name: cell for name, cell in named if cell}
