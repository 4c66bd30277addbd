"""Tables in plain text that Markdown reads too, and bills in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from .billing import MILLION, Line, total

Row = Sequence[str]
SHOWN = 2
"""Of several ways in which the units of one line came about."""


def table(head: Row, rows: Iterable[Row]) -> str:
    """A table; columns of numbers are flush right."""
    body = [list(head), *map(list, rows)]
    widths = [max(len(row[n]) for row in body) for n in range(len(head))]
    numbers = [all(map(_is_number, (row[n] for row in body[1:]))) for n in range(len(head))]
    columns = list(zip(widths, numbers, strict=True))
    rule = "|".join("-" * (w + 1) + (":" if right else "-") for w, right in columns)
    lines = [_line(row, columns) for row in body]
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]])


def bill(lines: Sequence[Line]) -> str:
    """By stage: units of one interaction, and dollars of a million of them."""
    head = ("stage", "units", "of", "usd each", "usd a million", "how")
    return table(head, _rows(lines, MILLION))


def monthly(lines: Sequence[Line]) -> str:
    """By stage: units and dollars of a month."""
    return table(("stage", "units", "of", "usd each", "usd a month", "how"), _rows(lines, 1))


def by_price(lines: Iterable[Line]) -> dict[str, float]:
    """Dollars by what is paid for, most first."""
    found: dict[str, float] = {}
    for line in lines:
        found[line.price.what] = found.get(line.price.what, 0) + line.usd
    return dict(sorted(found.items(), key=lambda named: -named[1]))


def _rows(lines: Sequence[Line], times: int) -> Iterator[Row]:
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.stage, line.price.what), []).append(line)
    for (stage, _), same in groups.items():
        price, units = same[0].price, sum(line.units for line in same)
        told = list(dict.fromkeys(line.shown for line in same))
        more = f"; and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
        how, each = "; ".join(told[:SHOWN]) + more, f"{price.usd / price.per:.3g}"
        yield stage, _units(units), price.unit, each, f"{total(same) * times:.2f}", how
    yield "all", "", "", "", f"{total(lines) * times:.2f}", ""


def _units(units: float) -> str:
    return f"{units:,.0f}" if units >= 100 else f"{units:.3g}"


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[\d.,e+-]*%?", cell) is not None


def _line(row: Row, columns: Sequence[tuple[int, bool]]) -> str:
    cells = zip(row, columns, strict=True)
    told = (cell.rjust(w) if right else cell.ljust(w) for cell, (w, right) in cells)
    return f"| {' | '.join(told)} |"
