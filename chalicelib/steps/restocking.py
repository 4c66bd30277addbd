"""A product is back: tell those who asked to be told, on the channel they prefer that day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from ..model import Customer, Interaction, InteractionStatus, Purpose, Restock
from ..preference import choose
from ..replies import compose_restock
from ..zones import places
from .plan import Plan, recorded
from .resolving import look_up
from .rooms import Rooms
from .saying import Saying, say


def call_out(product_ids: Iterable[str], rooms: Rooms) -> int:
    """Queue one interaction for everyone who waits for one of these; answers how many."""
    now = rooms.clock()
    waiting = [
        Interaction(
            id=f"restock:{product_id}:{customer_id}:{now:%Y%m%dT%H%M%S}",
            source="rejoinder",
            occurred_at=now,
            received_at=now,
            body=Restock(customer_id=customer_id, product_id=product_id),
        )
        for product_id in product_ids
        for customer_id in rooms.customers.waiting_for(product_id)
    ]
    rooms.queues.put_many(waiting)
    return len(waiting)


def tell(interaction: Interaction, restock: Restock, rooms: Rooms) -> Plan | None:
    """The notice to one customer; None for a duplicate."""
    if look_up(interaction, rooms).duplicate:
        return None
    now = rooms.clock()
    # Read first: whoever tells them after this also changes the customer, and then we are refused.
    customer = rooms.customers.living(restock.customer_id)
    if not rooms.customers.awaits(restock.customer_id, restock.product_id):
        return Plan(record=recorded(interaction, InteractionStatus.IGNORED, note="told already"))
    told = rooms.customers.told(restock.customer_id, restock.product_id)
    product = rooms.assortment.current.products.get(restock.product_id)
    if customer is None or product is None or not product.available:
        record = recorded(
            interaction,
            InteractionStatus.IGNORED,
            customer_id=customer.id if customer else None,
            note="gone again, or they are",
        )
        return Plan(record=record, others=told if customer is None else ())
    preference = choose(
        customer,
        purpose=Purpose.SERVICE,
        originating=None,
        message=None,
        now=now,
        rules=rooms.contact_rules,
        available=frozenset(rooms.carriers),
    )
    composed = compose_restock(
        product,
        customer,
        assortment=rooms.assortment.current,
        preference=preference,
        now=now,
        brand=rooms.brand,
    )
    saying = Saying(interaction=interaction, preference=preference, answer=composed)
    plan = say(saying, customer, customer, rooms, now, others=told)
    return _deferred(plan, when) if (when := _contact_time(customer, rooms, now)) > now else plan


def _contact_time(customer: Customer, rooms: Rooms, now: datetime) -> datetime:
    """The next time within contact hours wherever they may be; `now` if none is known to come.

    They asked to be told, and not just now: a feed that is read at night wakes nobody.
    """
    where, rules = places(customer), rooms.contact_rules
    for quarters in range(2 * 24 * 4):
        at = now + quarters * timedelta(minutes=15)
        if all(rules.hours_in(p.country).hold(at, p.zone) for p in where):
            return at
    return now


def _deferred(plan: Plan, until: datetime) -> Plan:
    """The plan with its sends left to the sweeper, which looks once more whether they may go."""
    entries = tuple(e.model_copy(update={"status": "retry", "due_at": until}) for e in plan.entries)
    if plan.record is None or not entries:
        return plan
    told = {"status": InteractionStatus.DEFERRED, "note": "until their contact hours"}
    return replace(plan, entries=entries, record=plan.record.model_copy(update=told))
