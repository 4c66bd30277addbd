"""Where a customer is reached on each channel. Never here: whether they may be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from ..model import Channel, Customer

_NAMESPACES: Final[Mapping[Channel, str]] = {
    Channel.X_REPLY: "x",
    Channel.X_DM: "x",
    Channel.SMS: "phone",
    Channel.WHATSAPP: "phone",
    Channel.VOICE: "phone",
    Channel.EMAIL: "email",
}
MISSING: Final[Mapping[Channel, str]] = {
    Channel.X_REPLY: "no X account is on record",
    Channel.X_DM: "no X account is on record",
    Channel.SMS: "no phone number is on record",
    Channel.WHATSAPP: "no phone number is on record",
    Channel.VOICE: "no phone number is on record",
    Channel.EMAIL: "no e-mail address is on record",
    Channel.PUSH: "no browser of theirs takes notifications",
    Channel.INBOX: "no browser is known to be theirs",
}
_BROWSER = "anonymous:"


def address_of(customer: Customer, channel: Channel) -> str | None:
    """What `Reply.to` holds: a number, an address, an X user id; for push the subscription as
    JSON, in the form of W3C's `PushSubscription.toJSON()`; for the inbox a browser's id."""
    if channel is Channel.PUSH:
        return _subscription(customer)
    if channel is Channel.INBOX:
        return _browser(customer)
    return customer.address(_NAMESPACES[channel])


def endpoint_of(address: str) -> str:
    """The endpoint of a subscription that a message was addressed to."""
    return str(json.loads(address)["endpoint"])


def _subscription(customer: Customer) -> str | None:
    if not customer.subscriptions:
        return None
    newest = customer.subscriptions[0]
    keys = {"p256dh": newest.p256dh, "auth": newest.auth}
    return json.dumps({"endpoint": newest.endpoint, "keys": keys}, separators=(",", ":"))


def _browser(customer: Customer) -> str | None:
    """The latest browser that the shop vouched for; of whom nothing but browsers is known, the
    latest. The write key is public: whoever merely says to be somebody reads nobody's messages."""
    if all(identity.startswith(_BROWSER) for identity in customer.identities):
        found = customer.identities
    else:
        held = frozenset(customer.identities)
        found = tuple(browser for browser in customer.proven_browsers if browser in held)
    return found[-1].removeprefix(_BROWSER) if found else None
