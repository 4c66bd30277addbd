"""What a customer allows and refuses, and changes to it. Pure; keeps the newest word per channel
and purpose, and never lets an older grant undo a newer refusal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ..model import Channel, Consent, ConsentState, Customer, Purpose


def with_consent(customer: Customer, consent: Consent) -> Customer:
    """The customer with `consent` on record, unless a newer word on it is there already."""
    standing = customer.consent(consent.channel, consent.purpose)
    if standing is not None and standing.at > consent.at:
        return customer
    others = tuple(c for c in customer.consents if c is not standing)
    return customer.model_copy(update={"consents": (*others, consent)})


def set_consents(
    customer: Customer,
    state: ConsentState,
    channels: Iterable[Channel],
    purposes: Iterable[Purpose],
    *,
    source: str,
    at: datetime,
) -> Customer:
    """The same word for several channels and purposes."""
    asked = tuple(purposes)
    for channel in channels:
        for purpose in asked:
            said = Consent(channel=channel, purpose=purpose, state=state, source=source, at=at)
            customer = with_consent(customer, said)
    return customer


def most_restrictive(consents: Iterable[Consent]) -> tuple[Consent, ...]:
    """One consent per channel and purpose: a refusal wins over a grant, then the newest wins."""
    strictest: dict[tuple[Channel, Purpose], Consent] = {}
    for consent in consents:
        key = (consent.channel, consent.purpose)
        held = strictest.get(key)
        if held is None or _strictness(consent) > _strictness(held):
            strictest[key] = consent
    return tuple(strictest.values())


def _strictness(consent: Consent) -> tuple[bool, datetime]:
    return consent.state is ConsentState.DENIED, consent.at
