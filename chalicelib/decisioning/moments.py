"""CEL's timestamps, durations and calendar, over Python's aware datetimes and timedeltas.

Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions.
Time zones come from the tz database that zoneinfo finds; nothing here knows what time it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from .values import EPOCH, Undefined, bounded

_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:?\d\d)", re.ASCII
)
_OFFSET = re.compile(r"([+-]?)([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def to_timestamp(value: Any) -> datetime:
    """From RFC 3339 text with a zone, or whole seconds since 1970."""
    try:
        if type(value) is str and _RFC3339.fullmatch(value):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        if type(value) is int:
            return EPOCH + timedelta(seconds=value)
    except (ValueError, OverflowError):
        raise Undefined from None
    if type(value) is datetime:
        return value
    raise Undefined


def zone(name: Any) -> tzinfo:
    """An IANA name or an offset `+02:00`."""
    if type(name) is not str:
        raise Undefined
    if offset := _OFFSET.fullmatch(name):
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise Undefined from None


def _calendar(part: Callable[[datetime], int]) -> Callable[..., int]:
    def read(moment: Any, zone_name: Any = "UTC") -> int:
        if type(moment) is not datetime:
            raise Undefined
        if zone_name == "UTC":
            return part(moment)
        return part(bounded(datetime.astimezone, moment, zone(zone_name)))

    return read


def _clock(part: Callable[[datetime], int], unit: timedelta) -> Callable[..., int]:
    """Of a timestamp the part, of a duration the whole of it in `unit`, towards zero."""
    read_calendar = _calendar(part)

    def read(value: Any, *zone_name: Any) -> int:
        if type(value) is timedelta and not zone_name:
            whole = abs(value) // unit
            return -whole if value < timedelta(0) else whole
        return read_calendar(value, *zone_name)

    return read


CALENDAR: Final[dict[str, Callable[..., Any]]] = {
    "timestamp": to_timestamp,
    "getFullYear": _calendar(lambda t: t.year),
    "getMonth": _calendar(lambda t: t.month - 1),
    "getDate": _calendar(lambda t: t.day),
    "getDayOfMonth": _calendar(lambda t: t.day - 1),
    "getDayOfWeek": _calendar(lambda t: t.isoweekday() % 7),
    "getDayOfYear": _calendar(lambda t: t.timetuple().tm_yday - 1),
    "getMilliseconds": _calendar(lambda t: t.microsecond // 1000),
    "getHours": _clock(lambda t: t.hour, timedelta(hours=1)),
    "getMinutes": _clock(lambda t: t.minute, timedelta(minutes=1)),
    "getSeconds": _clock(lambda t: t.second, timedelta(seconds=1)),
}
