"""WhatsApp Cloud API webhooks: the challenge, the signature and the envelope.

Lives here: what every delivery has in common. Single messages, statuses and preferences are read
by `whatsapp_events.py`. Never here: what to answer.

Sources: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
and the published client `pywa`, which is the judge of signatures and payloads. A signature has no
timestamp and deliveries are retried for seven days: the ids of messages, and of messages with their
status, make a repeat harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ..errors import PayloadError, SignatureError
from ..model import Interaction
from ..settings import Settings
from . import whatsapp_events
from .payload import check_size, find_flaw, read_object
from .request import InboundRequest, Parsed, RejectedEvent
from .signatures import digest, is_same
from .whatsapp_events import Account, Reader, read_list, read_object_of

SIGNATURE_HEADER = "x-hub-signature-256"

DELIVERY_LIMIT_BYTES = 3 * 1024 * 1024
"""The vendor's own limit of one delivery."""

OBJECT = "whatsapp_business_account"

READERS: Mapping[str, Mapping[str, Reader]] = {
    "messages": {
        "messages": whatsapp_events.read_message,
        "statuses": whatsapp_events.read_status,
    },
    "user_preferences": {"user_preferences": whatsapp_events.read_preference},
}
"""Webhook field -> list in its value -> reader; everything else is acknowledged and counted."""


def answer_challenge(query: Mapping[str, str], settings: Settings) -> str:
    """What WhatsApp expects of `GET ?hub.mode=subscribe&hub.verify_token=…&hub.challenge=…`.

    Raises SignatureError for another token than ours, PayloadError for a challenge that is no word
    (whatever else it held would be echoed on our own domain).
    """
    expected = settings.whatsapp_verify_token.get_secret_value()
    same = is_same(expected, query.get("hub.verify_token", ""))
    if not (expected and same and query.get("hub.mode") == "subscribe"):
        raise SignatureError("hub.mode is subscribe, and hub.verify_token the one that we have set")
    challenge = query.get("hub.challenge", "")
    if not re.fullmatch(r"[A-Za-z0-9_.~-]{1,256}", challenge):
        raise PayloadError("hub.challenge has 1 to 256 characters, letters, digits and _.~- only")
    return challenge


def verify(request: InboundRequest, settings: Settings) -> None:
    """Raises TooLargeError over 3 MB, SignatureError unless the app's secret signed the body."""
    check_size(request.body, DELIVERY_LIMIT_BYTES)
    expected = "sha256=" + digest(settings.whatsapp_app_secret, request.body, "sha256").hex()
    if not is_same(expected, request.headers.get(SIGNATURE_HEADER, "")):
        raise SignatureError(f"{SIGNATURE_HEADER} is missing or does not match the body")


def parse(request: InboundRequest, settings: Settings, received_at: datetime) -> Parsed:
    """The interactions of one delivery, which may hold many messages, statuses and preferences.

    What belongs to other numbers than ours, and every kind that is not read, is counted as ignored.
    Raises PayloadError where the body is no envelope, or where nothing in it can be read.
    """
    check_size(request.body, DELIVERY_LIMIT_BYTES)
    document = read_object(request.body)
    if flaw := find_flaw(document):
        raise PayloadError(f"the body cannot be taken: {flaw}")
    if not isinstance(document.get("object"), str):
        raise PayloadError(f"a delivery has an `object`: {OBJECT}")
    if document["object"] != OBJECT:  # Another product that the same app subscribed to.
        return Parsed((), ignored=1)
    return _read_all(document, settings, received_at)


def _read_all(document: dict[str, Any], settings: Settings, received_at: datetime) -> Parsed:
    interactions: dict[str, Interaction] = {}
    rejected: list[RejectedEvent] = []
    ignored = 0
    for index, (reader, event, account) in enumerate(_events(document, settings, received_at)):
        try:
            interaction = reader(event, account) if reader else None
        except PayloadError as error:
            rejected.append(RejectedEvent(index, None, error.message))
            continue
        if interaction is None or interaction.id in interactions:
            ignored += 1
        else:
            interactions[interaction.id] = interaction
    if rejected and not interactions and not ignored:
        raise PayloadError(rejected[0].reason)
    return Parsed(tuple(interactions.values()), tuple(rejected), ignored)


def _events(
    document: dict[str, Any], settings: Settings, received_at: datetime
) -> Iterator[tuple[Reader | None, Any, Account]]:
    """Every event with its reader; None stands for a change that holds nothing for us."""
    for entry in read_list(document, "entry"):
        for change in read_list(read_object_of(entry, "entry"), "changes"):
            fields = read_object_of(change, "changes")
            value = read_object_of(fields.get("value"), "changes.value")
            metadata = read_object_of(value.get("metadata") or {}, "changes.value.metadata")
            account = Account.of(metadata, settings, received_at)
            readers = READERS.get(str(fields.get("field")), {}) if account.is_ours else {}
            found: list[tuple[Reader | None, Any, Account]] = [
                (reader, event, account)
                for name, reader in readers.items()
                for event in read_list(value, name)
            ]
            yield from found or [(None, None, account)]
