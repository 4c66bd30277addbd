"""Loads files of customers, transactions, products or stores into one stage, here or in the cloud.

    python -m infra.load customers|transactions|products|stores FILE … [--dry-run]

Bad rows go to `FILE.rejected.jsonl` with their line and reason, the good ones are loaded. A load
that broke off goes on where it was (`build/imports/`); repeating one changes nothing twice. Exit
code 0: every row is in; 2: some were rejected; 1: it could not be done. Never here: what a row
means, and how it is stored.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from chalicelib.customers.records import MAX_LINE_CHARACTERS
from chalicelib.documents import aws_calls
from chalicelib.errors import ConfigurationError, RejoinderError
from chalicelib.settings import Settings, load_settings

from .checkpoints import Checkpoint
from .kinds import KINDS, Kind, Read
from .progress import Progress, shown
from .shelves import Shelves

BATCH_ROWS = 200
READ_BYTES = 4 * MAX_LINE_CHARACTERS + 1
"""Of a longer line only this much is read: enough to be refused as too long."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of one file. `rows` counts customers, orders, products, stores."""

    rows: int
    rejected: int
    seconds: float

    @property
    def rows_a_second(self) -> float:
        return self.rows / self.seconds if self.seconds else 0.0


def load_file(
    kind: Kind,
    path: Path,
    shelves: Shelves | None,
    checkpoint: Checkpoint,
    *,
    now: datetime,
    progress: Progress,
    timer: Callable[[], float] = time.perf_counter,
) -> Loaded:
    """Load one file; without `shelves` only read it. Raises PayloadError for a file that cannot be
    read as a whole, TemporaryError when AWS fails: run it again."""
    started, resumed_at = timer(), checkpoint.rows
    total = checkpoint.lines
    with path.open("rb") as file, checkpoint.rejections() as reject:
        rows = kind.read(lines_of(file), path.name)
        remaining = islice(rows, checkpoint.rows, None)
        while batch := list(islice(remaining, kind.batch_rows or BATCH_ROWS)):
            for line, reason in kind.write(shelves, batch, now) if shelves else _bad(batch):
                reject(line, reason)
            checkpoint.advance(len(batch))
            progress(path.name, min(batch[-1].line, total), total)
    progress(path.name, total, total)
    checkpoint.finish()
    return Loaded(checkpoint.rows - resumed_at, checkpoint.rejected, timer() - started)


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The file's lines; the rest of an endless one is passed over without being held."""
    while line := file.readline(READ_BYTES):
        yield line
        while len(line) == READ_BYTES and not line.endswith(b"\n"):
            line = file.readline(READ_BYTES)


def _bad(batch: Sequence[Read]) -> Iterator[tuple[int, str]]:
    return ((row.line, row.reason) for row in batch if row.reason is not None)


def main(arguments: Sequence[str] | None = None, shelves: Shelves | None = None) -> int:
    """The command; `shelves` are the stage's own unless given."""
    asked = _parser().parse_args(arguments)
    try:
        with aws_calls():
            loaded = _load_all(asked, shelves)
    except (RejoinderError, ConfigurationError, OSError) as error:
        details = getattr(error, "details", None) or ""
        print(f"stopped: {error} {details}".rstrip(), file=sys.stderr)
        return 1
    return 2 if any(one.rejected for one in loaded) else 0


def _load_all(asked: argparse.Namespace, shelves: Shelves | None) -> list[Loaded]:
    settings = load_settings()
    target = f"{settings.stage} {settings.aws_endpoint_url or ''}"
    if asked.dry_run:
        shelves = None
    elif shelves is None:
        shelves = _stage(settings)
    return [_load(asked, path, shelves, target) for path in asked.files]


def _load(asked: argparse.Namespace, path: Path, shelves: Shelves | None, target: str) -> Loaded:
    label = "dry-run" if shelves is None else target
    checkpoint = Checkpoint.of(path, f"{asked.kind} {label}", asked.checkpoints)
    if checkpoint.rows:
        print(f"{path.name}: going on after {checkpoint.rows:,} rows", file=sys.stderr)
    with shown(sys.stderr) as progress:
        loaded = load_file(
            KINDS[asked.kind], path, shelves, checkpoint, now=datetime.now(UTC), progress=progress
        )
    where = f", see {checkpoint.rejected_path.name}" if loaded.rejected else ""
    done = "read" if shelves is None else "loaded"
    print(
        f"{path.name}: {done} {loaded.rows:,} rows in {loaded.seconds:.1f} s"
        f" ({loaded.rows_a_second:,.0f} a second), {loaded.rejected:,} rejected{where}"
    )
    return loaded


def _stage(settings: Settings) -> Shelves:
    from chalicelib import wiring

    rooms = wiring.build(settings)
    rooms.assortment.refresh(rooms.clock())
    return Shelves.of(rooms)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.load", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("kind", choices=list(KINDS))
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--dry-run", action="store_true", help="read and report, load nothing")
    parser.add_argument(
        "--checkpoints", type=Path, default=Path("build/imports"), help="where loads are resumed"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
