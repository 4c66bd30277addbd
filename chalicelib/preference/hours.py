"""When marketing, and any call, may go out: by the recipient's own clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ..errors import ConfigurationError
from ..model import ChannelQuestion, Customer
from ..zones import Place, places

_STEP = timedelta(minutes=15)
_LOOKED_AHEAD = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Hours:
    """A daily span in local time, from `start` until just before `end`."""

    start: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Hours:
        """`08:00-21:00`; `24:00` ends the day. ConfigurationError for anything else."""
        matched = re.fullmatch(r"(\d\d:[0-5]\d)-(\d\d:[0-5]\d)", text.strip())
        if matched is not None:
            start, end = matched[1], "23:59:59.999999" if matched[2] == "24:00" else matched[2]
            try:
                hours = cls(time.fromisoformat(start), time.fromisoformat(end))
            except ValueError:
                hours = None
            if hours is not None and hours.start < hours.end:
                return hours
        raise ConfigurationError('contact hours are written "08:00-21:00", earlier-later')

    def hold(self, at: datetime, zone: str) -> bool:
        """Whether `at` lies within the span on the clocks of `zone`."""
        return self.start <= at.astimezone(ZoneInfo(zone)).time() < self.end


@dataclass(frozen=True, slots=True)
class ContactRules:
    """Contact hours: everywhere, and by ISO 3166 country where the law differs."""

    hours: Hours = Hours(time(8), time(21))
    by_country: Mapping[str, Hours] = field(default_factory=dict)

    @classmethod
    def parse(cls, hours: str, by_country: Mapping[str, str] | None = None) -> ContactRules:
        """From the settings' plain strings. ConfigurationError for what is not a span of hours."""
        return _parsed(hours, tuple(sorted((by_country or {}).items())))

    @classmethod
    def of(cls, question: ChannelQuestion) -> ContactRules:
        """Those that a channel is chosen by."""
        return cls.parse(question.hours, question.hours_by_country)

    def hold(self, at: datetime, where: Iterable[Place]) -> bool:
        """Whether it is within contact hours in all of these places."""
        hours, by_country = self.hours, self.by_country
        return all(by_country.get(p.country or "", hours).hold(at, p.zone) for p in where)

    def next_time(self, customer: Customer, now: datetime) -> datetime:
        """The next time, to a quarter of an hour, within contact hours wherever they may be; `now`
        if it is such a time, or none is known to come."""
        at, where = now, places(customer)
        while at < now + _LOOKED_AHEAD:
            if self.hold(at, where):
                return at
            at += _STEP
        return now


@lru_cache(maxsize=64)
def _parsed(hours: str, by_country: tuple[tuple[str, str], ...]) -> ContactRules:
    countries = {country.upper(): Hours.parse(span) for country, span in by_country}
    return ContactRules(Hours.parse(hours), countries)
