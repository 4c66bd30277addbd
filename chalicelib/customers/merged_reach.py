"""What is known of channels, joined where two records become one, and parted again. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from ..model import Channel, Reach, Tally

K = TypeVar("K")
V = TypeVar("V")

_REACH_TIMES = ("last_inbound_at", "last_delivered_at", "last_failed_at", "last_answered_at")


def merge_reach(
    ours: Mapping[Channel, Reach], theirs: Mapping[Channel, Reach]
) -> dict[Channel, Reach]:
    """The latest of each, and the tallies of both together."""
    return {
        channel: _join_reach(ours.get(channel, Reach()), theirs.get(channel, Reach()))
        for channel in (*ours, *theirs)
    }


def _join_reach(one: Reach, two: Reach) -> Reach:
    latest = {n: latest_of(getattr(one, n), getattr(two, n)) for n in _REACH_TIMES}
    tallies = joined(one.tallies, two.tallies, _tallied)
    return Reach(**latest, tallies=tallies, suppressed=one.suppressed or two.suppressed)


def _tallied(one: Tally, two: Tally, times: int = 1) -> Tally:
    """The sums of both; of what came meanwhile and was taken back, never less than nothing."""
    names = Tally.model_fields
    return Tally(**{n: max(getattr(one, n) + times * getattr(two, n), 0) for n in names})


def reach_since(
    merged: Mapping[Channel, Reach],
    before: Mapping[Channel, Reach],
    other: Mapping[Channel, Reach],
    merged_at: datetime,
) -> dict[Channel, Reach]:
    """What was known before, and what came of messages since; not what the other one's came to."""
    parted = {
        channel: _part_reach(
            reach, before.get(channel, Reach()), other.get(channel, Reach()), merged_at
        )
        for channel, reach in merged.items()
    }
    return {c: reach for c, reach in parted.items() if c in before or reach != Reach()}


def _part_reach(merged: Reach, before: Reach, other: Reach, merged_at: datetime) -> Reach:
    def since(name: str) -> Any:
        at = getattr(merged, name)
        return at if at is not None and at > merged_at else getattr(before, name)

    tallies = {
        part: left
        for part, tally in merged.tallies.items()
        if (left := _tallied(tally, other.tallies.get(part, Tally()), -1)) != Tally()
    }
    # What was found unreachable since the two were one may be of either.
    told_since = merged.suppressed and not other.suppressed
    suppressed = before.suppressed or (merged.suppressed if told_since else None)
    return Reach(
        **{name: since(name) for name in _REACH_TIMES}, tallies=tallies, suppressed=suppressed
    )


def joined(one: Mapping[K, V], two: Mapping[K, V], both: Callable[[V, V], V]) -> dict[K, V]:
    """The entries of either; of a key that both have, what `both` makes of the two."""
    found = dict(one)
    for key, value in two.items():
        found[key] = both(found[key], value) if key in found else value
    return found


def latest_of(one: datetime | None, two: datetime | None) -> datetime | None:
    return max((at for at in (one, two) if at is not None), default=None)
