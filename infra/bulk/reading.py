"""The first pass: each file is read as the loader reads it, and its rows go to their buckets.

A customer's row goes where its `user:` identity belongs, and a claim for each identity where that
one belongs; an order goes where the identity belongs that it names its customer by. Never here: who
an order's customer is, which only all claims together say (routing.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..kinds import KINDS
from ..load import lines_of
from .frames import Buckets, Frame, bucket_of, key_of, place_of
from .plan import Plan

Counts = dict[str, Any]
OWNER_BYTES = 2


def part(plan: Plan, phase: str, number: int) -> Path:
    """The folder of one task."""
    return plan.work / phase / str(number)


@contextmanager
def fresh(folder: Path) -> Iterator[Path]:
    """A task's folder, without what an attempt left there that broke off."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield folder


def read(plan: Plan, number: int) -> Counts:
    """Read one file; answers how many rows are good and how many were rejected."""
    customers = number < len(plan.customers)
    kind, path = KINDS["customers" if customers else "transactions"], plan.files[number]
    counts = {"rows": 0, "rejected": 0}
    with (
        fresh(part(plan, "read", number)) as folder,
        Buckets(folder / "rows") as rows,
        Buckets(folder / "claims") as claims,
        Buckets(folder / "rejected") as rejected,
        path.open("rb") as file,
    ):
        for row in kind.read(lines_of(file), path.name):
            place = place_of(number, row.line)
            if row.value is None:
                rejected.add(number, Frame(place, (), (row.reason or "").encode()))
                counts["rejected"] += 1
                continue
            counts["rows"] += 1
            payload = row.value.model_dump_json(exclude_defaults=True).encode()
            if customers:
                _place_customer(plan, Frame(place, _keys(row.value), payload), rows, claims)
            else:
                key = key_of(row.value.customer)
                rows.add(bucket_of(key, plan.buckets), Frame(place, (key,), payload))
    return counts


def _keys(customer: Any) -> tuple[bytes, ...]:
    """Of all that a customer is known by: the id's first."""
    known_by = dict.fromkeys((f"user:{customer.id}", *customer.identities))
    return tuple(key_of(identity) for identity in known_by)


def _place_customer(plan: Plan, frame: Frame, rows: Buckets, claims: Buckets) -> None:
    owner = bucket_of(frame.keys[0], plan.buckets)
    rows.add(owner, frame)
    told = owner.to_bytes(OWNER_BYTES, "big")
    for key in frame.keys:
        claims.add(bucket_of(key, plan.buckets), Frame(frame.place, (key,), told))
