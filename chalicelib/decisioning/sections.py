"""The file of a compiled catalog: named stretches of bytes behind a header, read when asked for.

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
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from pydantic_core import from_json

from ..errors import PermanentError

MAGIC: Final = b"REJOINDR"
FORMAT: Final = 1
Code = Literal["B", "I", "Q", "d"]
"""Whole numbers of 1, 4 or 8 bytes, and those of IEEE 754 of 8 bytes."""
_PAGE_BITS: Final = 7
_PAGE: Final = 1 << _PAGE_BITS
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


class Numbers(Sequence[Any]):
    """Numbers that stand in a row, read a page at a time."""

    def __init__(self, row: Any, code: Code) -> None:
        self._row = row
        self._code = code
        self._width = struct.calcsize(code)
        self._pages: dict[int, memoryview[Any]] = {}

    def __len__(self) -> int:
        return len(self._row) // self._width

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return self._read(*at.indices(len(self))[:2])
        number, place = at >> _PAGE_BITS, at & _PAGE - 1
        page = self._pages.get(number)
        if page is None:
            first = number * _PAGE
            page = self._pages[number] = self._read(first, min(first + _PAGE, len(self)))
        return page[place]

    def _read(self, start: int, end: int) -> memoryview[Any]:
        part = bytes(self._row[start * self._width : end * self._width])
        return memoryview(part).cast(self._code)


class Pieces:
    """Many pieces of bytes that stand in a row, by number; `ends` says where each ends."""

    def __init__(self, row: Any, ends: Sequence[int]) -> None:
        self._row = row
        self._ends = ends

    def __getitem__(self, number: int) -> bytes:
        start, end = self._ends[number - 1 : number + 1] if number else (0, self._ends[0])
        return bytes(self._row[start:end])


class Sections:
    """A file of sections. `body` is bytes, a memory map, or whatever else has a length and can be
    sliced, and of whose slices `bytes()` gives what is in them: no more is read than is needed."""

    def __init__(self, body: Any) -> None:
        """Raises PermanentError for what is no such file, a truncated one, or another format."""
        view = _sliceable(body)
        if len(view) < _HEAD.size:
            raise PermanentError("the compiled catalog is corrupt: it is cut off")
        magic, form, length = _HEAD.unpack(bytes(view[: _HEAD.size]))
        if magic != MAGIC:
            raise PermanentError("the compiled catalog is corrupt: it is another kind of file")
        if form != FORMAT:
            raise PermanentError(
                "the compiled catalog is of another format: publish the catalog again",
                format=form,
                wanted=FORMAT,
            )
        try:
            self.header: dict[str, Any] = from_json(bytes(view[_HEAD.size : _HEAD.size + length]))
            start, found = _aligned(_HEAD.size + length), self.header["sections"].items()
            self._parts = {n: view[start + at : start + at + size] for n, (at, size) in found}
            whole = all(start + at + size <= len(view) for _, (at, size) in found)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise PermanentError("the compiled catalog is corrupt: its header") from None
        if not whole:
            raise PermanentError("the compiled catalog is corrupt: it is cut off")

    def bytes_of(self, name: str) -> Any:
        """A section's bytes, which are not read yet: to be sliced, and read with `bytes()`."""
        return self._parts[name]

    def pieces(
        self, name: str, ends: str, code: Literal["I", "Q"] = "Q", *, at_once: bool = False
    ) -> Pieces:
        """A section of pieces, and the one of their ends, which are numbers of 4 or 8 bytes. Each
        piece is read by itself, or all `at_once`."""
        if at_once:
            return Pieces(self.whole(name, "B"), self.whole(ends, code))
        return Pieces(self._parts[name], self.numbers(ends, code))

    def whole(self, name: str, code: Code) -> memoryview[Any]:
        """A section of numbers, read at once: for those that are looked at all the time."""
        part = self._parts[name]
        return (part if isinstance(part, memoryview) else memoryview(bytes(part))).cast(code)

    def numbers(self, name: str, code: Code) -> Any:
        """A section of numbers, of which each is read when it is looked at."""
        part = self._parts[name]
        return part.cast(code) if isinstance(part, memoryview) else Numbers(part, code)


def _sliceable(body: Any) -> Any:
    """What does not copy when it is sliced."""
    try:
        return memoryview(body)
    except TypeError:
        return body
