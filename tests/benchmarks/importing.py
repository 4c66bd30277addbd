"""How fast customers and transactions go in, offline and online, and what 10 million cost.

    python -m tests.benchmarks.importing

Offline is the whole of `infra.bulk` on all processors; online is one `infra.load` against a
DynamoDB in memory, which answers at once and counts. CPU time carries the projection
(import_paper.py), for others may work on the machine. Ends with one line of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chalicelib import wiring
from chalicelib.settings import load_settings
from infra.bulk.passes import run
from infra.bulk.plan import plan
from infra.checkpoints import Checkpoint
from infra.kinds import KINDS, Kind
from infra.load import load_file
from infra.progress import silent
from infra.shelves import Shelves

from .extract import ORDERS_A_CUSTOMER, write_extract
from .import_paper import Measured, Online, on_paper
from .metered import Metered

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CUSTOMERS, ONLINE_CUSTOMERS = 6_000, 500
FILES = 2

ONLINE_BATCH = 100
"""Rows of the loader's batch of orders here: of so few, as few share a customer as of its 2,000
where there are millions of customers."""


@dataclass(frozen=True)
class Spent:
    """Seconds on the wall, and of CPU in all processes that ended meanwhile."""

    wall: float
    cpu: float


def main() -> int:
    """Measure; print the projection and the JSON line."""
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder), CUSTOMERS, ONLINE_CUSTOMERS, os.cpu_count() or 1)
    print(on_paper(measured))
    print(json.dumps({"bench": "import", **measured.figures()}))
    return 0


def measure(folder: Path, customers: int, online_customers: int, processes: int) -> Measured:
    """Both paths over an extract of so many customers each, written below `folder`."""
    people, orders = write_extract(_made(folder / "many"), customers, FILES, NOW)

    def offline(name: str, of: list[Path]) -> tuple[dict[str, Any], Spent]:
        planned = plan(people, of, [], folder / name, NOW, FILES)
        return _spent(lambda: run(planned, processes, silent))

    _, alone = offline("alone", [])
    report, whole = offline("whole", orders)
    count = customers * ORDERS_A_CUSTOMER
    few = write_extract(_made(folder / "few"), online_customers, 1, NOW)
    client = Metered()
    return Measured(
        processes=processes,
        customers_per_second=customers / alone.wall,
        transactions_per_second=count / max(whole.wall - alone.wall, 1e-9),
        customer_cpu=alone.cpu / customers,
        order_cpu=(whole.cpu - alone.cpu) / count,
        online_customer=_online("customers", few[0][0], client, online_customers),
        online_order=_online(
            "transactions", few[1][0], client, online_customers * ORDERS_A_CUSTOMER
        ),
        bytes=report["bytes"] / customers,
        gzip_bytes=report["gzip_bytes"] / customers,
        items=report["items"] / customers,
        source_bytes=sum(path.stat().st_size for path in (*people, *orders)) / customers,
    )


def _online(kind: str, path: Path, client: Metered, rows: int) -> Online:
    """One file by the loader."""
    shelves = Shelves.of(wiring.build(load_settings(), client=lambda service: client))
    read = KINDS[kind]
    batch = ONLINE_BATCH if kind == "transactions" else None
    checkpoint = Checkpoint.of(path, kind, path.parent / "checkpoints")
    before = (client.calls, client.reads, client.writes)
    loaded, spent = _spent(
        lambda: load_file(
            Kind(read.read, read.write, batch),
            path,
            shelves,
            checkpoint,
            now=NOW,
            progress=silent,
        )
    )
    if (loaded.rows, loaded.rejected) != (rows, 0):
        raise AssertionError(f"{loaded} of {rows} rows of {kind}")
    after = (client.calls, client.reads, client.writes)
    calls, reads, writes = ((b - a) / rows for a, b in zip(before, after, strict=True))
    return Online(rows / spent.wall, spent.cpu / rows, calls, reads, writes)


def _spent(work: Callable[[], Any]) -> tuple[Any, Spent]:
    wall, cpu = time.perf_counter(), _cpu()
    done = work()
    return done, Spent(time.perf_counter() - wall, _cpu() - cpu)


def _cpu() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


if __name__ == "__main__":
    raise SystemExit(main())
