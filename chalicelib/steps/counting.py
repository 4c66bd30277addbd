"""Counting what became of decisions: from their records and their customers' to the sums.

What was added of a decision stands beside its record, so that it can be taken back exactly, by
whatever code runs then. Its mark is read before the customer is, and changes whenever somebody has
looked: who looked earlier, and may have seen an older answer, is refused and looks again.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, NamedTuple

from ..customers.answers import taken_up
from ..decisioning.scores import counted
from ..decisioning.scoring import Observed
from ..decisioning.statistics import Statistics, merged, read_statistics
from ..documents import Cancelled, read
from ..errors import TemporaryError, reason_of
from ..ledger.commits import open_decision
from ..ledger.statistics import NOTHING, Outcome, Place, Settled, Span, made, place_of, withheld
from ..model import Customer, Decision
from .learning import is_due
from .moments import Moment, moment_of, with_moments
from .rooms import Rooms

log = logging.getLogger("rejoinder")

MISSING_FOR: Final = timedelta(days=1)
"""How long a contact that is not on record may yet come: two customers are being merged."""

Counted = dict[str, tuple[bool, Observed]]
"""By offer made: whether it was taken up, and what was observed of it."""


class Change(NamedTuple):
    """What is to be added for one offer: an observation, or a change of its answer by `answers`."""

    observed: Observed
    is_new: bool
    answers: int


@dataclass
class Batch:
    """What the decisions of one place change."""

    settled: list[Settled] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    """Of the best offers of those that are counted for the first time."""
    moments: list[Moment] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


class _Waits(Exception):
    """A contact is not on record yet."""


def learn_from(decision_ids: Sequence[str], rooms: Rooms) -> None:
    """Count these decisions, at most 100; those that are not due are left alone.

    Raises TemporaryError to be called again with the same.
    """
    by_place: dict[Place, list[Outcome]] = defaultdict(list)
    for outcome in rooms.statistics.outcomes(decision_ids):
        by_place[place_of(read(Decision, outcome.item))].append(outcome)
    waiting = [i for place, found in by_place.items() for i in _count(place, found, rooms)]
    if waiting:
        raise TemporaryError("the customers of some decisions are being merged", ids=waiting)


def _count(place: Place, outcomes: Sequence[Outcome], rooms: Rooms) -> Sequence[str]:
    """Answers those that must wait."""
    for lost in rooms.patience.attempts():
        if lost:
            outcomes = rooms.statistics.outcomes([outcome.id for outcome in outcomes])
        batch = batch_of(outcomes, rooms)
        try:
            if batch.changes or batch.scores or batch.moments:
                span = added(rooms.statistics.span(place), batch)
                rooms.statistics.count(batch.settled, span)
            elif batch.settled:
                rooms.statistics.count(batch.settled)
        except Cancelled:
            continue
        return batch.waiting
    raise TemporaryError("others keep counting", place=str(place.day))


def batch_of(outcomes: Sequence[Outcome], rooms: Rooms) -> Batch:
    """What these outcomes, of one place, change as they are on record at this moment."""
    batch = Batch()
    for outcome in outcomes:
        decision = read(Decision, outcome.item)
        if not is_due(decision.decided_at, rooms):
            continue
        try:
            _settle(outcome, decision, batch, rooms)
        except _Waits:
            batch.waiting.append(outcome.id)
            continue
        if outcome.counted is None and decision.best is not None:
            batch.scores.append(decision.best)
    return batch


def added(span: Span, batch: Batch) -> Span:
    """The span with what the batch changes."""
    sums = _added(span.sums, batch.changes) if batch.changes else span.sums
    groups = with_moments(span.groups, batch.moments) if batch.moments else span.groups
    return span._replace(sums=sums, scores=counted(batch.scores, span.scores), groups=groups)


def _added(sums: bytes | None, changes: Sequence[Change]) -> bytes:
    fresh = Statistics(name for change in changes for name in change.observed.features)
    for change in changes:
        features, log_odds = change.observed
        if change.is_new:
            fresh.observe(features, log_odds, answered=change.answers > 0)
        elif change.answers:
            fresh.answer(features, log_odds, times=change.answers)
    return merged([*([read_statistics(sums)] if sums else []), fresh]).to_bytes()


def _settle(outcome: Outcome, decision: Decision, batch: Batch, rooms: Rooms) -> None:
    """Add to the batch the new marks, and what it takes to get there."""
    customer = rooms.customers.living(decision.customer_id or "")
    if customer is None:
        # Erased: what was counted names nobody and stays, what was not never is.
        settled = Settled(outcome.id, outcome.counts, outcome.counted or NOTHING, outcome.moment)
        batch.settled.append(settled)
        return
    answers = _answers(decision, customer, rooms)
    mark, changes = _offers(outcome, answers, rooms)
    moment, came = moment_of(outcome, decision, customer, rooms)
    batch.settled.append(Settled(outcome.id, outcome.counts, mark, moment))
    batch.changes += changes
    batch.moments += came


def _offers(
    outcome: Outcome, answers: Mapping[str, bool], rooms: Rooms
) -> tuple[str, list[Change]]:
    """The new mark of the offers made, and what it takes to get there."""
    known = None if outcome.counted is None else _read(outcome.counted)
    if known is None:
        seen = _observed(outcome, rooms)
        new = {i: (answers[i], each) for i, each in seen.items() if i in answers}
        return _written(new), [Change(each, True, int(r)) for r, each in new.values()]
    now = {i: (answers.get(i, was), each) for i, (was, each) in known.items()}
    turned = [(int(now[i][0]) - int(was), each) for i, (was, each) in known.items()]
    return _written(now), [Change(each, False, by) for by, each in turned if by]


def _answers(decision: Decision, customer: Customer, rooms: Rooms) -> dict[str, bool]:
    """By offer made or withheld, whether it was taken up. Raises _Waits."""
    contacts = {c.offer_id: c for c in customer.offers if c.decision_id == decision.id}
    due_at, met = decision.decided_at + rooms.attribution, {*made(decision), *withheld(decision)}
    if not contacts.keys() >= met and rooms.clock() < due_at + MISSING_FOR:
        raise _Waits
    return {i: taken_up(c, rooms.attribution) for i, c in contacts.items()}


def _observed(outcome: Outcome, rooms: Rooms) -> Mapping[str, Observed]:
    """What the deciding model saw of each offer made; nothing where that cannot be had again."""
    try:
        decision, inputs = open_decision(outcome.item)
        engine = rooms.engine_of(decision.versions["catalog"], decision.versions["model"])
        return engine.observed(inputs, decision)
    except TemporaryError:
        raise
    except Exception as error:
        # One that cannot be counted must not keep the others of its batch from it for good.
        log.error("decision %s is not counted: %s", outcome.id, reason_of(error))
        return {}


def _written(counted: Counted) -> str:
    plain = {i: [int(r), each.log_odds, each.features] for i, (r, each) in counted.items()}
    return json.dumps(plain, separators=(",", ":"), sort_keys=True)


def _read(mark: str) -> Counted:
    found: dict[str, Any] = json.loads(mark)
    return {i: (bool(r), Observed(features, z)) for i, (r, z, features) in found.items()}
