"""The file of a compiled catalog: named stretches of bytes behind a header, read where they lie.

    8 bytes   MAGIC
    u32       the format's number; u32 the header's length in bytes (both little-endian)
    header    JSON: what the writer wants known first, and {"sections": {name: [offset, length]}}
    sections  each beginning at a multiple of 8; offsets count from the end of the header's padding

Numbers in sections are little-endian, as every machine that runs this is. Nothing here knows what
the sections mean.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, Final, Literal

from ..errors import PermanentError

MAGIC: Final = b"REJOINDR"
FORMAT: Final = 1
_HEAD: Final = struct.Struct("<8sII")


def _aligned(length: int) -> int:
    return -(-length // 8) * 8


def write_sections(header: Mapping[str, Any], sections: Mapping[str, bytes]) -> bytes:
    """One file of these."""
    places, offset = {}, 0
    for name, content in sections.items():
        places[name] = [offset, len(content)]
        offset += _aligned(len(content))
    told = json.dumps({**header, "sections": places}, separators=(",", ":")).encode()
    start = _aligned(_HEAD.size + len(told))
    parts = [_HEAD.pack(MAGIC, FORMAT, len(told)), told, bytes(start - _HEAD.size - len(told))]
    for content in sections.values():
        parts += (content, bytes(_aligned(len(content)) - len(content)))
    return b"".join(parts)


class Pieces:
    """Many pieces of bytes that stand in a row, by number; `ends` says where each ends."""

    def __init__(self, row: memoryview, ends: memoryview[int]) -> None:
        self._row = row
        self._ends = ends

    def __getitem__(self, number: int) -> bytes:
        start = self._ends[number - 1] if number else 0
        return bytes(self._row[start : self._ends[number]])


class Sections:
    """A file of sections, read in place: `body` may be bytes or a memory map."""

    def __init__(self, body: Any) -> None:
        """Raises PermanentError for what is no such file, a truncated one, or another format."""
        view = memoryview(body)
        if len(view) < _HEAD.size:
            raise PermanentError("the compiled catalog is corrupt: it is cut off")
        magic, form, length = _HEAD.unpack_from(view)
        if magic != MAGIC:
            raise PermanentError("the compiled catalog is corrupt: it is another kind of file")
        if form != FORMAT:
            raise PermanentError(
                "the compiled catalog is of another format: publish the catalog again",
                format=form,
                wanted=FORMAT,
            )
        try:
            self.header: dict[str, Any] = json.loads(bytes(view[_HEAD.size : _HEAD.size + length]))
            start, found = _aligned(_HEAD.size + length), self.header["sections"].items()
            self._views = {n: view[start + at : start + at + size] for n, (at, size) in found}
            whole = all(start + at + size <= len(view) for _, (at, size) in found)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise PermanentError("the compiled catalog is corrupt: its header") from None
        if not whole:
            raise PermanentError("the compiled catalog is corrupt: it is cut off")

    def bytes_of(self, name: str) -> memoryview:
        """A section's bytes."""
        return self._views[name]

    def pieces(self, name: str, ends: str, code: Literal["I", "Q"] = "Q") -> Pieces:
        """A section of pieces, and the one of their ends, which are numbers of 4 or 8 bytes."""
        return Pieces(self.bytes_of(name), self.whole(ends, code))

    def whole(self, name: str, code: Literal["B", "H", "I", "Q"]) -> memoryview[int]:
        """A section as whole numbers of 1, 2, 4 or 8 bytes."""
        return self._views[name].cast(code)

    def floats(self, name: str) -> memoryview[float]:
        """A section as numbers of IEEE 754, 8 bytes each."""
        return self._views[name].cast("d")
