"""The literals of a rule: from source text to values. Raises ValueError in words for its author."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import isfinite
from zoneinfo import ZoneInfo

INT64 = range(-(2**63), 2**63)

_ESCAPE = re.compile(
    r"""\\(?:([abfnrtv"'`?\\])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|.)"""
)
_PLAIN = dict(zip("abfnrtv\"'`?\\", "\a\b\f\n\r\t\v\"'`?\\", strict=True))
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DURATION_PART = re.compile(r"(\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(h|ms|m|s|us|ns)", re.ASCII)
_MICROSECONDS: dict[str, Fraction | int] = {
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1000,
    "us": 1,
    "ns": Fraction(1, 1000),
}
_LONGEST = timedelta(seconds=315_576_000_000)  # google.protobuf.Duration: 10,000 years
_OFFSET = re.compile(r"[+-]?(\d\d):(\d\d)", re.ASCII)


def read_int(text: str) -> int:
    """Decimal or `0x` text as a 64-bit number."""
    digits = text.lstrip("-")
    if len(digits) > 20:
        raise ValueError("a whole number has 64 bits")
    value = int(digits, 16 if digits.startswith("0x") else 10)
    value = -value if text.startswith("-") else value
    if value not in INT64:
        raise ValueError("a whole number has 64 bits")
    return value


def read_double(text: str) -> float:
    """`1.5`, `.5`, `1e3`, finite."""
    if "." in text and not re.search(r"\.\d", text):
        raise ValueError("digits must follow the decimal point")
    value = float(text)
    if not isfinite(value):
        raise ValueError("the number is too large")
    return value


def read_string(text: str) -> str:
    """The content of a quoted string with CEL's escapes resolved."""
    return _ESCAPE.sub(_unescape, text[1:-1])


def _unescape(found: re.Match[str]) -> str:
    plain, *hexes, octal = found.groups()
    if plain:
        return _PLAIN[plain]
    code = int(octal, 8) if octal else int(next((h for h in hexes if h), "-1"), 16)
    if code < 0:
        raise ValueError(f"{found[0]} is no escape that CEL knows")
    if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        raise ValueError(f"{found[0]} is not a character")
    return chr(code)


def read_timestamp(text: str) -> str:
    """RFC 3339 text with a zone as the same moment in UTC, ISO 8601."""
    if not _RFC3339.fullmatch(text):
        raise ValueError("a timestamp is written like 2026-11-01T00:00:00Z, with its zone")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise ValueError("there is no such date and time") from None


def read_duration(text: str) -> int:
    """`1h30m`, `-90s`, `250ms` as whole microseconds."""
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    parts = list(_DURATION_PART.finditer(body))
    if body != "0" and (not parts or "".join(p[0] for p in parts) != body):
        raise ValueError("a duration is written like 1h30m, with the units h, m, s, ms, us")
    total = sum((Fraction(f"0{p[1]}") * _MICROSECONDS[p[2]] for p in parts), Fraction(0))
    if total.denominator != 1:
        raise ValueError("a duration has nothing finer than a microsecond")
    if total > _LONGEST // timedelta(microseconds=1):
        raise ValueError("a duration is at most 10,000 years")
    return sign * int(total)


def check_zone(name: str) -> None:
    """Accepts an IANA name or an offset such as `+02:00`."""
    if offset := _OFFSET.fullmatch(name):
        if int(offset[1]) > 23 or int(offset[2]) > 59:
            raise ValueError(f"{name} is no offset from UTC")
        return
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"{name!r} is no IANA time zone") from None
