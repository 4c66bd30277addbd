"""What others send to the brand: their bodies, and signatures made without our code.

X's and WhatsApp's signatures follow their own published rules; Twilio's comes from Twilio's
validator.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from twilio.request_validator import RequestValidator

PAYLOADS = Path(__file__).parent / "payloads"


def mention(post_id: str, author: str, text: str, at: datetime) -> bytes:
    """A post that mentions the brand, as the X Activity API tells it."""
    document = _document("x/activity_mention.json")
    document["data"]["event_uuid"] = post_id
    told = {"id": post_id, "author_id": author, "text": text, "conversation_id": post_id}
    document["data"]["payload"].update(told, created_at=f"{at:%Y-%m-%dT%H:%M:%S}.000Z")
    return json.dumps(document).encode()


def account_mention(post_id: str, author: str, text: str, at: datetime) -> bytes:
    """A post that mentions the brand, as the Account Activity API tells it."""
    document = _document("x/account_mention.json")
    (tweet,) = document["tweet_create_events"]
    tweet.update(id=int(post_id), id_str=post_id, text=text, timestamp_ms=_milliseconds(at))
    tweet["user"].update(id=int(author), id_str=author)
    return json.dumps(document).encode()


def direct_message(event_id: str, sender: str, text: str, at: datetime) -> bytes:
    """A direct message to the brand, as the X Activity API tells it."""
    document = _document("x/activity_direct_message.json")
    (message,) = document["data"]["payload"]["direct_message_events"]
    message.update(id=event_id, created_timestamp=_milliseconds(at))
    message["message_create"]["sender_id"] = sender
    message["message_create"]["message_data"]["text"] = text
    return json.dumps(document).encode()


def signed_by_x(body: bytes, secret: str = "local-x-secret") -> str:
    """https://docs.x.com/x-api/webhooks/quickstart: HMAC-SHA256 over the raw body."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return f"sha256={base64.b64encode(digest).decode()}"


def text_message(sid: str, sender: str, text: str) -> dict[str, str]:
    """The fields by which Twilio tells of a text."""
    return {
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": "AC00000000000000000000000000000999",
        "From": sender,
        "To": "+15550009999",
        "Body": text,
        "NumMedia": "0",
    }


def signed_by_twilio(url: str, fields: Mapping[str, str]) -> str:
    validator = RequestValidator("local-twilio-token")
    return str(validator.compute_signature(url, dict(fields)))


def whatsapp_message(message_id: str, sender: str, text: str, at: datetime) -> bytes:
    """A text to the brand on WhatsApp, as the Cloud API tells it."""
    document = _document("whatsapp/text.json")
    value = document["entry"][0]["changes"][0]["value"]
    value["contacts"][0]["wa_id"] = sender.removeprefix("+")
    (message,) = value["messages"]
    told = {"from": sender.removeprefix("+"), "id": message_id, "text": {"body": text}}
    message.update(told, timestamp=str(int(at.timestamp())))
    return json.dumps(document).encode()


def whatsapp_statuses(message_id: str, words: Sequence[str], at: datetime) -> bytes:
    """What became of a message of ours, several statuses in one delivery."""
    document = _document("whatsapp/status_delivered.json")
    value = document["entry"][0]["changes"][0]["value"]
    (status,) = value["statuses"]
    told = {"id": message_id, "timestamp": str(int(at.timestamp()))}
    value["statuses"] = [{**status, **told, "status": word} for word in words]
    return json.dumps(document).encode()


def signed_by_whatsapp(body: bytes, secret: str = "local-whatsapp-secret") -> str:
    """https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications"""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def _document(name: str) -> Any:
    return json.loads((PAYLOADS / name).read_bytes())


def _milliseconds(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))
