"""What became of something we sent, and what customers did about it: receipts and clicks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from ..customers.activity import record_click
from ..customers.consents import set_consents
from ..documents import Cancelled, WriteItem
from ..errors import TemporaryError
from ..model import (
    Barrier,
    Channel,
    Click,
    ConsentState,
    Customer,
    Interaction,
    InteractionStatus,
    OutboxEntry,
    Purpose,
    Reach,
    Receipt,
    Reply,
)
from .plan import Plan, recorded
from .resolving import look_up
from .rooms import Rooms

OVERTAKEN_FOR = timedelta(seconds=60)
"""How long a receipt may arrive before our own send has been recorded."""

SUPPRESSED: Final[Mapping[Barrier, str]] = {
    "complained": "they called a message spam",
    "unreachable": "the address does not work any more",
}


def note_receipt(interaction: Interaction, receipt: Receipt, rooms: Rooms) -> Plan | None:
    """Bring the outbox entry and the customer's reach up to date; None for a duplicate."""
    if look_up(interaction, rooms).duplicate:
        return None
    entry = rooms.outbox.entry_of(receipt.provider, receipt.provider_id)
    if entry is None:
        if rooms.clock() - interaction.received_at < OVERTAKEN_FOR:
            raise TemporaryError("a receipt came before its send was recorded", id=interaction.id)
        status = InteractionStatus.IGNORED
        return Plan(record=recorded(interaction, status, note="nothing of ours has this id"))
    news = rooms.outbox.receive(entry, receipt, rooms.clock())
    customer = rooms.customers.living(entry.customer_id)
    if customer is None or (news is None and receipt.barred is None):
        owner = customer.id if customer else None
        record = recorded(interaction, customer_id=owner, note="older than what is known")
        return Plan(record=record)
    after, writes = customer, tuple[WriteItem, ...]()
    if news is not None:
        known, write = news
        after, writes = reached(customer, known, interaction), (write,)
    if receipt.barred and isinstance(entry.body, Reply):
        after = barred(after, entry.body, receipt.barred, interaction.occurred_at)
    record = recorded(interaction, customer_id=customer.id)
    return Plan(record=record, before=customer, after=after, others=writes)


def reached(customer: Customer, entry: OutboxEntry, interaction: Interaction) -> Customer:
    """The customer with what the receipt tells of the channel."""
    if not isinstance(entry.body, Reply) or entry.status not in ("delivered", "failed"):
        return customer
    field = "last_delivered_at" if entry.status == "delivered" else "last_failed_at"
    return _with_reach(customer, entry.body.channel, {field: interaction.occurred_at})


def note_barrier(entry: OutboxEntry, barrier: Barrier, rooms: Rooms) -> None:
    """The provider would not send for good. Raises TemporaryError when it cannot be put on record;
    the next send will be refused, and recorded, likewise."""
    if not isinstance(entry.body, Reply):
        return
    now = rooms.clock()
    for _ in rooms.patience.attempts():
        customer = rooms.customers.living(entry.customer_id)
        if customer is None:
            return
        try:
            rooms.customers.save(customer, barred(customer, entry.body, barrier, now), now)
            return
        except Cancelled:
            continue
    raise TemporaryError("others keep changing the customer", id=entry.interaction_id)


def barred(customer: Customer, reply: Reply, barrier: Barrier, at: datetime) -> Customer:
    """The customer after a provider said that nothing more may go to where the reply went.

    What they refused there they refused; a complaint refuses marketing and ends the rest; an
    address that is gone is not written to again.
    """
    channel = reply.channel
    if barrier == "unreachable" and channel is Channel.PUSH:
        kept = tuple(s for s in customer.subscriptions if s.endpoint not in reply.to)
        return customer.model_copy(update={"subscriptions": kept})
    if barrier != "opted_out":
        customer = _with_reach(customer, channel, {"suppressed": SUPPRESSED[barrier]})
    if barrier == "unreachable":
        return customer
    purposes = tuple(Purpose) if barrier == "opted_out" else (Purpose.MARKETING,)
    source = "told by the provider"
    return set_consents(customer, ConsentState.DENIED, [channel], purposes, source=source, at=at)


def _with_reach(customer: Customer, channel: Channel, told: Mapping[str, object]) -> Customer:
    reach = customer.reach.get(channel, Reach()).model_copy(update=told)
    return customer.model_copy(update={"reach": {**customer.reach, channel: reach}})


def note_click(interaction: Interaction, click: Click, rooms: Rooms) -> Plan | None:
    """Record that a tracked link was followed; None for a duplicate."""
    if look_up(interaction, rooms).duplicate:
        return None
    customer = rooms.customers.living(click.customer_id)
    if customer is None:
        return Plan(record=recorded(interaction, note="the customer is gone"))
    after = record_click(customer, click, interaction.occurred_at)
    record = recorded(interaction, customer_id=customer.id)
    return Plan(record=record, before=customer, after=after)
