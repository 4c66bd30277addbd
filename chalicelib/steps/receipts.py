"""What became of something we sent, and what customers did about it: receipts and clicks."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..customers.activity import record_click
from ..customers.consents import set_consents
from ..documents import Cancelled
from ..errors import TemporaryError
from ..model import (
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

OPTED_OUT_CODES = frozenset({"21610"})
"""Twilio: the recipient replied STOP. https://www.twilio.com/docs/api/errors/21610"""


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
    if news is None or customer is None:
        owner = customer.id if customer else None
        record = recorded(interaction, customer_id=owner, note="older than what is known")
        return Plan(record=record)
    known, write = news
    after = reached(customer, known, interaction)
    record = recorded(interaction, customer_id=customer.id)
    return Plan(record=record, before=customer, after=after, others=(write,))


def reached(customer: Customer, entry: OutboxEntry, interaction: Interaction) -> Customer:
    """The customer with what the receipt tells of the channel."""
    if not isinstance(entry.body, Reply) or entry.status not in ("delivered", "failed"):
        return customer
    channel, at = entry.body.channel, interaction.occurred_at
    field = "last_delivered_at" if entry.status == "delivered" else "last_failed_at"
    reach = customer.reach.get(channel, Reach()).model_copy(update={field: at})
    customer = customer.model_copy(update={"reach": {**customer.reach, channel: reach}})
    if entry.code in OPTED_OUT_CODES:
        return opted_out(customer, channel, at)
    return customer


def note_refusal(entry: OutboxEntry, rooms: Rooms) -> None:
    """The provider would not send: they opted out with it. Raises TemporaryError when it cannot
    be put on record; the next send will be refused, and recorded, likewise."""
    if not isinstance(entry.body, Reply):
        return
    now = rooms.clock()
    for _ in rooms.patience.attempts():
        customer = rooms.customers.living(entry.customer_id)
        if customer is None:
            return
        try:
            rooms.customers.save(customer, opted_out(customer, entry.body.channel, now), now)
            return
        except Cancelled:
            continue
    raise TemporaryError("others keep changing the customer", id=entry.interaction_id)


def opted_out(customer: Customer, channel: Channel, at: datetime) -> Customer:
    """The customer with the refusal that they gave to the provider."""
    source = "told by the provider"
    return set_consents(
        customer, ConsentState.DENIED, [channel], tuple(Purpose), source=source, at=at
    )


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
