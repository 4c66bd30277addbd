"""A reply that did not arrive goes by the next channel that has leave of its own, worded for it.

It did not arrive when its provider says so, or when it lay unread where it can be taken back and
was. It moves a stated number of times at most, and not at all once it is known to have arrived, so
that nobody is told the same thing twice. In public it is said once at most: an acknowledgement goes
no other way, and where there is one, no answer follows it there.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from ..ledger.outbox import GRACE
from ..model import (
    Customer,
    Decision,
    Fallback,
    Interaction,
    InteractionRecord,
    InteractionStatus,
    Message,
    OutboxEntry,
    Preference,
    Purpose,
    Reply,
    Restock,
)
from ..outbound import Withdrawing
from ..replies import Answer
from . import tallies
from .channels import chosen, question_about
from .deciding import Choice
from .deferring import awaited_hour, deferred
from .messages import said_to
from .plan import Plan, recorded
from .resolving import look_up
from .restocking import back, notice
from .rooms import Rooms
from .saying import Saying, acknowledgement_id, outbox_id, read_by, speak, unaddressed
from .sweeping import CONFIRMED, NO_LEAVE

FINAL: Final = frozenset({"consent_withdrawn", "not_found"})
"""Failures that end it: they said no meanwhile, or it may have gone out after all."""


def of(entry: OutboxEntry, now: datetime) -> Interaction:
    """That this entry is to go another way: once, whoever finds it first."""
    return Interaction(
        id=f"fallback:{entry.id}",
        source="rejoinder",
        occurred_at=now,
        received_at=now,
        body=Fallback(outbox_id=entry.id),
    )


def move_on(interaction: Interaction, fallback: Fallback, rooms: Rooms) -> Plan | None:
    """The message by another channel; None for a duplicate."""
    if look_up(interaction, rooms).duplicate:
        return None
    entry, now = rooms.outbox.entry(fallback.outbox_id), rooms.clock()
    if entry is None or not isinstance(entry.body, Reply):
        return Plan(record=recorded(interaction, InteractionStatus.IGNORED, note="it is gone"))
    tallies.belongs_to(entry.interaction_id)
    customer = rooms.customers.living(entry.customer_id)
    original = rooms.ledger.interaction(entry.interaction_id)
    if customer is None or original is None:
        return _resting(interaction, entry, None, "they are gone", rooms, now)
    if (why := _stays(entry, original, rooms)) is not None:
        return _resting(interaction, entry, customer, why, rooms, now)
    went = () if entry.code == NO_LEAVE else (entry.body.channel,)
    question = question_about(rooms, original.interaction, tried=(*entry.tried, *went))
    if acknowledgement_id(entry.interaction_id) in original.outbox_ids:
        question = question.model_copy(update={"public": False})
    preference = chosen(customer, question, rooms, now)
    until = awaited_hour(preference, customer, rooms, now)
    if customer.daytime_only and until is not None:
        rest = rooms.outbox.moved(entry, entry.moved_to, now)
        return replace(deferred(interaction, customer, until, now), others=(rest,))
    answer = _answer(original, customer, preference, rooms, now)
    if preference.chosen is None or answer is None:
        return _resting(interaction, entry, customer, preference.why, rooms, now)
    saying = Saying(
        interaction=original.interaction,
        understanding=original.understanding,
        preference=preference,
        answer=answer,
        choice=_carried(entry, preference, rooms),
    )
    spoken = speak(saying, customer, rooms, now)
    if spoken.reply is None:
        return _resting(interaction, entry, customer, "nothing is to be said", rooms, now)
    instead = OutboxEntry(
        id=outbox_id(entry.id, 0),
        interaction_id=entry.interaction_id,
        customer_id=customer.id,
        decision_id=entry.decision_id,
        body=spoken.reply,
        committed_at=now,
        due_at=now + GRACE,
        read_by=read_by(saying, spoken.reply, rooms, now),
        tried=question.tried,
    )
    record = recorded(
        interaction,
        InteractionStatus.ANSWERED,
        customer_id=customer.id,
        note=f"by {preference.chosen.value}: it did not arrive by {entry.body.channel.value}",
    )
    return Plan(
        record=record.model_copy(
            update={"outbox_ids": (instead.id,), "preference": unaddressed(preference)}
        ),
        before=customer,
        after=customer,
        entries=(instead,),
        links=spoken.links,
        others=(rooms.outbox.moved(entry, instead.id, now),),
    )


def _stays(entry: OutboxEntry, original: InteractionRecord, rooms: Rooms) -> str | None:
    """Why the entry does not move; None when it does."""
    if entry.id == acknowledgement_id(entry.interaction_id):
        return "an acknowledgement is said in public or not at all"
    if entry.moved_to is not None:
        return "it has moved already"
    if entry.code in FINAL:
        return "it is not said another way"
    if original.understanding and original.understanding.intent in CONFIRMED:
        return "a confirmation is given once"
    if len(entry.tried) >= rooms.settings.fallback_steps:
        return "it has moved as often as it may"
    if entry.status == "failed" or _withdrawn(entry, rooms):
        return None
    return "it arrived, or may have"


def _withdrawn(entry: OutboxEntry, rooms: Rooms) -> bool:
    """Whether it was taken back unread: then nobody will see it any more."""
    body = entry.body
    carrier = rooms.carriers.get(body.channel) if isinstance(body, Reply) else None
    if entry.read_by is None or entry.read_by > rooms.clock() or entry.provider_id is None:
        return False
    return isinstance(carrier, Withdrawing) and carrier.withdraw(entry.provider_id)


def _resting(
    interaction: Interaction,
    entry: OutboxEntry,
    customer: Customer | None,
    why: str,
    rooms: Rooms,
    now: datetime,
) -> Plan:
    """Nothing more is done about the entry."""
    owner = customer.id if customer else None
    record = recorded(interaction, InteractionStatus.IGNORED, customer_id=owner, note=why)
    rest = rooms.outbox.moved(entry, entry.moved_to, now)
    return Plan(record=record, others=(rest,))


def _answer(
    original: InteractionRecord,
    customer: Customer,
    preference: Preference,
    rooms: Rooms,
    now: datetime,
) -> Answer | None:
    """The same answer, as things stand now; None where nothing is left to be told."""
    body = original.interaction.body
    if isinstance(body, Restock):
        product = back(body, rooms)
        return notice(product, customer, preference, rooms, now) if product else None
    if original.understanding is None or not isinstance(body, Message):
        return None
    told = (original.understanding, customer, customer, body, preference, rooms, now)
    composed, _ = said_to(*told)
    # A person has been asked to take over already.
    return replace(composed, handover=None)


def _carried(entry: OutboxEntry, preference: Preference, rooms: Rooms) -> Choice | None:
    """The offers that went along, as far as the other channel may carry them."""
    decision = rooms.ledger.decision(entry.decision_id) if entry.decision_id else None
    if decision is None or not preference.personal:
        return None
    catalog = rooms.engine_of(decision.versions["catalog"]).catalog
    found = [
        (scored, offer)
        for scored in decision.offers
        if scored.offer_id in (decision.carried or ())
        and (offer := catalog.offer(scored.offer_id)) is not None
        and (preference.marketing or offer.purpose is Purpose.SERVICE)
    ]
    told: Decision = decision.model_copy(update={"offers": tuple(scored for scored, _ in found)})
    return Choice(decision=told, offers=tuple(o for _, o in found), inputs=b"", units=())
