"""Models as operators change them: learning one, trying it, making it live, and going back.

Never here: the mathematics (`decisioning/learning.py`), which model decides for whom (`wiring.py`),
and how well it does (`watching.py`).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

from pydantic import Field, model_validator

from ..catalog.models import SHADOW
from ..decisioning import PRIOR, Model
from ..decisioning.packing import pack_model, read_model
from ..decisioning.scores import percentiles
from ..errors import ConflictError, NotFoundError
from ..model import Frozen
from .estimating import gate
from .habits import in_common
from .rooms import Rooms
from .watching import DECIMALS, Day, days_of, shown

log = logging.getLogger("rejoinder")

HALF_LIFE: Final = timedelta(days=60)
"""After it an outcome counts for half."""
LARGEST: Final = 20
"""How many changes of weights are told."""


class RolloutRequest(Frozen):
    """The body of PUT /models/rollout."""

    version: str | None = Field(None, max_length=100, description="by default the candidate")
    share: float | None = Field(None, ge=0, le=1, description="0: shadow; 1: live for all")
    rollback: bool = Field(False, description="back to what decided before")
    confirm: bool = Field(False, description="go on though it is estimated to earn too little")

    @model_validator(mode="after")
    def _one_thing(self) -> RolloutRequest:
        if self.rollback == (self.share is not None):
            raise ValueError("either a share or rollback")
        return self


class _Kept(NamedTuple):
    """A model as an artifact."""

    version: str
    body: bytes


def learned(rooms: Rooms) -> dict[str, Any]:
    """Learn a model from everything counted and try it in shadow; answers what it learned.

    The same sums on the same day give the same model. Raises NotFoundError where nothing is counted
    yet, ConflictError where somebody else changed what is live meanwhile.
    """
    now = rooms.clock()
    return _learned(days_of(rooms.statistics.spans(), now), rooms, now)


def snapshot(rooms: Rooms) -> dict[str, Any] | None:
    """Learn the day's model, in shadow, as `learned`; None, and the log says why, where too little
    was counted since the last one, or a candidate has a share of the customers."""
    least, now = rooms.settings.snapshot_least_decisions, rooms.clock()
    if not least:
        log.info("no model is learned: SNAPSHOT_LEAST_DECISIONS is 0")
        return None
    if (head := rooms.models.head()) is not None and head.share > SHADOW:
        log.info("no model is learned: a candidate has a share of the customers")
        return None
    days = days_of(rooms.statistics.spans(), now)
    before = rooms.statistics.learned_from()
    fresh = sum(max(each.decisions - before.get(each.day, 0), 0) for each in days)
    if fresh < least:
        log.info("no model is learned: %d decisions counted since the last of %d", fresh, least)
        return None
    try:
        return _learned(days, rooms, now, displacing=False)
    except (ConflictError, NotFoundError) as error:  # somebody was quicker, or nothing was made
        log.info("no model is learned: %s", error.message)
        return None


def _learned(
    days: Sequence[Day], rooms: Rooms, now: datetime, *, displacing: bool = True
) -> dict[str, Any]:
    from ..decisioning.learning import Aged, learn

    if not any(each.statistics.observations for each in days):
        raise NotFoundError("no outcome is counted yet: there is nothing to learn from")
    spans = [Aged(each.statistics, _still_counts(each.day, now)) for each in days]
    rng = _rng(days, now)
    patterns, channels = in_common(rooms, rng)
    model = learn(
        spans,
        PRIOR,
        rng=rng,
        patterns=patterns,
        scores=percentiles(
            (some, _still_counts(each.day, now)) for each in days for some in each.scores
        ),
    )
    model = replace(model, channels=channels)
    before = serving.live if (serving := rooms.model.current) else PRIOR
    kept = (_kept(model), _kept(PRIOR), read_model, now)
    head = rooms.models.try_out(*kept, displacing=displacing)
    rooms.statistics.note_learned({each.day: each.decisions for each in days})
    rooms.model.refresh(now, force=True)
    return {
        **shown(head),
        "learned": model.version,
        "observations": sum(each.statistics.observations for each in days),
        "answers": sum(each.statistics.answers for each in days),
        "categories": len(model.patterns.categories) if model.patterns else 0,
        "changes": _changes(before, model),
    }


def rolled_out(asked: RolloutRequest, rooms: Rooms) -> dict[str, Any]:
    """Give a model its share of the customers, make it live, or go back.

    Raises NotFoundError for a model that there is not, PermanentError for one that cannot be read,
    and ConflictError: with an `estimate` when it would have earned too little and that is not
    confirmed, or where somebody else changed what is live meanwhile. Shadow and going back are
    never held up.
    """
    now, estimate = rooms.clock(), dict[str, Any]()
    if asked.rollback or asked.share is None:
        head = rooms.models.roll_back(read_model, now)
    else:
        version = asked.version or _candidate(rooms)
        if asked.share > SHADOW:
            target = rooms.engine_of(rooms.engine().catalog.version, version)
            estimate = gate(target, rooms.engine(), rooms, confirmed=asked.confirm)
        head = rooms.models.roll_out(version, asked.share, read_model, now)
    rooms.model.refresh(now, force=True)
    return {**shown(head), "estimate": estimate or None}


def _candidate(rooms: Rooms) -> str:
    head = rooms.models.head()
    if head is None or head.candidate is None:
        raise ConflictError("there is no candidate: name a version, or learn one")
    return head.candidate


def _kept(model: Model) -> _Kept:
    return _Kept(model.version, pack_model(model))


def _still_counts(day: date, now: datetime) -> float:
    age = max((now.date() - day) / HALF_LIFE, 0.0)
    return float(0.5**age)


def _rng(days: Sequence[Day], now: datetime) -> Random:
    """Of the sums themselves, so that the same ones give the same model."""
    digest = hashlib.sha256(now.date().isoformat().encode())
    for each in days:
        digest.update(each.statistics.to_bytes())
    return Random(digest.digest())  # noqa: S311 - to be had again


def _changes(before: Model, after: Model) -> list[dict[str, Any]]:
    """The weights that changed most."""
    names = before.weights.keys() | after.weights.keys()
    pairs = {n: (before.weights.get(n, 0.0), after.weights.get(n, 0.0)) for n in names}
    ranked = sorted(names, key=lambda n: (-abs(pairs[n][1] - pairs[n][0]), n))
    return [
        {"feature": n, "was": round(pairs[n][0], DECIMALS), "is": round(pairs[n][1], DECIMALS)}
        for n in ranked[:LARGEST]
        if pairs[n][0] != pairs[n][1]
    ]
