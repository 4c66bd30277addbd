"""What a customer says of how they want to be contacted, put on their record. Pure."""

from __future__ import annotations

from datetime import datetime

from ..model import (
    Channel,
    ConsentState,
    Customer,
    Intent,
    Message,
    Purpose,
    Understanding,
)
from .consents import set_consents

BOTH = (Purpose.SERVICE, Purpose.MARKETING)


def heed(customer: Customer, message: Message, said: Understanding, at: datetime) -> Customer:
    """The customer after an opt-out, an opt-in or a change of channel; others change nothing."""
    if said.intent is Intent.OPT_OUT or message.provider_handled == "stop":
        return _opt_out(customer, message, said, at)
    if said.intent is Intent.OPT_IN or message.provider_handled == "start":
        return set_consents(
            customer, ConsentState.GRANTED, [message.channel], BOTH, source=_source(message), at=at
        )
    if said.intent is Intent.CHANNEL_PREFERENCE:
        return _prefer(customer, message, said, at)
    return customer


def _opt_out(customer: Customer, message: Message, said: Understanding, at: datetime) -> Customer:
    """A bare STOP refuses all where it was said; "no more offers" refuses offers anywhere."""
    named = _channel(said.slots.get("channel"))
    only_marketing = said.slots.get("purpose") == Purpose.MARKETING
    purposes = (Purpose.MARKETING,) if only_marketing else BOTH
    channels = [named] if named else list(Channel) if only_marketing else [message.channel]
    return set_consents(
        customer, ConsentState.DENIED, channels, purposes, source=_source(message), at=at
    )


def _prefer(customer: Customer, message: Message, said: Understanding, at: datetime) -> Customer:
    wanted, unwanted = _channel(said.slots.get("channel")), _channel(said.slots.get("not_channel"))
    said_purpose = said.slots.get("purpose")
    purposes = (Purpose(said_purpose),) if said_purpose in {p.value for p in BOTH} else BOTH
    if unwanted is not None:
        # "Don't text me, e-mail is better" is a refusal of texts as well.
        customer = set_consents(
            customer, ConsentState.DENIED, [unwanted], purposes, source=_source(message), at=at
        )
    if wanted is None:
        return customer
    preferences = dict(customer.preferences)
    for purpose in purposes:
        rest = [c for c in preferences.get(purpose, ()) if c not in (wanted, unwanted)]
        preferences[purpose] = (wanted, *rest)
    return customer.model_copy(update={"preferences": preferences})


def _channel(name: str | None) -> Channel | None:
    return Channel(name) if name in {c.value for c in Channel} else None


def _source(message: Message) -> str:
    return f"said by {message.channel.value}"
