"""What came of the moments of each group of customers: what they ordered within the window after
marketing was made, or withheld from the control group.

Never here: in which transaction it is counted (`counting.py`), and how groups compare (`watched`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from ..customers.answers import UNDONE, taken_up
from ..decisioning.groups import NOTHING, Groups, Tally, read_groups
from ..ledger.statistics import Outcome
from ..model import Customer, Decision, OfferContact, Order, Purpose
from .groups import group_name
from .rooms import Rooms


class Moment(NamedTuple):
    """What a customer's moment adds to what came of their group, or changes in it."""

    group: str
    customer_id: str
    change: Tally


def with_moments(groups: bytes | None, moments: Iterable[Moment]) -> bytes:
    """The sums of a place with what these moments change."""
    found = read_groups(groups) if groups is not None else Groups()
    for moment in moments:
        found.count(*moment)
    return found.to_bytes()


def moment_of(
    outcome: Outcome, decision: Decision, customer: Customer, rooms: Rooms
) -> tuple[str | None, list[Moment]]:
    """The new mark of the moment, and what it takes to get there; none for a decision in which no
    marketing was made or withheld, nor for one that was counted before moments were."""
    marketing = [
        contact
        for contact in customer.offers
        if contact.decision_id == decision.id and contact.purpose is Purpose.MARKETING
    ]
    if not marketing or (outcome.counted is not None and outcome.moment is None):
        return outcome.moment, []
    before = Tally(*json.loads(outcome.moment)) if outcome.moment else NOTHING
    came = _tally(marketing, decision, customer, rooms)
    if outcome.moment and rooms.clock() >= decision.decided_at + _in_detail(rooms):
        came = came._replace(orders=before.orders, revenue=before.revenue)
    change = came.plus(before, times=-1)
    moment = Moment(group_name(decision), decision.customer_id or "", change)
    return json.dumps(came), [moment] if any(change) else []


def _tally(
    marketing: Sequence[OfferContact], decision: Decision, customer: Customer, rooms: Rooms
) -> Tally:
    offers = [contact for contact in marketing if not contact.withheld]
    orders = [o for o in customer.orders if o.status not in UNDONE and _follows(o, decision, rooms)]
    return Tally(
        moments=1,
        offers=len(offers),
        answers=sum(taken_up(contact, rooms.attribution) for contact in offers),
        orders=len(orders),
        revenue=round(sum(order.total for order in orders) * 100),
    )


def _follows(order: Order, decision: Decision, rooms: Rooms) -> bool:
    return decision.decided_at <= order.at <= decision.decided_at + rooms.attribution


def _in_detail(rooms: Rooms) -> timedelta:
    """How long the orders after a decision can be seen; what was counted of them stays."""
    return timedelta(days=rooms.settings.behaviour_retention_days)
