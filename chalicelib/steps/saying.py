"""From an answer to what is committed: the reply, the handover, the decision and the customer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

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
    Reply,
    TrackedLink,
    Understanding,
)
from ..replies import Answer, word
from .deciding import Choice, with_contacts
from .linking import UNSUBSCRIBED, LinkMaker
from .plan import Plan, Unit
from .rooms import Rooms

_TOLD = 20
"""How many orders and offers go along when a person takes over."""


@dataclass(frozen=True, kw_only=True)
class Saying:
    """All that goes into what is said to one interaction."""

    interaction: Interaction
    preference: Preference
    answer: Answer
    understanding: Understanding | None = None
    choice: Choice | None = None


def say(
    saying: Saying,
    before: Customer,
    after: Customer,
    rooms: Rooms,
    now: datetime,
    others: tuple[WriteItem, ...] = (),
) -> Plan:
    """The plan that commits the answer to the outbox, with all that stands behind it."""
    spoken = _speak(saying, after, rooms)
    entries = _entries(saying, spoken.reply, after, now)
    decision = saying.choice.decision if saying.choice else None
    if decision is not None:
        carried = tuple(o.id for o in spoken.carried)
        told = {"preference": saying.preference, "carried": carried}
        decision = decision.model_copy(update=told)
        after = with_contacts(after, decision, spoken.carried, now, saying.preference.chosen)
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


class _Spoken(NamedTuple):
    """The reply, the offers that it had room for, and its tracked links."""

    reply: Reply | None = None
    carried: tuple[Offer, ...] = ()
    links: tuple[TrackedLink, ...] = ()


def _speak(saying: Saying, customer: Customer, rooms: Rooms) -> _Spoken:
    if saying.answer.silent or saying.preference.chosen is None:
        return _Spoken()
    decision = saying.choice.decision if saying.choice else None
    offers = saying.choice.offers if saying.choice else ()
    ranked = list(zip(offers, decision.offers, strict=True)) if decision else []
    decision_id = decision.id if decision else None
    make_link = LinkMaker(rooms.rng, customer.id, decision_id)
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
    return _Spoken(reply, carried, (*reply.links, leave) if may_leave else reply.links)


def _units(choice: Choice | None, carried: tuple[Offer, ...]) -> tuple[Unit, ...]:
    """Only what was said takes from a budget."""
    said = {offer.id for offer in carried}
    return tuple(u for u in choice.units if u.offer_id in said) if choice else ()


def _entries(
    saying: Saying, reply: Reply | None, customer: Customer, now: datetime
) -> tuple[OutboxEntry, ...]:
    bodies: list[Reply | Handover] = [reply] if reply else []
    if saying.answer.handover:
        bodies.append(_handover(saying, customer, now))
    return tuple(
        OutboxEntry(
            id=outbox_id(saying.interaction.id, n),
            interaction_id=saying.interaction.id,
            customer_id=customer.id,
            decision_id=saying.choice.decision.id if saying.choice else None,
            body=body,
            committed_at=now,
            due_at=now + GRACE,
        )
        for n, body in enumerate(bodies)
    )


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
        note=note,
    )


def _wait(answer: Answer, customer: Customer, rooms: Rooms, now: datetime) -> tuple[WriteItem, ...]:
    if answer.waits_for is None:
        return ()
    expires = rooms.ledger.expiry(now)
    return rooms.customers.await_product(customer.id, answer.waits_for, expires)


def outbox_id(interaction_id: str, number: int) -> str:
    """The same for a repeated attempt at the same interaction; tells nothing of the sender."""
    digest = hashlib.sha256(f"{interaction_id}|{number}".encode()).hexdigest()
    return f"o-{digest[:24]}"
