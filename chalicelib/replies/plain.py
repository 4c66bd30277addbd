"""What others wrote (names, titles, addresses) as safe, single-line text. Knows no channel."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

# Joiners shape emoji and Indic scripts; every other invisible character could reorder or hide text.
_KEPT_INVISIBLE = "\u200c\u200d"
_NONCHARACTERS = "\ufffe\uffff"
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f]|['\u2019\- ]|\.(?=\s|$))*")
_LONGEST_NAME = 40
_URL = re.compile(r"[\s:]*\b(?:https?://|www\.)\S*[^\s.,;:!?)]", re.IGNORECASE)


def clean(text: str) -> str:
    """`text` on one line: NFC, without control, bidirectional or other invisible characters."""
    kept = (" " if _unsafe(c) else c for c in unicodedata.normalize("NFC", text))
    return " ".join("".join(kept).split())


def clean_lines(text: str) -> str:
    """As `clean`, line by line: for channels that have paragraphs."""
    lines = [clean(line) for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def clip(text: str, longest: int) -> str:
    """`text` within `longest` UTF-16 units, ended at a word's end with `…` where it is cut."""
    if _units(text) <= longest:
        return text
    heads = accumulate(text.split(), "{} {}".format)
    whole = [head for head in heads if _units(head) < longest]
    return f"{whole[-1] if whole else _head(text, longest - 1)}…"


def plain(value: Any, longest: int | None = None) -> Any:
    """Facts with every text in them cleaned, and clipped to `longest`; anything else as it is."""
    if isinstance(value, str):
        return clean(value) if longest is None else clip(clean(value), longest)
    if isinstance(value, Mapping):
        return {key: plain(part, longest) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return tuple(plain(part, longest) for part in value)
    return value


def without_urls(text: str) -> str:
    """`text` as it can be read aloud: `Look: https://shop.example/a.` becomes `Look.`"""
    return " ".join(_URL.sub("", text).split())


def greeting_name(first_name: str | None) -> str | None:
    """The name to greet by, or None for what does not look like a name (an address, a number)."""
    name = clean(first_name or "")
    return name if _NAME.fullmatch(name) and _units(name) <= _LONGEST_NAME else None


def _unsafe(character: str) -> bool:
    if character in _KEPT_INVISIBLE:
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs") or character in _NONCHARACTERS


def _units(text: str) -> int:
    return sum(2 if ord(c) > 0xFFFF else 1 for c in text)


def _head(text: str, longest: int) -> str:
    used = accumulate(map(_units, text))
    return "".join(c for c, units in zip(text, used, strict=True) if units <= longest)
