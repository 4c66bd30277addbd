"""Which decisions are to be counted, and when: what is due, and what was answered late or undone.

Lives here: finding them and putting them on the learners' queue. Never here: counting
(`counting.py`).

A decision is due once the attribution window has passed. What is answered or taken back after that
is told again, by the worker that committed it; where the worker died in between, by whoever meets
the same interaction again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ..customers.answers import newly_answered, order_told, with_order
from ..ledger.statistics import SHARDS
from ..model import Click, Customer, Interaction, OfferContact, Order
from .plan import Plan
from .rooms import Rooms

if TYPE_CHECKING:
    from ..customers.orders import Answering

COLLECTED: Final = 2_500
"""Of each shard, at one turn."""
BACKLOG: Final = 100
"""With more messages waiting, a turn is left out: they would only be told twice."""
SKEW: Final = timedelta(minutes=5)
"""How far the clocks of two containers may be apart."""


def collect(rooms: Rooms) -> int:
    """Queue the decisions whose window has passed; answers how many."""
    if rooms.queues.learning_backlog() > BACKLOG:
        return 0
    count = 0
    for shard in range(SHARDS):
        due = rooms.statistics.due(shard, rooms.clock(), COLLECTED)
        rooms.queues.put_decisions(due)
        count += len(due)
    return count


def tell_late(plan: Plan, rooms: Rooms) -> None:
    """After the commit: queue the decisions that were answered or followed by an order, or are no
    longer, after they were due. Raises TemporaryError; the interaction then comes again, to
    `tell_again`."""
    if plan.before is None or plan.after is None:
        return
    known = {id(order) for order in plan.before.orders}
    changed = [order for order in plan.after.orders if id(order) not in known]
    answered = newly_answered(plan.before, plan.after)
    _queue([*answered, *_followed_by(changed, plan.after, rooms)], rooms)


def tell_again(interaction: Interaction, rooms: Rooms) -> None:
    """The same for an interaction that was committed before, perhaps without being told."""
    if isinstance(interaction.body, Click):
        if interaction.body.decision_id:
            rooms.queues.put_decisions([interaction.body.decision_id])
        return
    order_id = order_told(interaction)
    if order_id is None:
        return
    for owner in dict.fromkeys(rooms.customers.resolve(interaction.identities).values()):
        if (customer := rooms.customers.living(owner)) is not None:
            _queue(_concerned({order_id}, customer, rooms), rooms)


def answering(rooms: Rooms) -> Answering:
    """The same for orders that are imported."""
    from ..customers.orders import Answering  # only imports need the form of their rows

    def put(customer: Customer, order: Order) -> Customer:
        return with_order(customer, order, rooms.attribution, rooms.engine().catalog.offer)

    def tell(customer: Customer, order_ids: Collection[str]) -> None:
        _queue(_concerned(order_ids, customer, rooms), rooms)

    return Answering(put, tell)


def is_due(made_at: datetime, rooms: Rooms) -> bool:
    """Whether a decision made then may be counted: a little early does no harm, for from then on
    every answer is told."""
    return rooms.clock() >= made_at + rooms.attribution - SKEW


def _concerned(order_ids: Collection[str], customer: Customer, rooms: Rooms) -> list[OfferContact]:
    """The contacts that these orders answer, or in whose window they lie."""
    answered = [contact for contact in customer.offers if contact.order_id in order_ids]
    orders = [order for order in customer.orders if order.id in order_ids]
    return [*answered, *_followed_by(orders, customer, rooms)]


def _followed_by(orders: Iterable[Order], customer: Customer, rooms: Rooms) -> list[OfferContact]:
    """The contacts in whose window these orders lie: what their moments are told by."""
    times = [order.at for order in orders]
    if not times:
        return []
    window = rooms.attribution
    return [c for c in customer.offers if any(c.at <= at <= c.at + window for at in times)]


def _queue(contacts: Iterable[OfferContact], rooms: Rooms) -> None:
    late = [c.decision_id for c in contacts if is_due(c.at, rooms)]
    rooms.queues.put_decisions(list(dict.fromkeys(late)))
