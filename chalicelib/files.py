"""Large files of which little is ever needed: read where they are looked at, and nowhere else.

A memory map would do the same, but for the memory that it takes: newer kernels map a file's large
folios whole, as much as 2 MB for every byte that is touched.
"""

from __future__ import annotations

import os
from pathlib import Path
from weakref import finalize


class Stretch:
    """Bytes of a file that are not read yet. Slices are stretches, `bytes()` reads."""

    __slots__ = ("_end", "_file", "_start")

    def __init__(self, file: _Open, start: int, end: int) -> None:
        self._file = file
        self._start = start
        self._end = end

    def __len__(self) -> int:
        return self._end - self._start

    def __getitem__(self, part: slice) -> Stretch:
        first, length = self._start, self._end - self._start
        start, end, _ = part.indices(length)
        return Stretch(self._file, first + start, first + max(start, end))

    def __bytes__(self) -> bytes:
        start = self._start
        return os.pread(self._file.number, self._end - start, start)


class _Open:
    """An open file; closed when no stretch of it is left."""

    def __init__(self, path: Path) -> None:
        self.number = os.open(path, os.O_RDONLY)
        finalize(self, os.close, self.number)


def opened(path: Path) -> Stretch:
    """All of a file, which stays readable if it is removed or replaced. Raises OSError."""
    file = _Open(path)
    return Stretch(file, 0, os.fstat(file.number).st_size)
