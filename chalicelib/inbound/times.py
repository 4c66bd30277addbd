"""When things happened, in the ways that senders write it. Never the clock.

Everything here is UTC. What cannot be read raises ValueError, or is None where a sender has several
ways of telling.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from ..model import as_utc

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SNOWFLAKE_EPOCH_MILLISECONDS = 1_288_834_974_657
"""Where X's ids start to count (github.com/twitter-archive/snowflake)."""

FIRST_SNOWFLAKE = 10**15
"""X's smaller ids, from before November 2010, hold no time."""


def read_time(text: Any) -> datetime:
    """An ISO 8601 time; without an offset it is taken to be UTC. Raises ValueError."""
    try:
        return as_utc(datetime.fromisoformat(text))
    except (TypeError, ValueError, OverflowError):
        raise ValueError("a time is ISO 8601 text: 2026-11-18T17:00:00Z") from None


def read_milliseconds(milliseconds: Any) -> datetime:
    """Milliseconds since 1970, a number or its digits. Raises ValueError."""
    if not re.fullmatch(r"[0-9]{1,14}", str(milliseconds)):
        raise ValueError("a time in milliseconds has up to 14 digits")
    return EPOCH + timedelta(milliseconds=int(milliseconds))


def read_x_time(told: Any) -> datetime | None:
    """Any of X's ways: ISO 8601, milliseconds since 1970, `Wed Oct 10 20:19:24 +0000 2018`."""
    for read in (read_milliseconds, read_time, _read_v1_time):
        try:
            return read(told)
        except ValueError:
            continue
    return None


def read_snowflake(x_id: Any) -> datetime | None:
    """The moment an X id was made: (id >> 22) milliseconds after X's own epoch."""
    digits = str(x_id)
    if not re.fullmatch(r"[0-9]{1,19}", digits) or int(digits) < FIRST_SNOWFLAKE:
        return None
    return EPOCH + timedelta(milliseconds=(int(digits) >> 22) + SNOWFLAKE_EPOCH_MILLISECONDS)


def _read_v1_time(text: Any) -> datetime:
    try:
        return datetime.strptime(str(text), "%a %b %d %H:%M:%S %z %Y").astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the calendar") from None
