"""The Segment HTTP tracking API: the write key, the body in all its wrappings, and batches.

Lives here: what every call has in common. Single events are read by `segment_events.py`. Never
here: who the identities belong to; the write key is public and vouches for nobody, only an event's
own proof does.

Source: https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/, which
RudderStack speaks too (https://www.rudderstack.com/docs/api/http-api/).
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from datetime import datetime
from typing import Any

from ..errors import PayloadError, SignatureError
from ..model import Interaction
from ..settings import Settings
from .payload import find_flaw, is_text, read_object
from .proof import WrongProof
from .request import InboundRequest, Parsed, RejectedEvent
from .segment_events import Arrival, read_event, read_message_id
from .signatures import is_same
from .times import read_time

BATCH_LIMIT_BYTES = 500 * 1024
EVENT_LIMIT_BYTES = 32 * 1024
"""Segment's own limits, which it answers with 400."""

BATCH_LIMIT_EVENTS = 2_500
"""Ours: it bounds the answer that names each bad event of a batch."""

CALLS = {
    **{call: call for call in ("identify", "track", "page", "screen", "group", "alias", "batch")},
    **{"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias"},
    "b": "batch",
}
"""The path after `/v1/` -> the call; analytics-next uses the short forms."""

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


def verify(request: InboundRequest, settings: Settings) -> None:
    """Raises SignatureError unless the write key came by Basic auth, `?writeKey=` or in the body.

    The body is looked into only where neither header nor query brings a key.
    """
    expected = settings.write_key.get_secret_value()
    if not expected:
        raise SignatureError("this source has no write key set, so nothing it sends is taken")
    authorization = request.headers.get("authorization", "")
    if authorization:
        given = _basic_user(authorization)
    else:
        given = request.query.get("writeKey") or _body_key(request.body)
    if not is_same(expected, given):
        raise SignatureError(
            "the write key is missing or wrong: Basic auth `writeKey:`, ?writeKey= or in the body"
        )


def parse(
    request: InboundRequest, settings: Settings, received_at: datetime, *, call: str
) -> Parsed:
    """The interactions of one call: identify, track, page, screen, group, alias or batch.

    Bad events of a batch are named and the others kept; a bad single event or a body that is no
    batch raises PayloadError, as does a body over 32 KB (a batch: 500 KB). An event whose proof is
    wrong is bad; a single one raises SignatureError.
    """
    limit_bytes = BATCH_LIMIT_BYTES if call == "batch" else EVENT_LIMIT_BYTES
    document = read_object(_unwrap(request.body, limit_bytes))
    gpc = request.headers.get("sec-gpc", "").strip() == "1"
    secret = settings.identity_secret.get_secret_value()
    if call == "batch":
        return _read_batch(document, received_at, gpc=gpc, secret=secret)
    try:
        interaction = _read_sound(document, call, Arrival(received_at, None, gpc, secret))
    except WrongProof as error:
        raise SignatureError(str(error)) from None
    except ValueError as error:
        raise PayloadError(str(error)) from None
    return Parsed((interaction,))


def _read_batch(
    document: dict[str, Any], received_at: datetime, *, gpc: bool, secret: str
) -> Parsed:
    events = document.get("batch")
    if not isinstance(events, list) or len(events) > BATCH_LIMIT_EVENTS:
        raise PayloadError(f"`batch` is a list of at most {BATCH_LIMIT_EVENTS} events")
    arrival = _arrival(document, received_at, gpc=gpc, secret=secret)
    interactions: dict[str, Interaction] = {}
    rejected: list[RejectedEvent] = []
    ignored = 0
    for index, event in enumerate(events):
        try:
            interaction = _read_sound(event, None, arrival)
        except ValueError as error:
            rejected.append(RejectedEvent(index, _nameable_id(event), str(error)))
        else:
            ignored += interaction.id in interactions
            interactions.setdefault(interaction.id, interaction)
    return Parsed(tuple(interactions.values()), tuple(rejected), ignored)


def _arrival(document: dict[str, Any], received_at: datetime, *, gpc: bool, secret: str) -> Arrival:
    """What the batch says once for all its events."""
    context = document.get("context")
    told = isinstance(context, dict) and context.get("gpc") is True
    sent_at = document.get("sentAt")
    try:
        left = None if sent_at is None else read_time(sent_at)
    except ValueError as error:
        raise PayloadError(f"sentAt: {error}") from None
    return Arrival(received_at, left, gpc or told, secret)


def _read_sound(event: Any, call: str | None, arrival: Arrival) -> Interaction:
    """One event, checked before it is read. `call` None: the event names its own. ValueError."""
    if not isinstance(event, dict):
        raise ValueError("an event is an object")
    if flaw := find_flaw(event):
        raise ValueError(f"the event cannot be taken: {flaw}")
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > EVENT_LIMIT_BYTES:
        raise ValueError(f"an event has at most {EVENT_LIMIT_BYTES} bytes")
    return read_event(event, call, arrival)


def _nameable_id(event: Any) -> str | None:
    """A rejected event's messageId where it is fit to be shown."""
    try:
        message_id = read_message_id(event.get("messageId")) if isinstance(event, dict) else None
    except ValueError:
        return None
    return message_id if message_id and is_text(message_id) else None


def _unwrap(body: bytes, limit_bytes: int) -> bytes:
    """The JSON bytes, unzipped where they are gzip, whatever the headers call them.

    Goes by the bytes: API Gateway unzips and may leave the header, RudderStack's Node client
    labels JSON as a form, and a beacon has no label at all. A zip bomb is cut off at the limit.
    """
    if body.startswith(_GZIP_MAGIC):
        stream = zlib.decompressobj(_GZIP_WINDOW)
        try:
            body = stream.decompress(body, limit_bytes + 1)
        except zlib.error:
            raise PayloadError("the body is not whole gzip") from None
        if len(body) <= limit_bytes and (not stream.eof or stream.unused_data):
            raise PayloadError("the body is not whole gzip")
    if len(body) > limit_bytes:
        raise PayloadError(f"the body is over {limit_bytes} bytes", limit_bytes=limit_bytes)
    return body


def _basic_user(authorization: str) -> str:
    """The user name of Basic auth (RFC 7617), which is where Segment puts the write key."""
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""


def _body_key(body: bytes) -> str:
    try:
        write_key = read_object(_unwrap(body, BATCH_LIMIT_BYTES)).get("writeKey")
    except PayloadError:
        return ""
    return write_key if isinstance(write_key, str) else ""
