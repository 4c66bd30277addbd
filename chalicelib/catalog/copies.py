"""Copies of large artifacts on this machine's disk: read only where they are looked at, found again
by the next process.

Lives here: where a copy lies, how it is known to be whole, how many stay. Never here: what is in
it, and where it comes from.

A copy is the file `<stage>-<version>.<tag>`: the body, then 8 bytes as a gzip member ends, CRC-32
and length (RFC 1952, 2.3.1). It is written under another name and renamed once it is whole.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from ..files import opened

log = logging.getLogger(__name__)

Body = Any
"""Bytes, or a file that is read where it is looked at: its slices are bodies, `bytes()` reads."""

Pieces = Callable[[], Iterable[bytes]]
"""The parts of a body, from the first one on at each call."""

KEPT: Final = 3
_TAIL: Final = struct.Struct("<II")
_AT_ONCE: Final = 1 << 18
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_TAG: Final = re.compile(r"[0-9A-Za-z-]{1,80}")


class Copy(NamedTuple):
    """A copy that was found whole; `tag` is that of the object which it was made from."""

    tag: str
    body: Body


class Copies:
    """Those of one stage, in a directory that is ours alone; in memory where there is none."""

    def __init__(self, directory: Path | None, stage: str = "") -> None:
        self._directory = directory
        self._stage = stage

    def find(self, version: str) -> Copy | None:
        """The copy of this version, if there is one and it is whole."""
        for path in self._paths(version):
            try:
                body = _read(path)
                os.utime(path)
            except OSError:
                continue
            if body is not None:
                return Copy(path.suffix[1:], body)
            _drop(path)
        return None

    def keep(self, version: str, tag: str, pieces: Pieces) -> Body:
        """The body made of these pieces: on disk, or else in memory."""
        directory = self._own_directory()
        if directory is None or not _TAG.fullmatch(tag):
            return b"".join(pieces())
        path = directory / f"{self._stage}-{version}.{tag}"
        for left in (KEPT - 1, 0):
            self._drop_all_but(left)
            try:
                return _written(path, pieces())
            except OSError as error:
                log.warning("no copy of the catalog on disk: %s", error.strerror)
        return b"".join(pieces())

    def _own_directory(self) -> Path | None:
        """The directory, made if need be; None where anybody else has a hand in it."""
        if self._directory is None:
            return None
        try:
            self._directory.mkdir(mode=stat.S_IRWXU, exist_ok=True)
            found = self._directory.lstat()
        except OSError:
            return None
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
        return self._directory if ours and not found.st_mode & _OTHERS else None

    def _paths(self, wanted: str | None = None) -> list[Path]:
        """The stage's copies, of one version or of all, the last used first."""
        directory, found = self._own_directory(), list[tuple[float, Path]]()
        for path in directory.iterdir() if directory else ():
            stage, _, version = path.stem.rpartition("-")
            if stage == self._stage and wanted in (None, version):
                with suppress(OSError):  # another process may be first to remove it
                    found.append((path.stat().st_mtime, path))
        return [path for _, path in sorted(found, reverse=True)]

    def _drop_all_but(self, left: int) -> None:
        """A removed copy stays what it is for whoever has it open."""
        for path in self._paths()[left:]:
            _drop(path)


def _written(path: Path, pieces: Iterable[bytes]) -> Body:
    """Write a copy and open it. Raises OSError, with nothing left behind."""
    with tempfile.NamedTemporaryFile(prefix="part-", dir=path.parent, delete=False) as file:
        part = Path(file.name)
        try:
            crc, length = 0, 0
            for piece in pieces:
                crc, length = zlib.crc32(piece, crc), length + len(piece)
                file.write(piece)
            file.write(_TAIL.pack(crc, length & 0xFFFFFFFF))
            file.flush()
            whole = opened(part)
            part.replace(path)
        except BaseException:
            _drop(part)
            raise
    return whole[: -_TAIL.size]


def _read(path: Path) -> Body | None:
    """The body of a copy, None when it is not whole. Raises OSError."""
    whole = opened(path)
    body, crc = whole[: -_TAIL.size], 0
    for start in range(0, len(body), _AT_ONCE):
        crc = zlib.crc32(bytes(body[start : start + _AT_ONCE]), crc)
    tail = _TAIL.pack(crc, len(body) & 0xFFFFFFFF)
    return body if len(body) and tail == bytes(whole[-_TAIL.size :]) else None


def _drop(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
