"""Real requests of those who call us: a post on X, a text by way of Twilio, a message by way of
WhatsApp, a click in a browser.

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
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from chalicelib.inbound.whatsapp_events import interaction_id
from chalicelib.settings import Settings

from .carriers.whatsapp_webhooks import contact, delivery, signed

BRAND_NAME = "retailerxyz"

_X_EPOCH_MILLISECONDS = 1_288_834_974_657


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one of our webhooks, and the id that its interaction will have."""

    path: str
    interaction_id: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Published:
    """One message to one of our topics, and the id that its interaction will have."""

    interaction_id: str
    message: str = field(repr=False)


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


def aws_text(settings: Settings, sender: str, text: str, *, rng: random.Random) -> Published:
    """A text to the brand's number at AWS, as two-way SMS publishes it.

    https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html
    """
    message_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    document = {
        "originationNumber": sender,
        "destinationNumber": settings.aws_sms_identity,
        "messageKeyword": "KEYWORD_LOCAL",
        "messageBody": text,
        "inboundMessageId": message_id,
        "previousPublishedMessageId": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
    }
    return Published(f"aws_sms:{message_id}", json.dumps(document))


def mail(
    settings: Settings, sender: str, subject: str, text: str, *, now: datetime, rng: random.Random
) -> Published:
    """An e-mail to the brand, as SES publishes what it received: DMARC passed.

    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
    """
    ses_id = f"{rng.getrandbits(160):040x}"
    to, at = settings.ses_reply_to, f"{now:%Y-%m-%dT%H:%M:%S}.000Z"
    written = EmailMessage()
    written["From"], written["To"], written["Subject"] = sender, to, subject
    written["Message-ID"] = f"<{ses_id}@{sender.rpartition('@')[2]}>"
    written["Date"] = format_datetime(now)
    written.set_content(text)
    verdicts = ("spam", "virus", "spf", "dkim", "dmarc")
    document = {
        "notificationType": "Received",
        "receipt": {
            "timestamp": at,
            "recipients": [to],
            **{f"{name}Verdict": {"status": "PASS"} for name in verdicts},
            "action": {"type": "SNS", "encoding": "BASE64"},
        },
        "mail": {"timestamp": at, "source": sender, "messageId": ses_id, "destination": [to]},
        "content": base64.b64encode(written.as_bytes()).decode(),
    }
    return Published(f"ses:mail:{ses_id}", json.dumps(document))


def whatsapp_message(
    settings: Settings, sender: str, text: str, *, now: datetime, rng: random.Random
) -> Call:
    """A text to the brand on WhatsApp, as the Cloud API delivers it; `sender` in E.164 form.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/text
    """
    number = sender.removeprefix("+")
    random_part = rng.getrandbits(128).to_bytes(16)
    message_id = f"wamid.{base64.b64encode(number.encode() + random_part).decode()}"
    message = {
        "from": number,
        "id": message_id,
        "timestamp": str(int(now.timestamp())),
        "type": "text",
        "text": {"body": text},
    }
    value = {"contacts": [contact(number)], "messages": [message]}
    body = delivery(settings.whatsapp_phone_number_id, value)
    headers = signed(body, settings.whatsapp_app_secret.get_secret_value().encode())
    return Call("/webhooks/whatsapp", interaction_id(message_id), headers, body)


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
