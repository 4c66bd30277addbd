"""What one bulk load is about: its files, its moment, and the folder that it is written to.

`FOLDER/items/` is what goes to S3, `FOLDER/later/` what `infra.load` takes afterwards,
`FOLDER/work/` what a load that broke off goes on from, `FOLDER/import.json` what became of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chalicelib.errors import ConflictError

from .frames import file_and_line

BUCKET_BYTES = 8 << 20
"""Of source files for each bucket, of which a process holds one at a time."""

MOST_BUCKETS = 256
"""Enough for 10 million customers: a process then holds some 300 MB. Files between two passes are
as many as buckets by buckets."""


@dataclass(frozen=True)
class Plan:
    """Files by their number: customers first. `now` dates the whole load."""

    customers: tuple[Path, ...]
    transactions: tuple[Path, ...]
    products: tuple[Path, ...]
    to: Path
    now: datetime
    buckets: int

    @property
    def files(self) -> tuple[Path, ...]:
        return self.customers + self.transactions

    @property
    def work(self) -> Path:
        return self.to / "work"

    @property
    def items(self) -> Path:
        return self.to / "items"

    @property
    def later(self) -> Path:
        return self.to / "later"

    @property
    def report(self) -> Path:
        return self.to / "import.json"

    def source(self, place: int) -> str:
        """Where a row stands, in words."""
        file, line = file_and_line(place)
        return f"line {line} of {self.files[file].name}"


def plan(
    customers: Sequence[Path],
    transactions: Sequence[Path],
    products: Sequence[Path],
    to: Path,
    now: datetime,
    buckets: int | None = None,
) -> Plan:
    """The plan, or the one begun in `to` with the same files, at its own moment.

    Raises ConflictError where `to` holds another load, or one that is through; OSError for a file
    that is not there.
    """
    if (to / "import.json").exists():
        raise ConflictError("the folder holds a load that is through; name another", folder=str(to))
    files = [*customers, *transactions, *products]
    stats = [(path, path.stat()) for path in files]
    told = [[str(path), stat.st_size, stat.st_mtime_ns] for path, stat in stats]
    size = sum(stat.st_size for _, stat in stats)
    begun = to / "work" / "plan.json"
    if begun.exists():
        state = json.loads(begun.read_text())
        if state["files"] != told:
            raise ConflictError("the folder holds a load of other files", folder=str(to))
        now, buckets = datetime.fromisoformat(state["now"]), state["buckets"]
    buckets = buckets or min(MOST_BUCKETS, 1 + size // BUCKET_BYTES)
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    begun.parent.mkdir(exist_ok=True)
    begun.write_text(json.dumps({"files": told, "now": now.isoformat(), "buckets": buckets}))
    return Plan(tuple(customers), tuple(transactions), tuple(products), to, now, buckets)
