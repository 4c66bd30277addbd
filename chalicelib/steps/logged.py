"""Decisions on record with what they earned, as the gate compares policies by them.

A sample in random order, in which each counted decision has the same chance. Never here: comparing
(`estimating.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..errors import PermanentError
from ..ledger.commits import open_decision
from ..ledger.statistics import Outcome, drawn
from .estimating import LoggedDecision
from .plan import pseudonym
from .rooms import Rooms

READ_AT_ONCE = 25


def logged(rooms: Rooms) -> Iterator[LoggedDecision]:
    """Each is read when it is asked for; those that were erased or damaged are left out, and those
    of the control group, whom no policy reaches."""
    drawn_ids = drawn(rooms.statistics.spans())
    for start in range(0, len(drawn_ids), READ_AT_ONCE):
        ids = drawn_ids[start : start + READ_AT_ONCE]
        by_id = {outcome.id: outcome for outcome in rooms.statistics.outcomes(ids)}
        for decision_id in ids:
            if (found := by_id.get(decision_id)) and (told := _told(found)):
                yield told


def _told(outcome: Outcome) -> LoggedDecision | None:
    try:
        decision, inputs = open_decision(outcome.item)
    except PermanentError:
        return None
    if decision.group == "control":
        return None
    counted = json.loads(outcome.counted or "{}")
    first = decision.offers[0] if decision.offers else None
    taken_up = first is not None and bool(counted.get(first.offer_id, [0])[0])
    earned = first.value if first is not None and taken_up else 0.0
    customer = pseudonym(decision.customer_id or "")
    return LoggedDecision(decision, inputs, earned, customer)
