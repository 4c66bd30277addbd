"""What a customer says of how they want to be contacted, put on their record. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from ..model import (
    Channel,
    Consent,
    ConsentState,
    Customer,
    Intent,
    Message,
    Purpose,
    Understanding,
)
from .consents import confirmed, set_consents, to_be_confirmed, with_consent

BOTH = (Purpose.SERVICE, Purpose.MARKETING)
ANY = "any"
"""In place of a channel: whichever."""

DAYTIME = "daytime"
"""The `hours` of who does not want to be written to at night; any other take that back."""

_KEYWORD_CHARACTERS = 40


class Heeding(NamedTuple):
    """What heeding goes by: where the words can be looked up, the channels whose grants of
    marketing are confirmed first, and for how long one may be."""

    proof: str | None = None
    double_opt_in: Collection[Channel] = ()
    confirm_within: timedelta = timedelta(hours=24)


def heed(
    customer: Customer,
    message: Message,
    said: Understanding,
    at: datetime,
    by: Heeding = Heeding(),  # noqa: B008 - a frozen value
) -> Customer:
    """The customer after an opt-out, an opt-in or a wish for a channel or for hours; others change
    nothing."""
    if said.intent is Intent.OPT_OUT or message.provider_handled == "stop":
        return _opt_out(customer, message, said, at, by)
    if said.intent is Intent.OPT_IN or message.provider_handled == "start":
        return _opt_in(customer, message, said, at, by)
    if said.intent in (Intent.YES, Intent.NO):
        return _settle(customer, message, said, at, by)
    return _prefer(customer, message, said, at, by)


def awaited(
    customer: Customer, channel: Channel, at: datetime, within: timedelta
) -> Consent | None:
    """The grant of marketing by this channel that is pending and may still be confirmed."""
    held = customer.consent(channel, Purpose.MARKETING)
    if held is None or held.state is not ConsentState.PENDING or at - held.at > within:
        return None
    return held


def _opt_out(
    customer: Customer, message: Message, said: Understanding, at: datetime, by: Heeding
) -> Customer:
    """A bare STOP refuses all where it was said; "no more offers" refuses offers anywhere."""
    named = _channel(said.slots.get("channel"))
    only_marketing = said.slots.get("purpose") == Purpose.MARKETING
    purposes = (Purpose.MARKETING,) if only_marketing else BOTH
    channels = [named] if named else list(Channel) if only_marketing else [message.channel]
    return _refuse(customer, message, channels, purposes, at, by)


def _opt_in(
    customer: Customer, message: Message, said: Understanding, at: datetime, by: Heeding
) -> Customer:
    """START allows all where it was said; marketing only once confirmed, where that is set."""
    if "confirmed" in said.slots and awaited(customer, message.channel, at, by.confirm_within):
        return _settle(customer, message, said, at, by)
    for purpose in BOTH:
        grant = _word(message, message.channel, purpose, ConsentState.GRANTED, at, by)
        customer = with_consent(customer, to_be_confirmed(customer, grant, by.double_opt_in))
    return customer


def _settle(
    customer: Customer, message: Message, said: Understanding, at: datetime, by: Heeding
) -> Customer:
    """A yes or a no to our question whether they agree to marketing, from that very address."""
    pending = awaited(customer, message.channel, at, by.confirm_within)
    question = customer.pending
    if pending is None or (question is not None and question.kind != "opt_in"):
        return customer
    if said.intent is Intent.NO:
        return _refuse(customer, message, [message.channel], (Purpose.MARKETING,), at, by)
    proof = by.proof or _source(message)
    source = f"{pending.source}, confirmed by {message.channel.value}"[:200]
    return with_consent(customer, confirmed(pending, source=source, at=at, proof=proof))


def _prefer(
    customer: Customer, message: Message, said: Understanding, at: datetime, by: Heeding
) -> Customer:
    """ "Text me instead", "not at night", whatever else is asked beside it."""
    if (hours := said.slots.get("hours")) is not None:
        customer = customer.model_copy(update={"daytime_only": hours == DAYTIME})
    wanted, unwanted = _channel(said.slots.get("channel")), said.slots.get("not_channel")
    said_purpose = said.slots.get("purpose")
    purposes = (Purpose(said_purpose),) if said_purpose in {p.value for p in BOTH} else BOTH
    against = list(Channel) if unwanted == ANY else [c for c in [_channel(unwanted)] if c]
    if against:
        # "Don't text me, e-mail is better" is a refusal of texts as well.
        customer = _refuse(customer, message, against, purposes, at, by)
    if wanted is None:
        return customer
    preferences = dict(customer.preferences)
    for purpose in purposes:
        rest = [c for c in preferences.get(purpose, ()) if c not in (wanted, *against)]
        preferences[purpose] = (wanted, *rest)
    return customer.model_copy(update={"preferences": preferences})


def _refuse(
    customer: Customer,
    message: Message,
    channels: Collection[Channel],
    purposes: Collection[Purpose],
    at: datetime,
    by: Heeding,
) -> Customer:
    return set_consents(
        customer,
        ConsentState.DENIED,
        channels,
        purposes,
        source=_source(message),
        at=at,
        wording=_keyword(message),
        proof=by.proof,
    )


def _word(
    message: Message,
    channel: Channel,
    purpose: Purpose,
    state: ConsentState,
    at: datetime,
    by: Heeding,
) -> Consent:
    return Consent(
        channel=channel,
        purpose=purpose,
        state=state,
        source=_source(message),
        at=at,
        wording=_keyword(message),
        proof=by.proof,
    )


def _channel(name: str | None) -> Channel | None:
    return Channel(name) if name in {c.value for c in Channel} else None


def _source(message: Message) -> str:
    return f"said by {message.channel.value}"


def _keyword(message: Message) -> str | None:
    """A word alone, such as STOP, is kept as it was said; what else they wrote stays in the
    message, to which the proof leads, and goes with it."""
    text = message.text.strip()
    return text if 0 < len(text) <= _KEYWORD_CHARACTERS and len(text.split()) == 1 else None
