"""How many texts a phone network makes of one message: the stand-in's own count."""

from __future__ import annotations

_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_DOUBLE = frozenset("^{}\\[~]|€\f")


def segments(text: str) -> int:
    """How many texts a phone network makes of it (GSM 03.38, 3GPP TS 23.038)."""
    if all(c in _GSM7 or c in _GSM7_DOUBLE for c in text):
        length, single, joined = len(text) + sum(c in _GSM7_DOUBLE for c in text), 160, 153
    else:
        length, single, joined = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if length <= single else -(-length // joined)
