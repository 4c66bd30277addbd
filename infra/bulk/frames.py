"""Rows on their way: small records in files of their bucket, read back in the order written.

A frame is `place` (8 bytes), the number of keys (2), the payload's length (4), 16 bytes a key, the
payload. Never here: what a payload says.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

KEY_BYTES = 16
FLUSH_BYTES = 1 << 16
"""What a bucket gathers before it goes to disk: no file stays open, however many there are."""

_HEAD = struct.Struct(">QHI")
_LINE_BITS = 40


class Frame(NamedTuple):
    """`place` says file and line (`place_of`), so that frames sort as their rows stand."""

    place: int
    keys: tuple[bytes, ...]
    payload: bytes


def place_of(file: int, line: int) -> int:
    """A row's place: the number of its file, and its line there."""
    return file << _LINE_BITS | line


def file_and_line(place: int) -> tuple[int, int]:
    """`place_of`, the other way."""
    return place >> _LINE_BITS, place & (1 << _LINE_BITS) - 1


def key_of(identity: str) -> bytes:
    """An identity as 16 bytes; two of 10^9 are alike once in 10^20."""
    return hashlib.blake2b(identity.encode(), digest_size=KEY_BYTES).digest()


def bucket_of(key: bytes, buckets: int) -> int:
    """Where everything with this key belongs."""
    return int.from_bytes(key[:8], "big") % buckets


class Buckets:
    """Files of one folder, one for each bucket that was given anything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: dict[int, bytearray] = {}

    def __enter__(self) -> Buckets:
        self._folder.mkdir(parents=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for bucket in self._waiting:
            self._flush(bucket)

    def add(self, bucket: int, frame: Frame) -> None:
        """Put a frame in."""
        waiting = self._waiting.setdefault(bucket, bytearray())
        waiting += _HEAD.pack(frame.place, len(frame.keys), len(frame.payload))
        for key in frame.keys:
            waiting += key
        waiting += frame.payload
        if len(waiting) >= FLUSH_BYTES:
            self._flush(bucket)

    def _flush(self, bucket: int) -> None:
        with (self._folder / str(bucket)).open("ab") as file:
            file.write(self._waiting[bucket])
        self._waiting[bucket] = bytearray()


def read_frames(folder: Path, bucket: int) -> Iterator[Frame]:
    """One bucket's frames; none where it was given none."""
    path = folder / str(bucket)
    if not path.exists():
        return
    with path.open("rb") as file:
        while head := file.read(_HEAD.size):
            place, keys, size = _HEAD.unpack(head)
            joined = file.read(KEY_BYTES * keys)
            split = range(0, len(joined), KEY_BYTES)
            yield Frame(place, tuple(joined[n : n + KEY_BYTES] for n in split), file.read(size))
