"""One file to which every change is appended before it is acknowledged, and read at the next start.

Lives here: lines of JSON, torn tails, compaction. Never here: what the records mean.

A line is one change: a JSON list of records that hold together or not at all. It is handed to the
operating system before the call that made it is answered, so that killing the process loses
nothing that was acknowledged; a crash of the machine itself may.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Record = list[Any]

_RECORDS_A_LINE = 200
"""While compacting: long enough to be quick, short enough that a torn line costs little."""


class Journal:
    """Append-only JSON lines at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damaged = 0
        """Lines that `read` could not understand and left out."""
        self.size_bytes = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._cut_torn_tail()
        self._file = path.open("ab", buffering=0)

    def read(self) -> Iterator[Record]:
        """Every whole record, oldest first."""
        with self._path.open("rb") as file:
            for line in file:
                try:
                    records = json.loads(line)
                except ValueError:
                    self.damaged += 1
                    continue
                yield from records

    def append(self, records: Iterable[Record]) -> None:
        """One change, in the hands of the operating system when this returns. Raises OSError."""
        line = _line(list(records))
        try:
            written = self._file.write(line)
            if written != len(line):
                raise OSError(errno.ENOSPC, "the journal took only part of a line")
        except OSError:
            # Half a line would spoil the next one too.
            self._file.truncate(self.size_bytes)
            raise
        self.size_bytes += len(line)

    def compact(self, records: Iterable[Record]) -> None:
        """Replace the whole journal by `records`, at once or not at all."""
        fresh, part = self._path.with_suffix(".new"), list[Record]()
        with fresh.open("wb") as file:
            for record in records:
                part.append(record)
                if len(part) == _RECORDS_A_LINE:
                    file.write(_line(part))
                    part = []
            file.write(_line(part) if part else b"")
        self._file.close()
        fresh.replace(self._path)
        self._file = self._path.open("ab", buffering=0)
        self.size_bytes = self._path.stat().st_size

    def close(self) -> None:
        self._file.close()

    def _cut_torn_tail(self) -> None:
        """A process killed while it wrote leaves half a line: it was never acknowledged."""
        if not self._path.exists():
            return
        with self._path.open("r+b") as file:
            self.size_bytes = end = file.seek(0, 2)
            while end > 0 and not self._ends_line(file, end):
                end = max(0, _last_line_end(file, end))
            if end < self.size_bytes:
                file.truncate(end)
                self.damaged += 1
                self.size_bytes = end

    @staticmethod
    def _ends_line(file: Any, end: int) -> bool:
        file.seek(end - 1)
        return bool(file.read(1) == b"\n")


def _last_line_end(file: Any, end: int, step: int = 65_536) -> int:
    """Just after the last newline before `end`, or how far back there is none."""
    start = max(0, end - step)
    file.seek(start)
    return start + int(file.read(end - start).rfind(b"\n")) + 1


def _line(records: list[Record]) -> bytes:
    return json.dumps(records, separators=(",", ":")).encode() + b"\n"
