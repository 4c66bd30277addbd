"""What a text message weighs: GSM 03.38 septets or UCS-2 units, in segments. Cuts nothing.

Source: 3GPP TS 23.038 (6.2.1, the default alphabet and its extension table) and TS 23.040
(9.2.3.24.1: concatenated messages carry 153 septets or 67 UCS-2 units each).
"""

from __future__ import annotations

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
"""These take an escape: two septets each."""

# Typography that says the same in GSM 03.38; letters are never replaced, for a name stays a name.
_LOSSLESS = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u2032": "'",
        "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u201f": '"', "\u2033": '"',
        "\u00ab": '"', "\u00bb": '"', "\u2039": "'", "\u203a": "'",
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
        "\u2026": "...", "\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ", "\t": " ",
        "\u2022": "-", "\u00d7": "x", "\u2044": "/",
    }
)  # fmt: skip


def to_gsm(text: str) -> str:
    """`text` with its typography in GSM 03.38 where that makes all of it fit; else unchanged."""
    plainer = text.translate(_LOSSLESS)
    return plainer if is_gsm(plainer) else text


def is_gsm(text: str) -> bool:
    """Whether every character is of the GSM 03.38 alphabet or its extension."""
    return all(c in BASIC or c in EXTENSION for c in text)


def segments(text: str) -> int:
    """How many segments the carrier bills; an empty message is one."""
    if is_gsm(text):
        return _packed([2 if c in EXTENSION else 1 for c in text], single=160, several=153)
    return _packed([2 if ord(c) > 0xFFFF else 1 for c in text], single=70, several=67)


def _packed(sizes: list[int], *, single: int, several: int) -> int:
    """Segments needed when no escape pair and no surrogate pair is split between two."""
    if sum(sizes) <= single:
        return 1
    count, used = 1, 0
    for size in sizes:
        if used + size > several:
            count, used = count + 1, 0
        used += size
    return count
