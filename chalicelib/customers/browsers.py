"""What a customer's browsers may be trusted with: notifications, and messages in the inbox. Pure.

A browser is spoken to as its customer where nothing but browsers is known of them, or where the
shop vouched for it. Of everything else the record holds to one rule: no subscription and no leave
of a browser's stays on a record that was tied to somebody without proof. Whoever forges `identify`
with the public write key takes nothing along and is told nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from ..model import (
    Channel,
    Consent,
    ConsentState,
    Customer,
    Identity,
    Purpose,
    PushSubscription,
    WebEvent,
)
from .consents import set_consents, with_consent

SUBSCRIBED, UNSUBSCRIBED = "push_subscribed", "push_unsubscribed"
SUBSCRIPTIONS_LIMIT = 5
PROVEN_LIMIT = 5

PERMITTED, ENDED = "browser permission", "browser permission withdrawn"
_SPOKEN_TO: Final = frozenset({Channel.PUSH, Channel.INBOX})


def browsers_of(identities: Iterable[Identity]) -> list[Identity]:
    return [i for i in identities if i.startswith("anonymous:")]


def with_proven(customer: Customer, browsers: Iterable[Identity]) -> Customer:
    """The customer with these browsers proven theirs, the latest last; those that they hold."""
    proven = [b for b in browsers if b in customer.identities]
    kept = [b for b in customer.proven_browsers if b not in proven]
    latest = tuple((*kept, *proven)[-PROVEN_LIMIT:])
    if latest == customer.proven_browsers:
        return customer
    return customer.model_copy(update={"proven_browsers": latest})


def without_browser(customer: Customer, browser: Identity) -> Customer:
    """The customer whose browser has become somebody else's. Which of their subscriptions were
    made there is not known, so all go: the others come again with their next visit."""
    return customer.model_copy(
        update={
            "identities": tuple(i for i in customer.identities if i != browser),
            "proven_browsers": tuple(i for i in customer.proven_browsers if i != browser),
            "subscriptions": (),
        }
    )


def unvouched(customer: Customer) -> Customer:
    """The customer without what browsers alone were given or agreed to; their refusals stay."""
    return customer.model_copy(
        update={
            "subscriptions": (),
            "proven_browsers": (),
            "consents": tuple(
                c
                for c in customer.consents
                if c.channel not in _SPOKEN_TO or c.state is ConsentState.DENIED
            ),
        }
    )


def with_push(customer: Customer, event: WebEvent, at: datetime, *, trusted: bool) -> Customer:
    """The customer after a page told of a subscription; unchanged for any other event.

    `trusted`: the browser may be spoken to as this customer. Ending a subscription needs no trust:
    nobody else knows its endpoint.
    """
    given = event.properties
    if event.name == UNSUBSCRIBED and "endpoint" in given:
        return _ended(customer, str(given["endpoint"]), at)
    if event.name == SUBSCRIBED and "keys" in given and trusted:
        return _subscribed(customer, given, at)
    return customer


def merged_subscriptions(*held: PushSubscription) -> tuple[PushSubscription, ...]:
    """Each endpoint once, newest first."""
    newest: dict[str, PushSubscription] = {}
    for subscription in sorted(held, key=lambda s: s.at, reverse=True):
        newest.setdefault(subscription.endpoint, subscription)
    return tuple(newest.values())[:SUBSCRIPTIONS_LIMIT]


def _subscribed(customer: Customer, given: Mapping[str, Any], at: datetime) -> Customer:
    keys = given["keys"]
    told = PushSubscription(
        endpoint=given["endpoint"], p256dh=keys["p256dh"], auth=keys["auth"], at=at
    )
    known = any(s.endpoint == told.endpoint for s in customer.subscriptions)
    purposes = (
        (Purpose.SERVICE, Purpose.MARKETING) if given.get("marketing") else (Purpose.SERVICE,)
    )
    for purpose in purposes:
        standing = customer.consent(Channel.PUSH, purpose)
        if standing is not None and not _is_new_word(standing, given.get("wording"), known):
            continue
        customer = with_consent(
            customer,
            Consent(
                channel=Channel.PUSH,
                purpose=purpose,
                state=ConsentState.GRANTED,
                source=PERMITTED,
                at=at,
                wording=given.get("wording"),
            ),
        )
    subscriptions = merged_subscriptions(told, *customer.subscriptions)
    return customer.model_copy(update={"subscriptions": subscriptions})


def _is_new_word(standing: Consent, wording: str | None, known: bool) -> bool:
    """A page tells of the same subscription at every visit, and a browser may renew it by itself:
    that takes back no refusal. New leave is a permission just given, to words just shown."""
    if wording is None:
        return False
    return not known or (standing.state is ConsentState.GRANTED and standing.wording != wording)


def _ended(customer: Customer, endpoint: str, at: datetime) -> Customer:
    """The last subscription's end is the end of the permission, too."""
    kept = tuple(s for s in customer.subscriptions if s.endpoint != endpoint)
    if len(kept) == len(customer.subscriptions):
        return customer
    customer = customer.model_copy(update={"subscriptions": kept})
    if kept:
        return customer
    refused = ConsentState.DENIED
    return set_consents(customer, refused, [Channel.PUSH], Purpose, source=ENDED, at=at)
