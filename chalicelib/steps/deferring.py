"""What waits for somebody's contact hours: it is worked on anew when they begin."""

from __future__ import annotations

from datetime import datetime

from ..model import (
    Customer,
    Interaction,
    InteractionStatus,
    OutboxEntry,
    Preference,
    Understanding,
)
from .plan import Plan, recorded
from .rooms import Rooms
from .saying import outbox_id

_AGAIN = "~"
"""Ends the id of what has waited once, as often as it has."""


def again(interaction_id: str) -> str:
    """The id under which a deferred interaction is worked on anew."""
    return interaction_id + _AGAIN


def has_waited(interaction: Interaction) -> bool:
    """Whether it is worked on anew: what it says of the customer has been heard already."""
    return interaction.id.endswith(_AGAIN)


def awaited_hour(
    preference: Preference, customer: Customer, rooms: Rooms, now: datetime
) -> datetime | None:
    """When a message may go out that only the hour keeps back; None where something else does, or
    where no such hour is known to come."""
    only_the_hour = any(refusal.reason == "quiet_hours" for refusal in preference.refused)
    if preference.chosen is not None or not only_the_hour:
        return None
    when = rooms.contact_rules.next_time(customer, now)
    return when if when > now else None


def deferred(
    interaction: Interaction,
    customer: Customer,
    until: datetime,
    now: datetime,
    *,
    before: Customer | None = None,
    understood: Understanding | None = None,
) -> Plan:
    """Worked on anew when the hour comes: what is in stock, agreed to and best then counts.

    With `before`, what has changed of the customer since is kept at once.
    """
    entry = OutboxEntry(
        id=outbox_id(interaction.id, 0),
        interaction_id=interaction.id,
        customer_id=customer.id,
        body=interaction.model_copy(update={"id": again(interaction.id)}),
        status="retry",
        committed_at=now,
        due_at=until,
    )
    record = recorded(
        interaction,
        InteractionStatus.DEFERRED,
        customer_id=customer.id,
        note="until their contact hours",
    )
    told = {"outbox_ids": (entry.id,), "understanding": understood}
    return Plan(
        record=record.model_copy(update=told),
        before=before,
        after=customer if before else None,
        entries=(entry,),
    )
