"""What became of something we sent, and what customers did about it: receipts and clicks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from ..customers.activity import record_click
from ..customers.consents import set_consents
from ..customers.deliveries import received, with_reach
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
    OutboxStatus,
    Purpose,
    Receipt,
    Reply,
)
from ..preference import endpoint_of
from . import fallback, tallies
from .plan import Plan, anonymised, recorded
from .resolving import look_up
from .rooms import Rooms

OVERTAKEN_FOR = timedelta(seconds=60)
"""How long a receipt may arrive before our own send has been recorded."""

SUPPRESSED: Final[Mapping[Barrier, str]] = {
    "complained": "they called a message spam",
    "unreachable": "the address does not work any more",
}


def note_receipt(interaction: Interaction, receipt: Receipt, rooms: Rooms) -> Plan:
    """Bring the outbox entry and the customer's reach up to date. A duplicate is not looked for: it
    is rare, and the commit refuses it."""
    entry = _entry_of(receipt, rooms)
    if entry is None:
        if rooms.clock() - interaction.received_at < OVERTAKEN_FOR:
            raise TemporaryError("a receipt came before its send was recorded", id=interaction.id)
        status = InteractionStatus.IGNORED
        nobodys = anonymised(interaction)
        return Plan(record=recorded(nobodys, status, note="nothing of ours has this id"))
    news = rooms.outbox.receive(entry, receipt, rooms.clock())
    customer = rooms.customers.living(entry.customer_id)
    if customer is None or (news is None and receipt.barred is None):
        note = "older than what is known"
        if customer is None:
            return Plan(record=recorded(anonymised(interaction), note=note))
        return Plan(record=recorded(interaction, customer_id=customer.id, note=note))
    after, writes, then = customer, list[WriteItem](), tuple[Interaction, ...]()
    if news is not None:
        known, write = news
        after = reached(customer, known, entry.status, interaction)
        writes = [write, *_not_twice(known, rooms)]
        then = (fallback.of(known, rooms.clock()),) if known.status == "failed" else ()
    if receipt.barred and isinstance(entry.body, Reply):
        after = barred(after, entry.body, receipt.barred, interaction.occurred_at)
    record = recorded(interaction, customer_id=customer.id)
    return Plan(
        record=record,
        before=customer,
        after=after,
        others=tuple(writes),
        then=then,
        heard=news[0] if news else None,
    )


def _entry_of(receipt: Receipt, rooms: Rooms) -> OutboxEntry | None:
    """By our key, unless what is known of the entry contradicts it, else by the provider's id. By
    the key it is known too where the answer to our send was lost."""
    entry = rooms.outbox.entry(receipt.key) if receipt.key else None
    learned = {"provider": receipt.provider, "provider_id": receipt.provider_id}
    if entry is None or any(getattr(entry, n) not in (None, v) for n, v in learned.items()):
        return rooms.outbox.entry_of(receipt.provider, receipt.provider_id)
    return entry.model_copy(update=learned)


def reached(
    customer: Customer, entry: OutboxEntry, before: OutboxStatus, interaction: Interaction
) -> Customer:
    """The customer with what the receipt tells of the channel."""
    if not isinstance(entry.body, Reply):
        return customer
    return received(
        customer,
        entry.body.channel,
        entry.status,
        before=before,
        sent_at=entry.sent_at or entry.committed_at,
        at=interaction.occurred_at,
    )


def _not_twice(entry: OutboxEntry, rooms: Rooms) -> list[WriteItem]:
    """It arrived after all: what goes instead of it and is not yet gone stays."""
    if entry.moved_to is None or entry.status not in ("delivered", "read"):
        return []
    instead = rooms.outbox.entry(entry.moved_to)
    if instead is None or instead.status != "retry":
        return []
    return [rooms.outbox.stop(instead, rooms.clock())]


@tallies.consent_check
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
            after = barred(customer, entry.body, barrier, now)
            rooms.customers.save(customer, after, now)
            tallies.opted_out(customer, after)
            return
        except Cancelled:
            continue
    raise TemporaryError("others keep changing the customer", id=entry.interaction_id)


def barred(customer: Customer, reply: Reply, barrier: Barrier, at: datetime) -> Customer:
    """The customer after a provider said that nothing more may go to where the reply went.

    What they refused there they refused, all or marketing alone; a complaint refuses marketing and
    ends the rest; an address that is gone is not written to again.
    """
    channel = reply.channel
    if barrier == "unreachable" and channel is Channel.PUSH:
        gone = endpoint_of(reply.to)
        kept = tuple(s for s in customer.subscriptions if s.endpoint != gone)
        return customer.model_copy(update={"subscriptions": kept})
    if barrier in SUPPRESSED:
        customer = with_reach(customer, channel, {"suppressed": SUPPRESSED[barrier]})
    if barrier == "unreachable":
        return customer
    purposes = tuple(Purpose) if barrier == "opted_out" else (Purpose.MARKETING,)
    source = "told by the provider"
    return set_consents(customer, ConsentState.DENIED, [channel], purposes, source=source, at=at)


def note_click(interaction: Interaction, click: Click, rooms: Rooms) -> Plan | None:
    """Record that a tracked link was followed; None for a duplicate."""
    if look_up(interaction, rooms).duplicate:
        return None
    customer = rooms.customers.living(click.customer_id)
    if customer is None:
        return Plan(record=recorded(anonymised(interaction), note="the customer is gone"))
    after = record_click(customer, click, interaction.occurred_at)
    record = recorded(interaction, customer_id=customer.id)
    return Plan(record=record, before=customer, after=after)
