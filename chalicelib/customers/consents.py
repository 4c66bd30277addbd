"""What a customer allows and refuses, and changes to it. Pure; keeps the newest word per channel
and purpose, and never lets an older grant undo a newer refusal.

A word that does not come to stand, because a newer one does, was still heard: it is kept beside the
standing ones until it is put on record (consent_record.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from ..model import Channel, Consent, ConsentState, Customer, Purpose


class Standing(tuple[Consent, ...]):
    """The standing consents, with the words heard beside them that did not come to stand.

    Equal to the plain tuple: what did not come to stand changes nothing but the record.
    """

    unheeded: tuple[Consent, ...] = ()


def standing(consents: Iterable[Consent], unheeded: Iterable[Consent]) -> Standing:
    """Consents that stand, and words that were heard beside them."""
    made = Standing(consents)
    made.unheeded = tuple(unheeded)
    return made


def unheeded(customer: Customer) -> tuple[Consent, ...]:
    """The words that were heard since the customer was read and did not come to stand."""
    held = customer.consents
    return held.unheeded if isinstance(held, Standing) else ()


def with_consent(customer: Customer, consent: Consent) -> Customer:
    """The customer with `consent` on record, unless a newer word on it is there already.

    Of two words at the same instant the refusal stands.
    """
    held = customer.consent(consent.channel, consent.purpose)
    if held == consent:
        return customer
    if held is not None and _outlasts(held, consent):
        heard = standing(customer.consents, (*unheeded(customer), consent))
        return customer.model_copy(update={"consents": heard})
    others = (c for c in customer.consents if c is not held)
    stands = standing((*others, consent), unheeded(customer))
    return customer.model_copy(update={"consents": stands})


def set_consents(
    customer: Customer,
    state: ConsentState,
    channels: Iterable[Channel],
    purposes: Iterable[Purpose],
    *,
    source: str,
    at: datetime,
    wording: str | None = None,
    proof: str | None = None,
) -> Customer:
    """The same word for several channels and purposes."""
    told = {"state": state, "source": source, "at": at, "wording": wording, "proof": proof}
    asked = tuple(purposes)
    for channel in channels:
        for purpose in asked:
            customer = with_consent(customer, Consent(channel=channel, purpose=purpose, **told))
    return customer


def to_be_confirmed(
    customer: Customer, said: Consent, double_opt_in: Collection[Channel]
) -> Consent:
    """A grant of marketing as pending, where its channel wants it confirmed and it is not yet."""
    held = customer.consent(said.channel, said.purpose)
    if (
        said.state is not ConsentState.GRANTED
        or said.purpose is not Purpose.MARKETING
        or said.channel not in double_opt_in
        or (held is not None and held.state is ConsentState.GRANTED)
    ):
        return said
    return said.model_copy(update={"state": ConsentState.PENDING})


def confirmed(pending: Consent, *, source: str, at: datetime, proof: str) -> Consent:
    """A pending consent that was confirmed, with the proof of both words."""
    proofs = " + ".join(filter(None, (pending.proof, proof)))
    told = {"state": ConsentState.GRANTED, "source": source, "at": max(at, pending.at)}
    return pending.model_copy(update={**told, "proof": proofs})


def most_restrictive(consents: Iterable[Consent]) -> tuple[Consent, ...]:
    """One consent per channel and purpose: a refusal wins over a grant, and what is pending too;
    then the newest wins."""
    strictest: dict[tuple[Channel, Purpose], Consent] = {}
    for consent in consents:
        key = (consent.channel, consent.purpose)
        held = strictest.get(key)
        if held is None or _strictness(consent) > _strictness(held):
            strictest[key] = consent
    return tuple(strictest.values())


_STRICTNESS = {ConsentState.GRANTED: 0, ConsentState.PENDING: 1, ConsentState.DENIED: 2}


def _strictness(consent: Consent) -> tuple[int, datetime]:
    return _STRICTNESS[consent.state], consent.at


def _outlasts(held: Consent, said: Consent) -> bool:
    if held.at != said.at:
        return held.at > said.at
    return held.state is ConsentState.DENIED and said.state is not ConsentState.DENIED
