"""The demo shop as an operator brings it into a stage: call by call, over HTTP.

Lives here: which calls those are. Never here: who makes them. It is early afternoon where Joe
lives, whenever this runs: offers are made at decent hours only, and the shop is to make him one.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..local.shop import FOLDER, WEEK, WRITTEN_AT, read_shop

JOE = "joe"
AFTERNOON = 14
TRAIL_OFFER = "trail-10"
FEW_OFFERS = (TRAIL_OFFER, "socks-3for2", "proofing")


@dataclass(frozen=True)
class Said:
    """One call of an operator's."""

    method: str
    path: str
    body: bytes = field(repr=False)


def calls(now: datetime, *, short: bool) -> Iterator[Said]:
    """All of the shop; or Joe, the products and a few of the stores and offers."""
    for store in _json_lines("stores.jsonl")[: 3 if short else None]:
        yield _json("PUT", f"/stores/{store.pop('id')}", store)
    yield _json("POST", "/products/import", list(_rows("products.tsv", "\t")))
    customers = [c for c in _json_lines("customers.jsonl") if not short or c["id"] == JOE]
    yield _json("POST", "/customers/import", [_awake(c, now) for c in customers])
    yield Said("POST", "/customers/import?kind=transactions", _transactions(now, short=short))
    for offer in read_shop(now).offers:
        if not short or offer.id in FEW_OFFERS:
            yield _json("PUT", f"/offers/{offer.id}", offer.model_dump(mode="json"))
    yield _json("POST", "/catalog/publish", {"confirm": True})


def afternoon_zone(now: datetime) -> str:
    """A time zone in which it is two in the afternoon; named, as POSIX does, by what is west."""
    ahead = (AFTERNOON - now.hour + 11) % 24 - 11
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def _awake(customer: dict[str, Any], now: datetime) -> dict[str, Any]:
    if customer["id"] != JOE:
        return customer
    return {**customer, "profile": {**customer["profile"], "time_zone": afternoon_zone(now)}}


def _transactions(now: datetime, *, short: bool) -> bytes:
    """As written, moved by whole weeks as the local run's are."""
    moved = (now - WRITTEN_AT) // WEEK * WEEK
    rows = [r for r in _rows("transactions.csv", ",") if not short or r["customer"] == JOE]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    for row in rows:
        at = datetime.fromisoformat(row["at"]) + moved
        writer.writerow({**row, "at": f"{at:%Y-%m-%dT%H:%M:%SZ}"})
    return text.getvalue().encode()


def _rows(name: str, delimiter: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def _json_lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text("utf-8").splitlines()]


def _json(method: str, path: str, document: Mapping[str, Any] | list[Any]) -> Said:
    return Said(method, path, json.dumps(document).encode())
