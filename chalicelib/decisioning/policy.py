"""Whether an offer may be put to this person at this moment, whatever its rule says.

Validity dates, the purposes that may be served, caps per person over sliding windows, and budgets.
Caps count the person's contacts on every channel and under every identity. Nothing here counts up:
what was offered is recorded by whoever commits the decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..model import Cap, Offer, OfferContact

Contacts = Mapping[str, Sequence[datetime]]
"""When each offer, by id, was put to the person; newest first."""


@dataclass(frozen=True, slots=True)
class CapReached:
    """The cap that stands in the way, and when it will have room again."""

    cap: Cap
    free_at: datetime


def contacts_by_offer(contacts: Iterable[OfferContact]) -> Contacts:
    """The person's contacts, sorted out by offer."""
    found: dict[str, list[datetime]] = {}
    for contact in contacts:
        found.setdefault(contact.offer_id, []).append(contact.at)
    for moments in found.values():
        moments.sort(reverse=True)
    return found


def is_current(offer: Offer, now: datetime) -> bool:
    """`starts_at` is the first moment of validity, `ends_at` the first one after it."""
    return (offer.starts_at is None or offer.starts_at <= now) and (
        offer.ends_at is None or now < offer.ends_at
    )


def reached_cap(offer: Offer, contacts: Contacts, now: datetime) -> CapReached | None:
    """The cap that holds the offer back longest, if any.

    A contact counts for exactly `days` after it; one that lies in the future counts too.
    """
    moments = contacts.get(offer.id)
    if not moments:
        return None
    reached = [
        CapReached(cap, moments[cap.times - 1] + timedelta(days=cap.days))
        for cap in offer.policy.per_customer
        if len(moments) >= cap.times and now < moments[cap.times - 1] + timedelta(days=cap.days)
    ]
    return max(reached, key=lambda r: r.free_at, default=None)


def is_exhausted(offer: Offer, exhausted: frozenset[str]) -> bool:
    """Whether the budget that all customers share is used up."""
    return offer.policy.budget == 0 or offer.id in exhausted


def lose_exclusivity(ranked: Sequence[Offer]) -> dict[str, str]:
    """{loser's id: winner's id}: of each exclusive group only the best-ranked stays."""
    best: dict[str, str] = {}
    lost: dict[str, str] = {}
    for offer in ranked:
        group = offer.policy.exclusive_group
        if group is not None and best.setdefault(group, offer.id) != offer.id:
            lost[offer.id] = best[group]
    return lost
