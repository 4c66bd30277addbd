"""A plan: all that one interaction changes, or a run of events, before anything is changed.
Committed in one go."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ..documents import WriteItem
from ..ledger.commits import NamedWrite
from ..model import (
    Click,
    Customer,
    Decision,
    Identification,
    Interaction,
    InteractionRecord,
    InteractionStatus,
    Message,
    OutboxEntry,
    Receipt,
    Restock,
    TrackedLink,
    WebEvent,
)
from .rooms import Rooms

INTERACTION, CUSTOMER, BUDGET = "interaction", "customer", "budget"


class Unit(NamedTuple):
    """One unit of an offer's budget, to be taken from one of its shards."""

    offer_id: str
    budget: int
    shard: int

    @property
    def name(self) -> str:
        return f"{BUDGET}#{self.offer_id}#{self.shard}"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be written, and what is to be sent once it is."""

    record: InteractionRecord | None = None
    joined: tuple[InteractionRecord, ...] = ()
    """Of the events that are worked on together with it; they are the same customer's."""
    before: Customer | None = None
    after: Customer | None = None
    decision: Decision | None = None
    inputs: bytes | None = None
    entries: tuple[OutboxEntry, ...] = ()
    links: tuple[TrackedLink, ...] = ()
    units: tuple[Unit, ...] = ()
    others: tuple[WriteItem, ...] = ()
    then: tuple[Interaction, ...] = ()
    """What is to be worked on next, once this is committed."""
    heard: OutboxEntry | None = None
    """What a receipt told news of."""

    def writes(self, rooms: Rooms, now: datetime) -> list[NamedWrite]:
        """The transaction, each write named for what its refusal would mean."""
        ledger, outbox = rooms.ledger, rooms.outbox
        writes: list[NamedWrite] = []
        writes += [(INTERACTION, ledger.claim(record, now)) for record in self._records()]
        if self.before is not None and self.after is not None:
            changes = rooms.customers.changes(self.before, self.after, now)
            writes += [(CUSTOMER, change) for change in changes]
        if (trace := self._trace()) is not None:
            writes.append(("trace", rooms.customers.trace(*trace, ledger.expiry(now))))
        if self.decision is not None and self.inputs is not None:
            kept = ledger.keep_decision(self.decision, self.inputs, now)
            writes += [("decision", write) for write in kept]
        writes += [("outbox", outbox.promise(entry, now)) for entry in self.entries]
        writes += [("link", ledger.keep_link(link, now)) for link in self.links]
        writes += [(u.name, rooms.budgets.take(u.offer_id, u.budget, u.shard)) for u in self.units]
        return [*writes, *(("other", write) for write in self.others)]

    def _records(self) -> tuple[InteractionRecord, ...]:
        return (self.record, *self.joined) if self.record is not None else ()

    def _trace(self) -> tuple[str, list[str]] | None:
        """Whose this is, and the interactions or, of a decision made without one, the decision."""
        owner = self.after.id if self.after else self.record.customer_id if self.record else None
        if owner is None:
            return None
        if self.record is not None:
            return owner, [record.interaction.id for record in self._records()]
        return (owner, [self.decision.id]) if self.decision else None


def anonymised(interaction: Interaction) -> Interaction:
    """The interaction without whose it is and without their words."""
    body = interaction.body
    if isinstance(body, Message):
        body = body.model_copy(update={"text": "", "reply_to": None})
    elif isinstance(body, WebEvent):
        body = body.model_copy(update={"properties": {}})
    elif isinstance(body, Identification):
        body = body.model_copy(update={"traits": {}})
    elif isinstance(body, Receipt):
        # WhatsApp's ids hold the number.
        body = body.model_copy(update={"provider_id": ""})
    elif isinstance(body, Click | Restock):
        body = body.model_copy(update={"customer_id": ""})
    return interaction.model_copy(update={"identities": (), "body": body})


def pseudonym(customer_id: str) -> str:
    """Of a customer, for what is told to operators and logs: whose it is stands in the body."""
    return hashlib.sha256(customer_id.encode()).hexdigest()[:16]


def recorded(
    interaction: Interaction,
    status: InteractionStatus = InteractionStatus.RECEIVED,
    *,
    customer_id: str | None = None,
    note: str | None = None,
) -> InteractionRecord:
    """The record of an interaction that nothing is said to."""
    return InteractionRecord(
        interaction=interaction, status=status, customer_id=customer_id, note=note
    )
