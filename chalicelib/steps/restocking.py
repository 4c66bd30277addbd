"""A product is back: tell those who asked to be told, on the channel they prefer that day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from ..model import (
    Customer,
    Interaction,
    InteractionStatus,
    Preference,
    Product,
    Restock,
)
from ..replies import Answer, compose_restock
from .channels import chosen, question_about
from .deferring import deferred
from .plan import Plan, anonymised, pseudonym, recorded
from .resolving import look_up
from .rooms import Rooms
from .saying import Saying, say


def call_out(product_ids: Iterable[str], rooms: Rooms) -> int:
    """Queue one interaction for everyone who waits for one of these; answers how many."""
    now = rooms.clock()
    waiting = [
        Interaction(
            id=f"restock:{product_id}:{pseudonym(customer_id)}:{now:%Y%m%dT%H%M%S}",
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
        return _idle(interaction, customer, "told already")
    told = rooms.customers.told(restock.customer_id, restock.product_id)
    product = back(restock, rooms)
    if customer is None or product is None:
        idle = _idle(interaction, customer, "gone again, or they are")
        return replace(idle, others=told if customer is None else ())
    if (when := rooms.contact_rules.next_time(customer, now)) > now:
        # They asked to be told, and not just now: a feed that is read at night wakes nobody.
        return deferred(interaction, customer, when, now)
    question = question_about(rooms, interaction)
    preference = chosen(customer, question, rooms, now)
    composed = notice(product, customer, preference, rooms, now)
    saying = Saying(interaction=interaction, preference=preference, answer=composed)
    return say(saying, customer, customer, rooms, now, others=told)


def back(restock: Restock, rooms: Rooms) -> Product | None:
    """The product that they wait for, if it is to be had now."""
    product = rooms.assortment.current.products.get(restock.product_id)
    return product if product is not None and product.available else None


def notice(
    product: Product, customer: Customer, preference: Preference, rooms: Rooms, now: datetime
) -> Answer:
    """What is said of it, by the channel of the preference."""
    return compose_restock(
        product,
        customer,
        assortment=rooms.assortment.current,
        preference=preference,
        now=now,
        brand=rooms.brand,
    )


def _idle(interaction: Interaction, customer: Customer | None, why: str) -> Plan:
    """Nothing is said; of whoever is gone, nothing is kept."""
    if customer is None:
        interaction = anonymised(interaction)
    owner = customer.id if customer else None
    return Plan(
        record=recorded(interaction, InteractionStatus.IGNORED, customer_id=owner, note=why)
    )
