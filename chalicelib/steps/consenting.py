"""Leave to write marketing, given and taken by a link or a route: RFC 8058's one-click unsubscribe,
where only a POST unsubscribes, and the question of a double opt-in with its answer.

The question goes to the very address that the offers would go to, as a service message without any
promotion, at most once a day; silence leaves the consent pending, which is not granted.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from html import escape

from .. import telemetry
from ..customers import saving
from ..customers.consents import confirmed, with_consent
from ..customers.wishes import Heeding, awaited
from ..documents import Cancelled, WriteItem
from ..errors import ConflictError, NotFoundError
from ..ledger import Refused
from ..model import (
    Channel,
    Consent,
    ConsentState,
    Customer,
    Interaction,
    InteractionRecord,
    InteractionStatus,
    OutboxEntry,
    PendingQuestion,
    Preference,
    Purpose,
    TrackedLink,
    WebEvent,
)
from ..preference import WHATSAPP_WINDOW, address_of
from ..replies import Answer, word
from . import tallies
from .linking import CONFIRMED, UNSUBSCRIBED, LinkMaker
from .plan import Plan, pseudonym
from .rooms import Rooms
from .saying import outbox_id

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<body style="font:17px/1.5 system-ui;max-width:28em;margin:15vh auto;padding:0 1em">
<h1 style="font-size:1.3em">{title}</h1>{content}</body></html>"""

_BUTTON = """<form method="post"><button style="font:inherit;padding:.5em 1em"
name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>"""
_CONFIRM = """<form method="post"><button style="font:inherit;padding:.5em 1em">Yes, send me offers
</button></form><p>If you did not ask for them, close this page: nothing will be sent.</p>"""


def ask_to_unsubscribe(token: str, rooms: Rooms) -> str:
    """The page behind the link: mail scanners follow links, so a GET changes nothing."""
    _link(token, UNSUBSCRIBED, rooms)
    return _PAGE.format(title="Stop our marketing e-mail?", content=_BUTTON)


@tallies.consent_check
def unsubscribe(token: str, rooms: Rooms) -> str:
    """Put the refusal on record at once; answers a page that says so. Raises NotFoundError."""
    link = _link(token, UNSUBSCRIBED, rooms)
    now = rooms.clock()
    said = Consent(
        channel=Channel.EMAIL,
        purpose=Purpose.MARKETING,
        state=ConsentState.DENIED,
        source="one-click unsubscribe",
        at=now,
        proof=_proof(token),
    )
    saving.consent(rooms.customers, link.customer_id, said, now)
    telemetry.count("OptOuts")
    return _PAGE.format(
        title="You are unsubscribed", content="<p>You will get no more marketing e-mail.</p>"
    )


def ask_to_confirm(token: str, rooms: Rooms) -> str:
    """The page behind the link of a double opt-in; a GET changes nothing."""
    _link(token, CONFIRMED, rooms)
    title = f"Do you want offers from {escape(rooms.brand.name)} by e-mail?"
    return _PAGE.format(title=title, content=_CONFIRM)


@tallies.consent_check
def confirm(token: str, rooms: Rooms) -> str:
    """Grant what is pending, with the proof of both words; answers a page that says what became of
    it. Raises NotFoundError, ConflictError."""
    link = _link(token, CONFIRMED, rooms)
    for _ in rooms.patience.attempts():
        now = rooms.clock()
        before = rooms.customers.living(link.customer_id)
        if before is None:
            raise NotFoundError("this link is not known, or has expired")
        pending = awaited(before, Channel.EMAIL, now, heeding(rooms).confirm_within)
        if pending is None:
            return _unchanged(before)
        source = f"{pending.source}, confirmed by link"[:200]
        grant = confirmed(pending, source=source, at=now, proof=_proof(token))
        try:
            rooms.customers.save(before, with_consent(before, grant), now)
        except Cancelled:
            continue
        return _PAGE.format(title="Thank you", content="<p>You will get our offers by e-mail.</p>")
    raise ConflictError("others keep changing the customer; try again")


def heeding(rooms: Rooms, proof: str | None = None) -> Heeding:
    """What a customer's word is heeded by in this deployment."""
    within = timedelta(hours=rooms.settings.opt_in_hours)
    return Heeding(proof, rooms.customers.double_opt_in, within)


@tallies.consent_check
def put_consent(customer_id: str, said: Consent, rooms: Rooms) -> Customer:
    """Put an operator's or a form's word on record, and ask the customer to confirm it where that
    is set. Raises NotFoundError, ConflictError."""
    customer = saving.consent(rooms.customers, customer_id, said, rooms.clock())
    if said.state is ConsentState.DENIED:
        telemetry.count("OptOuts")
    return ask_pending(customer, rooms)


def ask_pending(customer: Customer, rooms: Rooms) -> Customer:
    """Ask for every grant that is pending, where one can and it was not asked for in a day."""
    for said in customer.consents:
        if said.state is ConsentState.PENDING and said.channel in rooms.customers.double_opt_in:
            customer = _ask(customer, said.channel, rooms)
    return customer


def opt_in_question(
    customer: Customer, channel: Channel, rooms: Rooms, now: datetime, language: str
) -> tuple[Answer, WriteItem] | None:
    """What asks somebody who is writing to us to confirm, and the note that they were asked; None
    where they were within a day."""
    if not rooms.customers.may_ask(customer.id, channel, now):
        return None
    asked = PendingQuestion(kind="opt_in", channel=channel, asked_at=now)
    facts = _facts(channel, None, rooms)
    answer = Answer("confirm_opt_in", facts, question=asked, language=language)
    return answer, rooms.customers.asks(customer.id, channel, now)


def _ask(customer: Customer, channel: Channel, rooms: Rooms) -> Customer:
    """Commit the question for the sweeper to send, which looks again whether it may."""
    now = rooms.clock()
    to = _address(customer, channel, rooms, now)
    if to is None or not rooms.customers.may_ask(customer.id, channel, now):
        return customer
    plan = _asking(customer, channel, to, rooms, now)
    try:
        rooms.ledger.commit(plan.writes(rooms, now))
    except Refused:
        # Somebody else asked, or the customer spoke: whoever says it again asks again.
        return customer
    after = plan.after or customer
    return after.model_copy(update={"version": customer.version + 1})


def _asking(customer: Customer, channel: Channel, to: str, rooms: Rooms, now: datetime) -> Plan:
    interaction = Interaction(
        id=f"opt_in:{pseudonym(customer.id)}:{channel.value}:{now:%Y%m%dT%H%M%S%f}",
        source="rejoinder",
        occurred_at=now,
        received_at=now,
        body=WebEvent(name="opt_in_asked", properties={"channel": channel.value}),
    )
    make_link = LinkMaker(rooms.rng, customer.id, None, channel, now)
    base_url = rooms.settings.public_url
    link = make_link(f"{base_url}{CONFIRMED}") if channel is Channel.EMAIL else None
    language = customer.profile.language or "en"
    facts = _facts(channel, f"{base_url}/c/{link.token}" if link else None, rooms)
    reply = word(
        Answer("confirm_opt_in", facts, language=language),
        preference=Preference(chosen=channel, to=to, why="it is asked where it would go"),
        offers=(),
        customer=customer,
        make_link=make_link,
        base_url=base_url,
        brand=rooms.brand,
        decision_id=None,
    )
    links = (*reply.links, *([link] if link else []))
    awake = rooms.contact_rules.next_time(customer, now) if customer.daytime_only else now
    entry = OutboxEntry(
        id=outbox_id(interaction.id, 0),
        interaction_id=interaction.id,
        customer_id=customer.id,
        body=reply.model_copy(update={"links": links}),
        status="retry",
        committed_at=now,
        due_at=awake,
    )
    record = InteractionRecord(
        interaction=interaction,
        status=InteractionStatus.ANSWERED,
        customer_id=customer.id,
        outbox_ids=(entry.id,),
        note="asked to confirm that they agree to marketing",
    )
    asked = PendingQuestion(kind="opt_in", channel=channel, asked_at=awake)
    return Plan(
        record=record,
        before=customer,
        after=customer.model_copy(update={"pending": asked}),
        entries=(entry,),
        links=links,
        others=(rooms.customers.asks(customer.id, channel, now),),
    )


def _facts(channel: Channel, link: str | None, rooms: Rooms) -> dict[str, object]:
    hours = f"{rooms.settings.opt_in_hours:g}"
    return {"asked": channel.value, "link": link, "hours": hours}


def _address(customer: Customer, channel: Channel, rooms: Rooms, now: datetime) -> str | None:
    """Where the question can go; None where nothing may be sent there."""
    refusal = customer.consent(channel, Purpose.SERVICE)
    reach = customer.reach.get(channel)
    if channel not in rooms.carriers or (refusal and refusal.state is ConsentState.DENIED):
        return None
    if reach is not None and reach.suppressed:
        return None
    if channel is Channel.WHATSAPP:
        wrote = reach.last_inbound_at if reach else None
        if wrote is None or now - wrote >= WHATSAPP_WINDOW:
            return None
    return address_of(customer, channel)


def _unchanged(customer: Customer) -> str:
    held = customer.consent(Channel.EMAIL, Purpose.MARKETING)
    if held is not None and held.state is ConsentState.GRANTED:
        return _PAGE.format(title="Thank you", content="<p>You will get our offers by e-mail.</p>")
    gone = "<p>Nothing is open to be confirmed. Nothing will be sent.</p>"
    return _PAGE.format(title="This question is closed", content=gone)


def _proof(token: str) -> str:
    """Names the link without being it."""
    return f"link {hashlib.sha256(token.encode()).hexdigest()[:16]}"


def _link(token: str, leads: str, rooms: Rooms) -> TrackedLink:
    link = rooms.ledger.link(token)
    # The link of an offer may be read by others than its customer, as in a public reply.
    if link is None or not link.url.endswith(leads):
        raise NotFoundError("this link is not known, or has expired")
    return link
