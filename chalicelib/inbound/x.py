"""X webhooks: the challenge, the signature, and both envelopes that events come in.

Lives here: what X proves and how it wraps its events. The events themselves are read by
`x_events.py`. Never here: what to answer.

Sources: https://docs.x.com/x-api/webhooks/quickstart (challenge and signature),
https://docs.x.com/x-api/activity/event-payloads (X Activity API) and
https://docs.x.com/x-api/account-activity/introduction (Account Activity API, still sent to many).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from ..errors import PayloadError, SignatureError
from ..model import Interaction
from ..settings import Settings
from . import x_events
from .payload import check_size, find_flaw, read_object
from .request import InboundRequest, Parsed, RejectedEvent
from .signatures import is_same, sign
from .x_events import Account, Reader

SIGNATURE_HEADER = "x-twitter-webhooks-signature"

ACTIVITY_READERS: dict[str, Reader] = {
    "post.mention.create": x_events.read_post,
    "post.reply.create": x_events.read_post,
    "post.quote.create": x_events.read_post,
    "post.delete": x_events.read_deletion,
    "dm.received": x_events.read_direct_message,
    "oauth.revoke": x_events.read_revocation,
}
"""X Activity API event types that we act on; every other type is acknowledged and counted."""

ACCOUNT_ACTIVITY_READERS: dict[str, Reader] = {
    "tweet_create_events": x_events.read_tweet,
    "tweet_delete_events": x_events.read_tweet_deletion,
    "direct_message_events": x_events.read_direct_message,
}
"""Account Activity API lists that we act on; every other list is acknowledged and counted."""


def answer_challenge(crc_token: str, settings: Settings) -> dict[str, str]:
    """What X expects of `GET ?crc_token=…`, so that it keeps the webhook.

    Events are signed with the same key and the same HMAC, so a token that could be the body of an
    event would make this answer a forger's pen: only characters of base64 and URLs are signed, and
    no JSON object can be written in those. Raises PayloadError for any other token.
    """
    if not re.fullmatch(r"[A-Za-z0-9+/=_.~-]{1,512}", crc_token):
        raise PayloadError("crc_token has 1 to 512 characters, letters, digits and +/=_.~- only")
    return {"response_token": _sign(crc_token.encode(), settings)}


def verify(request: InboundRequest, settings: Settings) -> None:
    """Raises TooLargeError over 256 KB, SignatureError unless X's app secret signed the body."""
    check_size(request.body)
    expected = _sign(request.body, settings)
    if not is_same(expected, request.headers.get(SIGNATURE_HEADER, "")):
        raise SignatureError(f"{SIGNATURE_HEADER} is missing or does not match the body")


def parse(request: InboundRequest, settings: Settings, received_at: datetime) -> Parsed:
    """The interactions of one delivery, of either webhook product.

    Raises PayloadError where the body is no envelope, or where nothing in it can be read.
    """
    check_size(request.body)
    document = read_object(request.body)
    if flaw := find_flaw(document):
        raise PayloadError(f"the body cannot be taken: {flaw}")
    if "data" in document:
        return _read_all(*_open_activity(document["data"], settings, received_at))
    if "for_user_id" in document or "user_event" in document:
        return _read_all(*_open_account_activity(document, settings, received_at))
    raise PayloadError("an X event has `data` (X Activity API) or `for_user_id` (Account Activity)")


def _sign(message: bytes, settings: Settings) -> str:
    return "sha256=" + sign(settings.x_consumer_secret, message, "sha256")


_Events = Iterator[tuple[Reader | None, Any]]


def _open_activity(data: Any, settings: Settings, received_at: datetime) -> tuple[_Events, Account]:
    if not isinstance(data, dict) or not isinstance(data.get("event_type"), str):
        raise PayloadError("`data` is an object with an event_type")
    matched = data.get("filter")
    subject = matched.get("user_id") if isinstance(matched, dict) else None
    account = Account.of(subject, settings, received_at)
    payload, reader = data.get("payload"), ACTIVITY_READERS.get(data["event_type"])
    if reader is x_events.read_direct_message:
        messages = payload.get("direct_message_events") if isinstance(payload, dict) else None
        return _pair(reader, messages, "payload.direct_message_events"), account
    return iter([(reader, payload)]), account


def _open_account_activity(
    document: dict[str, Any], settings: Settings, received_at: datetime
) -> tuple[_Events, Account]:
    def events() -> _Events:
        for name, listed in document.items():
            if name == "user_event":
                yield from _open_user_event(listed)
            elif name.endswith("_events"):
                yield from _pair(ACCOUNT_ACTIVITY_READERS.get(name), listed, name)

    return events(), Account.of(document.get("for_user_id"), settings, received_at)


def _open_user_event(event: Any) -> _Events:
    if isinstance(event, dict) and "revoke" in event:
        yield x_events.read_user_revocation, event["revoke"]
    else:
        yield None, event


def _pair(reader: Reader | None, listed: Any, name: str) -> _Events:
    if not isinstance(listed, list):
        raise PayloadError(f"`{name}` is a list")
    return ((reader, event) for event in listed)


def _read_all(events: Iterable[tuple[Reader | None, Any]], account: Account) -> Parsed:
    interactions: list[Interaction] = []
    rejected: list[RejectedEvent] = []
    ignored = 0
    for index, (reader, event) in enumerate(events):
        try:
            interaction = reader(event, account) if reader else None
        except PayloadError as error:
            rejected.append(RejectedEvent(index, None, error.message))
        else:
            interactions += [interaction] if interaction else []
            ignored += interaction is None
    if rejected and not interactions and not ignored:
        raise PayloadError(rejected[0].reason)
    return Parsed(tuple(interactions), tuple(rejected), ignored)
