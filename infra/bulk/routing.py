"""The passes over identities: whom two rows claim, and which bucket each order's customer is in.

Within one file the reader itself refuses what stands on two rows; here it is found across files.
The row that stands first has its customer written, the later one is left to the loader, which
merges. Never here: a customer or an order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from chalicelib.customers.orders import UNKNOWN_CUSTOMER

from .frames import Buckets, Frame, file_and_line, read_frames
from .plan import Plan
from .reading import Counts, fresh, part

UNWRITTEN = "its customer is refused here; load it after them, from later/"


def claimed_twice(plan: Plan, number: int) -> Counts:
    """The keys of one bucket that stand on several rows: `{"claims": [[key in hex, place], …]}`."""
    first: dict[bytes, int] = {}
    found: dict[bytes, list[int]] = {}
    for frame in _claims(plan, number):
        [key] = frame.keys
        if key in first:
            found.setdefault(key, [first[key]]).append(frame.place)
        else:
            first[key] = frame.place
    return {"claims": [[key.hex(), place] for key, places in found.items() for place in places]}


def refusals(claims: Iterable[tuple[str, int]]) -> dict[int, int]:
    """Which rows are refused, and for which earlier row: as if they were read one after another,
    and what a refused row states is free again."""
    keys: dict[int, list[str]] = {}
    for key, place in claims:
        keys.setdefault(place, []).append(key)
    taken: dict[str, int] = {}
    refused: dict[int, int] = {}
    for place in sorted(keys):
        earlier = [taken[key] for key in keys[place] if key in taken]
        if earlier:
            refused[place] = min(earlier)
        else:
            taken.update(dict.fromkeys(keys[place], place))
    return refused


def keep_refusals(plan: Plan, refused: dict[int, int]) -> None:
    """For the passes after this, whose processes know nothing of each other."""
    _refused_path(plan).write_text(json.dumps(list(refused.items())))
    refused_in.cache_clear()


def route(plan: Plan, number: int) -> Counts:
    """Send the orders of one bucket of identities to their customers' buckets."""
    refused = refused_in(_refused_path(plan))
    owners: dict[bytes, int] = {}
    unwritten: set[bytes] = set()
    for frame in _claims(plan, number):
        if frame.place in refused:
            unwritten.add(frame.keys[0])
        else:
            owners[frame.keys[0]] = int.from_bytes(frame.payload, "big")
    counts = {"rejected": 0, "later": 0}
    with (
        fresh(part(plan, "route", number)) as folder,
        Buckets(folder / "rows") as rows,
        Buckets(folder / "rejected") as rejected,
        Buckets(folder / "later") as later,
    ):
        for frame in _orders(plan, number):
            [key] = frame.keys
            if key in owners:
                rows.add(owners[key], frame)
                continue
            file, _ = file_and_line(frame.place)
            reason = UNWRITTEN if key in unwritten else UNKNOWN_CUSTOMER
            rejected.add(file, Frame(frame.place, (), reason.encode()))
            counts["rejected"] += 1
            if key in unwritten:
                later.add(file, frame)
                counts["later"] += 1
    return counts


@lru_cache(maxsize=1)
def refused_in(path: Path) -> dict[int, int]:
    """What `keep_refusals` kept."""
    return dict(json.loads(path.read_text()))


def refused_of(plan: Plan) -> dict[int, int]:
    """The places refused, each with the earlier place that it is refused for."""
    return refused_in(_refused_path(plan))


def _refused_path(plan: Plan) -> Path:
    return plan.work / "refused.json"


def _claims(plan: Plan, bucket: int) -> Iterator[Frame]:
    for number in range(len(plan.customers)):
        yield from read_frames(part(plan, "read", number) / "claims", bucket)


def _orders(plan: Plan, bucket: int) -> Iterator[Frame]:
    for number in range(len(plan.customers), len(plan.files)):
        yield from read_frames(part(plan, "read", number) / "rows", bucket)
