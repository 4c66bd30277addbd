"""Real requests of those who call us: a post on X, a text by way of Twilio, a click in a browser.

Lives here: each one's payload and signature, as published. Never here: how it is delivered.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from chalicelib.settings import Settings

BRAND_NAME = "retailerxyz"

_X_EPOCH_MILLISECONDS = 1_288_834_974_657


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one of our webhooks, and the id that its interaction will have."""

    path: str
    interaction_id: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def tweet(settings: Settings, author: str, text: str, *, now: datetime, rng: random.Random) -> Call:
    """A post that mentions the brand, as the X Activity API tells it.

    https://docs.x.com/x-api/activity/introduction
    """
    post_id = snowflake(now, rng)
    if f"@{BRAND_NAME}" not in text.lower():
        text = f"@{BRAND_NAME} {text}"
    start = text.lower().index(f"@{BRAND_NAME}")
    mention = {
        "start": start,
        "end": start + len(BRAND_NAME) + 1,
        "username": BRAND_NAME,
        "id": settings.x_user_id,
    }
    payload = {
        "id": post_id,
        "text": _escape(text),
        "author_id": author,
        "conversation_id": post_id,
        "created_at": f"{now:%Y-%m-%dT%H:%M:%S}.000Z",
        "edit_history_tweet_ids": [post_id],
        "entities": {"mentions": [mention]},
    }
    user = {"id": author, "username": f"user{author}", "name": f"User {author}"}
    includes = {"users": [user]}
    return _x_call(settings, "post.mention.create", post_id, payload, includes)


def direct_message(
    settings: Settings, sender: str, text: str, *, now: datetime, rng: random.Random
) -> Call:
    """A direct message to the brand, as the X Activity API tells it."""
    event_id = snowflake(now, rng)
    message = {
        "type": "message_create",
        "id": event_id,
        "created_timestamp": str(int(now.timestamp() * 1000)),
        "message_create": {
            "target": {"recipient_id": settings.x_user_id},
            "sender_id": sender,
            "message_data": {"text": _escape(text), "entities": {}},
        },
    }
    users = {sender: {"data": {"id": sender, "username": f"user{sender}"}}}
    payload = {"direct_message_events": [message], "users": users}
    return _x_call(settings, "dm.received", event_id, payload, {})


def text_message(settings: Settings, sender: str, text: str, *, rng: random.Random) -> Call:
    """A text to the brand's number, as Twilio delivers it.

    https://www.twilio.com/docs/messaging/guides/webhook-request
    """
    path = "/webhooks/twilio/messages"
    sid = f"SM{rng.getrandbits(128):032x}"
    form = {
        "MessageSid": sid,
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "AccountSid": settings.twilio_account_sid,
        "From": sender,
        "To": settings.twilio_number,
        "Body": text,
        "NumMedia": "0",
        "NumSegments": "1",
        "ApiVersion": "2010-04-01",
    }
    validator = RequestValidator(settings.twilio_auth_token.get_secret_value())
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "X-Twilio-Signature": validator.compute_signature(settings.public_url + path, form),
    }
    return Call(path, f"twilio:{sid}", headers, urlencode(form).encode())


def click(
    settings: Settings,
    user_id: str,
    product_id: str | None,
    event: str,
    *,
    now: datetime,
    rng: random.Random,
) -> Call:
    """Something done in the shop, as Segment's browser library posts it.

    https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#track
    """
    message_id = f"local-{uuid.UUID(int=rng.getrandbits(128), version=4)}"
    properties = {"product_id": product_id} if product_id else {}
    at = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
    document = {
        "messageId": message_id,
        "type": "track",
        "userId": user_id,
        "event": event,
        "properties": properties,
        "timestamp": at,
        "sentAt": at,
        "context": {"library": {"name": "rejoinder-local", "version": "1"}},
    }
    key = base64.b64encode(f"{settings.write_key.get_secret_value()}:".encode()).decode()
    headers = {"Content-Type": "text/plain", "Authorization": f"Basic {key}"}
    return Call("/v1/t", f"web:{message_id}", headers, json.dumps(document).encode())


def snowflake(now: datetime, rng: random.Random) -> str:
    """An id of X's: milliseconds since their epoch, and 22 bits that tell posts apart."""
    milliseconds = int(now.timestamp() * 1000) - _X_EPOCH_MILLISECONDS
    return str((max(1, milliseconds) << 22) | rng.getrandbits(22))


def _x_call(
    settings: Settings, event_type: str, event_id: str, payload: Any, includes: Any
) -> Call:
    document = {
        "data": {
            "event_uuid": event_id,
            "filter": {"user_id": settings.x_user_id},
            "event_type": event_type,
            "tag": "rejoinder",
            "payload": payload,
            "includes": includes,
        }
    }
    body = json.dumps(document).encode()
    secret = settings.x_consumer_secret.get_secret_value().encode()
    digest = base64.b64encode(hmac.digest(secret, body, hashlib.sha256)).decode()
    headers = {
        "Content-Type": "application/json",
        "x-twitter-webhooks-signature": f"sha256={digest}",
    }
    return Call("/webhooks/x", f"x:{event_id}", headers, body)


def _escape(text: str) -> str:
    """X sends these three as HTML would."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
