"""Segment events, one reader for each call: what its fields mean as an Interaction.

Lives here: ids, identities, times, names and properties of single events. Never here: write keys,
bodies, batches. Readers raise ValueError with what would be right, and never repeat a value.

The write key is public, so an e-mail address or number in the traits stays a trait: it never
becomes an identity. What a proof says of the user id goes along (proof.py).

Source: https://segment.com/docs/connections/spec/
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..model import Identification, Interaction, WebEvent, normalise_identity
from .proof import is_proven, take_proof
from .push_events import read_properties
from .times import read_time

MAX_ID_LENGTH = 256

_UNSTABLE_FIELDS = {"writeKey", "sentAt"}
"""These change when a client sends the same event again."""

_PAGE_FIELDS = ("url", "path", "title", "referrer", "search")

_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")


@dataclass(frozen=True)
class Arrival:
    """How a request came: when, when its sender says it left, and with which privacy signal; and
    what its events' proofs are made with."""

    received_at: datetime
    sent_at: datetime | None
    gpc: bool
    identity_secret: str = field(default="", repr=False)


def read_event(event: dict[str, Any], call: str | None, arrival: Arrival) -> Interaction:
    """One event as an Interaction. `call` None: the event's `type` says. Raises ValueError, and of
    these WrongProof for an event that says to be proven and is not."""
    event, proof = take_proof(event)
    kind = call or event.get("type")
    if not isinstance(kind, str) or kind not in READERS:
        raise ValueError(f"type is one of {', '.join(READERS)}")
    gpc = arrival.gpc or _object(event, "context").get("gpc") is True
    message_id = read_message_id(event.get("messageId")) or _digest(event)
    return Interaction(
        id=f"web:{message_id}",
        source="web",
        identities=_alias_identities(event) if kind == "alias" else _identities(event),
        occurred_at=_read_occurred_at(event, arrival),
        received_at=arrival.received_at,
        proven=is_proven(_read_id(event.get("userId"), "userId"), proof, arrival.identity_secret),
        body=READERS[kind](event, kind, gpc),
    )


def read_message_id(value: Any) -> str | None:
    """The messageId as text; None where there is none. Raises ValueError."""
    return _read_id(value, "messageId")


def snake_case(name: str) -> str:
    """`Product Viewed`, `productViewed` and `product-viewed` -> `product_viewed`."""
    return _WORD_BOUNDARY.sub("_", name.strip()).strip("_").lower()


def _read_identify(event: dict[str, Any], kind: str, gpc: bool) -> Identification:
    """RudderStack puts the traits into the context; Segment beside it."""
    traits = {**_object(_object(event, "context"), "traits"), **_object(event, "traits")}
    return Identification(traits=traits, gpc=gpc)


def _read_alias(event: dict[str, Any], kind: str, gpc: bool) -> Identification:
    return Identification(gpc=gpc)


def _read_group(event: dict[str, Any], kind: str, gpc: bool) -> Identification:
    group_id = _read_id(event.get("groupId"), "groupId")
    if group_id is None:
        raise ValueError("a group call needs a groupId")
    return Identification(traits={"group": {**_object(event, "traits"), "id": group_id}}, gpc=gpc)


def _read_view(event: dict[str, Any], kind: str, gpc: bool) -> WebEvent:
    """A page or screen: its properties, and from the context and the call what they leave out."""
    page = _object(_object(event, "context"), "page")
    properties = {field: page[field] for field in _PAGE_FIELDS if page.get(field) is not None}
    properties |= _object(event, "properties")
    named = {field: event[field] for field in ("name", "category") if event.get(field) is not None}
    return WebEvent(name=kind, properties={**named, **properties}, gpc=gpc)


def _read_track(event: dict[str, Any], kind: str, gpc: bool) -> WebEvent:
    name = event.get("event")
    words = snake_case(name) if isinstance(name, str) else ""
    if not words or len(words) > MAX_ID_LENGTH:
        raise ValueError(f"a track call needs `event`, a name of 1 to {MAX_ID_LENGTH} characters")
    properties = read_properties(words, _object(event, "properties"))
    return WebEvent(name=words, properties=properties, gpc=gpc)


READERS: dict[str, Callable[[dict[str, Any], str, bool], Identification | WebEvent]] = {
    "identify": _read_identify,
    "track": _read_track,
    "page": _read_view,
    "screen": _read_view,
    "group": _read_group,
    "alias": _read_alias,
}


def _identities(event: dict[str, Any]) -> tuple[str, ...]:
    found = {
        "user": _read_id(event.get("userId"), "userId"),
        "anonymous": _read_id(event.get("anonymousId"), "anonymousId"),
    }
    if not any(found.values()):
        raise ValueError("an event needs a userId or an anonymousId")
    return tuple(normalise_identity(f"{space}:{value}") for space, value in found.items() if value)


def _alias_identities(event: dict[str, Any]) -> tuple[str, ...]:
    user = _read_id(event.get("userId"), "userId")
    previous = _read_id(event.get("previousId"), "previousId")
    if not user or not previous:
        raise ValueError("an alias call needs a userId and a previousId")
    identities = (f"user:{user}", f"anonymous:{previous}")
    return tuple(normalise_identity(identity) for identity in identities)


def _read_id(value: Any, name: str) -> str | None:
    """An id as text (clients send numbers too); None for null or empty. Raises ValueError."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{name} is a string")
    text = str(value).strip()
    if len(text) > MAX_ID_LENGTH:
        raise ValueError(f"{name} has at most {MAX_ID_LENGTH} characters")
    return text or None


def _digest(event: dict[str, Any]) -> str:
    """An id for an event that has none: the same when the same event is sent again."""
    stable = {name: value for name, value in event.items() if name not in _UNSTABLE_FIELDS}
    return hashlib.sha256(json.dumps(stable, sort_keys=True).encode()).hexdigest()


def _read_occurred_at(event: dict[str, Any], arrival: Arrival) -> datetime:
    """receivedAt - (sentAt - timestamp), which cancels a wrong clock; never after receipt."""
    timestamp = _time(event, "timestamp") or _time(event, "originalTimestamp")
    if timestamp is None:
        return arrival.received_at
    sent_at = _time(event, "sentAt") or arrival.sent_at
    if sent_at is None:
        return min(timestamp, arrival.received_at)
    try:
        return min(arrival.received_at - (sent_at - timestamp), arrival.received_at)
    except OverflowError:
        raise ValueError("timestamp and sentAt are too far apart") from None


def _time(event: dict[str, Any], name: str) -> datetime | None:
    if event.get(name) is None:
        return None
    try:
        return read_time(event[name])
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _object(fields: dict[str, Any], name: str) -> dict[str, Any]:
    """The named object; missing or null is empty. Raises ValueError for anything else."""
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{name} is an object")
    return value
