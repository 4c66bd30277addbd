"""Whether an offer may be put to this person at this moment, whatever its rule says.

Caps over sliding windows: the offer's own, and the catalog's limits on all offers together, on a
channel, on a purpose and on a product group; validity dates; exclusive groups. Caps count the
person's contacts on every channel and under every identity. Nothing is recorded here: what was
offered is recorded by whoever commits the decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..model import Cap, Channel, ContactLimits, Offer, OfferContact

_SPOKEN = {"sms": "by text message", "x_dm": "by direct message on X", "x_reply": "on X"}


@dataclass(frozen=True, slots=True)
class CapReached:
    """The cap that stands in the way, what it counts (`offers by email`; empty for the offer
    itself), and when it will have room again."""

    cap: Cap
    counted: str
    free_at: datetime


@dataclass(frozen=True, slots=True)
class _Scope:
    """Contacts that are counted together, newest first, and how many there may be."""

    counted: str
    caps: Sequence[Cap]
    moments: list[datetime]

    def reached(self, now: datetime) -> Iterator[CapReached]:
        """A contact counts for exactly `days` after it; one that lies in the future counts too."""
        for cap in self.caps:
            if len(self.moments) >= cap.times:
                free_at = self.moments[cap.times - 1] + timedelta(days=cap.days)
                if now < free_at:
                    yield CapReached(cap, self.counted, free_at)


class Allowance:
    """What caps leave room for, for one customer at one moment; shrinks with every offer taken."""

    def __init__(
        self,
        contacts: Sequence[OfferContact],
        limits: ContactLimits,
        now: datetime,
        channel: Channel | None,
    ) -> None:
        self._now = now
        self._channel = channel
        self._by_offer: dict[str, list[datetime]] = {}
        for contact in contacts:
            self._by_offer.setdefault(contact.offer_id, []).append(contact.at)
        for moments in self._by_offer.values():
            moments.sort(reverse=True)
        self._scopes = dict(_scopes(contacts, limits, channel))

    def copy(self) -> Allowance:
        """The same room, to be taken from by itself."""
        if not self._scopes:
            return self
        found = copy(self)
        found._scopes = {
            name: replace(scope, moments=list(scope.moments))
            for name, scope in self._scopes.items()
        }
        return found

    def own_cap(self, offer: Offer) -> CapReached | None:
        """The offer's own cap that holds it back longest, if any."""
        moments = self._by_offer.get(offer.id)
        if not moments:
            return None
        scope = _Scope("", offer.policy.per_customer, moments)
        return _longest(scope.reached(self._now))

    def limit(self, offer: Offer) -> CapReached | None:
        """The catalog's limit that holds it back longest, if any."""
        if not self._scopes:
            return None
        reached = (r for scope in self._over(offer) for r in scope.reached(self._now))
        return _longest(reached)

    def offers_met(self) -> Iterable[str]:
        """Ids of the offers that were ever put to the customer: only their own caps matter."""
        return self._by_offer

    def take(self, offer: Offer) -> None:
        """The offer will be made: there is room for one less."""
        for scope in self._over(offer) if self._scopes else ():
            scope.moments.insert(0, self._now)

    def _over(self, offer: Offer) -> Iterator[_Scope]:
        names = ("overall", f"channel {self._channel}", f"purpose {offer.purpose}")
        for name in (*names, *(f"group {group}" for group in offer.groups)):
            if name in self._scopes:
                yield self._scopes[name]


def _longest(reached: Iterator[CapReached]) -> CapReached | None:
    return max(reached, key=lambda r: r.free_at, default=None)


def _scopes(
    contacts: Sequence[OfferContact], limits: ContactLimits, channel: Channel | None
) -> Iterator[tuple[str, _Scope]]:
    """Every limit that may matter, with its contacts; by the names that `_over` uses."""
    if limits.overall:
        yield "overall", _scope("offers in all", limits.overall, contacts)
    if channel is not None and (caps := limits.channels.get(channel)):
        chosen = [c for c in contacts if c.channel == channel]
        how = _SPOKEN.get(channel, f"by {channel.value}")
        yield f"channel {channel}", _scope(f"offers {how}", caps, chosen)
    for purpose, caps in limits.purposes.items():
        chosen = [c for c in contacts if c.purpose == purpose]
        yield f"purpose {purpose}", _scope(f"{purpose.value} offers", caps, chosen)
    for group, caps in limits.groups.items():
        chosen = [c for c in contacts if group in c.groups]
        yield f"group {group}", _scope(f"offers about {group}", caps, chosen)


def _scope(counted: str, caps: Sequence[Cap], contacts: Iterable[OfferContact]) -> _Scope:
    return _Scope(counted, caps, sorted((c.at for c in contacts), reverse=True))


def is_current(offer: Offer, now: datetime) -> bool:
    """`starts_at` is the first moment of validity, `ends_at` the first one after it."""
    return (offer.starts_at is None or offer.starts_at <= now) and (
        offer.ends_at is None or now < offer.ends_at
    )
