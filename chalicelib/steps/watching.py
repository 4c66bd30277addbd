"""How well models do: what was predicted beside what came of it, and which model decides.

Never here: learning a model and rolling it out (`models.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from math import sqrt
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..catalog import Rollout
from ..catalog.models import SHADOW
from ..ledger.statistics import KEPT, Span
from .rooms import Rooms
from .watched import compared

if TYPE_CHECKING:
    from ..decisioning.groups import Groups
    from ..decisioning.statistics import Statistics

WATCHED_DAYS: Final = 30
HISTORY: Final = 50
DECILES: Final = 10
DECIMALS: Final = 6


class Day(NamedTuple):
    """What was counted of one day's decisions: the sums, the scores by shard, and by group."""

    day: date
    statistics: Statistics
    scores: tuple[Mapping[int, int], ...]
    groups: Groups

    @property
    def decisions(self) -> int:
        """How many decisions were counted that came across a marketing offer, made or not."""
        return sum(sum(some.values()) for some in self.scores)


def told(rooms: Rooms) -> dict[str, Any]:
    """Which models decide and did, how well what was predicted came true, and where it drifts."""
    now = rooms.clock()
    days = days_of(rooms.statistics.spans(), now)
    history = list(rooms.models.history(limit=HISTORY))
    serving = served(rooms)["models"]
    head = shown(history[0]) if history else {**_NOTHING, "live": serving["live"]}
    return {
        **head,
        "refused": serving["refused"],
        "history": [{**shown(each), "at": each.at.isoformat()} for each in history],
        "observations": sum(each.statistics.observations for each in days),
        "answers": sum(each.statistics.answers for each in days),
        "groups": compared([each.groups for each in days], head["live"], head["candidate"]),
        "reliability": _reliability(days),
        "drift": [_drift(each) for each in reversed(days[-WATCHED_DAYS:])],
    }


def served(rooms: Rooms) -> dict[str, Any]:
    """What this container decides by, and what it could not load of what is live."""
    serving, refused = rooms.model.current, rooms.model.refused
    refused = refused or (serving.refused if serving else None)
    return {
        "models": {
            "live": rooms.engine().versions["model"],
            "candidate": serving.candidate.version if serving and serving.candidate else None,
            "share": serving.share if serving else SHADOW,
            "refused": refused._asdict() if refused else None,
        }
    }


_NOTHING: Final[Mapping[str, Any]] = {
    "live": None,
    "candidate": None,
    "share": SHADOW,
    "previous": None,
    "generation": 0,
}


def days_of(spans: Iterable[Span], now: datetime) -> list[Day]:
    """The sums of each day, oldest first; what is to expire any moment is left out."""
    from ..decisioning import groups
    from ..decisioning.statistics import merged, read_statistics

    by_day: dict[date, list[Span]] = defaultdict(list)
    for span in spans:
        if span.place.day > (now - KEPT).date():
            by_day[span.place.day].append(span)
    return [
        Day(
            day,
            merged([read_statistics(span.sums) for span in some if span.sums is not None]),
            tuple(span.scores for span in some),
            groups.merged(groups.read_groups(s.groups) for s in some if s.groups is not None),
        )
        for day, some in sorted(by_day.items())
    ]


def shown(head: Rollout) -> dict[str, Any]:
    """As operators read it."""
    return {
        "live": head.version,
        "candidate": head.candidate,
        "share": head.share,
        "previous": head.previous,
        "generation": head.generation,
    }


def _reliability(days: Sequence[Day]) -> list[dict[str, Any]]:
    """By decile of the predicted probability: how many offers, and how many were taken up."""
    from ..decisioning.statistics import BINS, UNIT

    rows = [[0, 0, 0] for _ in range(DECILES)]
    for each in days:
        for place, counts in enumerate(each.statistics.reliability.tolist()):
            row = rows[place * DECILES // BINS]
            rows[place * DECILES // BINS] = [a + b for a, b in zip(row, counts, strict=True)]
    return [
        {
            "from": place / DECILES,
            "to": (place + 1) / DECILES,
            **_compared(offers, predicted * UNIT, answers),
        }
        for place, (offers, predicted, answers) in enumerate(rows)
    ]


def _drift(each: Day) -> dict[str, Any]:
    from ..decisioning.statistics import UNIT

    offers, predicted, answers = each.statistics.reliability.sum(axis=0).tolist()
    return {"day": each.day.isoformat(), **_compared(offers, predicted * UNIT, answers)}


def _compared(offers: int, expected: float, answers: int) -> dict[str, Any]:
    """`standard_errors`: how far apart the two are, beyond 3 hardly by chance; at most the true
    distance, for the probabilities of a bin or day are taken to be alike."""
    if offers <= 0:
        return {"offers": offers, "predicted": None, "actual": None, "standard_errors": None}
    mean = expected / offers
    spread = sqrt(max(offers * mean * (1 - mean), 0.0))
    return {
        "offers": offers,
        "predicted": round(mean, DECIMALS),
        "actual": round(answers / offers, DECIMALS),
        "standard_errors": round((answers - expected) / spread, 2) if spread else None,
    }
