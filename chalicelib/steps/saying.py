"""From an answer to what is committed: the reply, the handover, the decision and the customer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from .. import telemetry
from ..documents import WriteItem
from ..ledger.outbox import GRACE
from ..model import (
    Channel,
    Customer,
    Handover,
    Interaction,
    InteractionRecord,
    InteractionStatus,
    Message,
    Offer,
    OutboxEntry,
    Preference,
    Purpose,
    Reply,
    TrackedLink,
    Understanding,
)
from ..outbound import Withdrawing
from ..preference import address_of
from ..replies import Answer, acknowledge, word
from .deciding import Choice, with_contacts
from .linking import UNSUBSCRIBED, LinkMaker
from .plan import Plan, Unit
from .rooms import Rooms

_TOLD = 20
"""How many orders and offers go along when a person takes over."""

_PUBLIC = 1_000
"""The number of the acknowledgement's entry, whatever else the same interaction brings forth."""


@dataclass(frozen=True, kw_only=True)
class Saying:
    """All that goes into what is said to one interaction."""

    interaction: Interaction
    preference: Preference
    answer: Answer
    understanding: Understanding | None = None
    choice: Choice | None = None
    purpose: Purpose = Purpose.SERVICE
    """What it is said for; an offer may ride along."""


def say(
    saying: Saying,
    before: Customer,
    after: Customer,
    rooms: Rooms,
    now: datetime,
    others: tuple[WriteItem, ...] = (),
) -> Plan:
    """The plan that commits the answer to the outbox, with all that stands behind it."""
    spoken = speak(saying, after, rooms, now)
    entries = _entries(saying, spoken.reply, after, rooms, now)
    decision = saying.choice.decision if saying.choice else None
    if decision is not None:
        withheld = _withheld(saying, after, rooms, now)
        carried = tuple(o.id for o in (*spoken.carried, *withheld))
        told = {"preference": saying.preference, "carried": carried}
        decision = decision.model_copy(update=told)
        put = (after, decision, spoken.carried, now, saying.preference.chosen)
        after = with_contacts(*put, withheld=withheld)
    after = after.model_copy(update={"pending": saying.answer.question})
    return Plan(
        record=_record(saying, after, entries, spoken.reply),
        before=before,
        after=after,
        decision=decision,
        inputs=saying.choice.inputs if saying.choice else None,
        entries=entries,
        links=spoken.links,
        units=_units(saying.choice, spoken.carried),
        others=(*others, *_wait(saying.answer, after, rooms, now)),
    )


class Spoken(NamedTuple):
    """The reply, the offers that it had room for, and its tracked links."""

    reply: Reply | None = None
    carried: tuple[Offer, ...] = ()
    links: tuple[TrackedLink, ...] = ()


@telemetry.step("word")
def speak(saying: Saying, customer: Customer, rooms: Rooms, now: datetime) -> Spoken:
    """What is said where the preference has it said."""
    if saying.answer.silent or saying.preference.chosen is None:
        return Spoken()
    decision = saying.choice.decision if saying.choice else None
    offers = saying.choice.offers if saying.choice else ()
    ranked = list(zip(offers, decision.offers, strict=True)) if decision else []
    decision_id = decision.id if decision else None
    make_link = LinkMaker(rooms.rng, customer.id, decision_id, saying.preference.chosen, now)
    base_url = rooms.settings.public_url
    leave = make_link(f"{base_url}{UNSUBSCRIBED}")
    by_email = saying.preference.chosen is Channel.EMAIL
    body = saying.interaction.body
    here = isinstance(body, Message) and body.channel is saying.preference.chosen
    reply = word(
        saying.answer,
        preference=saying.preference,
        offers=ranked,
        customer=customer,
        make_link=make_link,
        base_url=base_url,
        brand=rooms.brand,
        decision_id=decision_id,
        reply_to=body.reply_to if here and isinstance(body, Message) else None,
        unsubscribe_url=f"{base_url}/u/{leave.token}" if by_email else None,
    )
    said = {link.offer_id for link in reply.links}
    carried = tuple(o for o in offers if o.id in said)
    may_leave = reply.unsubscribe_url is not None
    return Spoken(reply, carried, (*reply.links, leave) if may_leave else reply.links)


def _withheld(saying: Saying, customer: Customer, rooms: Rooms, now: datetime) -> tuple[Offer, ...]:
    """The offers that the reply would have had room for, were the customer not in the control
    group."""
    choice = saying.choice
    if choice is None or not choice.withheld:
        return ()
    held = {offer.id for offer in choice.withheld}
    said = speak(replace(saying, choice=choice.as_for_others()), customer, rooms, now)
    return tuple(offer for offer in said.carried if offer.id in held)


def _units(choice: Choice | None, carried: tuple[Offer, ...]) -> tuple[Unit, ...]:
    """Only what was said takes from a budget."""
    said = {offer.id for offer in carried}
    return tuple(u for u in choice.units if u.offer_id in said) if choice else ()


def _entries(
    saying: Saying, reply: Reply | None, customer: Customer, rooms: Rooms, now: datetime
) -> tuple[OutboxEntry, ...]:
    bodies: list[Reply | Handover] = [reply] if reply else []
    if saying.answer.handover:
        bodies.append(_handover(saying, customer, now))
    numbered = list[tuple[int, Reply | Handover]](enumerate(bodies))
    if (public := _acknowledgement(saying, reply, customer, rooms)) is not None:
        numbered.append((_PUBLIC, public))
    return tuple(
        OutboxEntry(
            id=outbox_id(saying.interaction.id, n),
            interaction_id=saying.interaction.id,
            customer_id=customer.id,
            decision_id=saying.choice.decision.id if saying.choice else None,
            body=body,
            committed_at=now,
            due_at=now + GRACE,
            read_by=read_by(saying, body, rooms, now) if isinstance(body, Reply) else None,
        )
        for n, body in numbered
    )


def _acknowledgement(
    saying: Saying, reply: Reply | None, customer: Customer, rooms: Rooms
) -> Reply | None:
    """What is said in public, to a public post, when the answer itself goes another way; None where
    it is not set, or where the customer may not be answered in public."""
    body, to = saying.interaction.body, address_of(customer, Channel.X_REPLY)
    post = body.reply_to if isinstance(body, Message) else None
    elsewhere = reply is not None and reply.channel is not Channel.X_REPLY
    # Only to a public post may an answer be public at all.
    may = any(ranked.channel is Channel.X_REPLY for ranked in saying.preference.ranking)
    if not (rooms.settings.x_acknowledge and post and elsewhere and may and to):
        return None
    return acknowledge(saying.answer.language, to=to, reply_to=post)


def acknowledgement_id(interaction_id: str) -> str:
    """Of the one entry by which a post is acknowledged in public, if it is."""
    return outbox_id(interaction_id, _PUBLIC)


def read_by(saying: Saying, reply: Reply, rooms: Rooms, now: datetime) -> datetime | None:
    """By when a message must have been read that could be taken back; None where it could not."""
    if not isinstance(rooms.carriers.get(reply.channel), Withdrawing):
        return None
    return now + timedelta(hours=rooms.settings.read_within_hours[saying.purpose])


def _handover(saying: Saying, customer: Customer, now: datetime) -> Handover:
    body = saying.interaction.body
    message = body if isinstance(body, Message) else None
    return Handover(
        interaction_id=saying.interaction.id,
        customer_id=customer.id,
        reason=saying.answer.handover or "",
        channel=message.channel if message else None,
        message=message.text if message else "",
        understanding=saying.understanding,
        customer=_recently(customer),
        decision_id=saying.choice.decision.id if saying.choice else None,
        at=now,
    )


def _recently(customer: Customer) -> Customer:
    """What a person reads: with years of history the record would outgrow what one item holds."""
    totals = customer.aggregates.model_copy(update={"last_product_purchase": {}})
    newest = {"orders": customer.orders[:_TOLD], "offers": customer.offers[:_TOLD]}
    return customer.model_copy(update={**newest, "aggregates": totals})


def _record(
    saying: Saying, customer: Customer, entries: tuple[OutboxEntry, ...], reply: Reply | None
) -> InteractionRecord:
    status, note = InteractionStatus.ANSWERED, None
    if saying.answer.handover:
        status, note = InteractionStatus.HANDED_OVER, saying.answer.handover
    elif reply is None:
        status = InteractionStatus.IGNORED
        note = "nothing needs to be said" if saying.answer.silent else saying.preference.why
    return InteractionRecord(
        interaction=saying.interaction,
        status=status,
        customer_id=customer.id,
        understanding=saying.understanding,
        decision_id=saying.choice.decision.id if saying.choice else None,
        outbox_ids=tuple(e.id for e in entries),
        preference=None if saying.choice else unaddressed(saying.preference),
        note=note,
    )


def unaddressed(preference: Preference) -> Preference:
    """How the channel was chosen; where it leads stands in the reply."""
    return preference.model_copy(update={"to": None})


def _wait(answer: Answer, customer: Customer, rooms: Rooms, now: datetime) -> tuple[WriteItem, ...]:
    if answer.waits_for is None:
        return ()
    expires = rooms.ledger.expiry(now)
    return rooms.customers.await_product(customer.id, answer.waits_for, expires)


def outbox_id(interaction_id: str, number: int) -> str:
    """The same for a repeated attempt at the same interaction; tells nothing of the sender."""
    digest = hashlib.sha256(f"{interaction_id}|{number}".encode()).hexdigest()
    return f"o-{digest[:24]}"
