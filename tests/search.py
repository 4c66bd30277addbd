"""A search for bytes in whatever a machine keeps: as they are, and in what is packed or encoded."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

DEPTH = 3
"""How many wrappings are taken off: zlib in base64 in JSON, say."""

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}={0,2}")


def spellings(text: str) -> set[bytes]:
    """A text as it may be written: plain, in JSON, in a URL."""
    escaped = json.dumps(text)[1:-1]
    return {form.encode() for form in (text, escaped, json.dumps(escaped)[1:-1], quote(text))}


def wrapped(data: bytes, depth: int = DEPTH) -> Iterator[bytes]:
    """The bytes, and all that they hold packed or encoded."""
    yield data
    if not depth:
        return
    for unpack in (zlib.decompress, gzip.decompress):
        try:
            yield from wrapped(unpack(data), depth - 1)
        except (zlib.error, OSError, EOFError):
            continue
    for found in set(_BASE64.findall(data)):
        yield from wrapped(_decoded(found), 0)
        for start in (b"eJ", b"eN", b"eF", b"eA", b"H4"):
            # zlib's and gzip's first bytes.
            if found.startswith(start):
                yield from wrapped(_decoded(found), depth - 1)


def legible(items: Iterable[Mapping[str, Any]]) -> str:
    """Items of a table as one text, with what is packed in their attributes beside it."""
    told = list(items)
    packed = [bytes(v["B"]) for item in told for v in item.values() if "B" in v]
    return "\n".join(
        [
            repr(told),
            *(found.decode(errors="replace") for each in packed for found in wrapped(each)),
        ]
    )


def found_in(places: Mapping[str, Iterable[bytes]], needles: Iterable[str]) -> dict[str, set[str]]:
    """Of each needle the places that hold it; letters in any case."""
    forms = {needle: {form.lower() for form in spellings(needle)} for needle in needles}
    held: dict[str, set[str]] = {needle: set() for needle in forms}
    for place, contents in places.items():
        for content in contents:
            # A token of base64 decodes to a few bytes: together they are searched at once.
            text = b"\n".join(wrapped(content)).lower()
            for needle, spelt in forms.items():
                if any(form in text for form in spelt):
                    held[needle].add(place)
    return held


def _decoded(found: bytes) -> bytes:
    token = found.rstrip(b"=")
    token += b"=" * (-len(token) % 4)
    try:
        return base64.b64decode(token, altchars=b"-_" if set(token) & set(b"-_") else None)
    except (binascii.Error, ValueError):
        return b""
