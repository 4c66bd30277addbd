"""Signed requests as each source sends them, made without the code under test.

X's signature is computed here by itself, Twilio's by Twilio's own published validator.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from chalicelib.inbound import InboundRequest
from chalicelib.settings import Settings

PAYLOADS = Path(__file__).parents[2] / "payloads"
RECEIVED_AT = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
PUBLIC_URL = "https://rejoinder.example"
SETTINGS = Settings(
    write_key=SecretStr("local-write-key"),
    x_consumer_secret=SecretStr("local-x-secret"),
    x_user_id="999",
    twilio_auth_token=SecretStr("local-twilio-token"),
    twilio_number="+15550009999",
    whatsapp_app_secret=SecretStr("local-whatsapp-secret"),
    whatsapp_verify_token=SecretStr("local-whatsapp-verify-token"),
    whatsapp_phone_number_id="106540352242922",
)

Mangle = Callable[[str], str]


def as_is(credential: str) -> str:
    return credential


def payload(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


def document(name: str) -> Any:
    return json.loads(payload(name))


def keyless_batch() -> bytes:
    return json.dumps({"batch": document("segment/batch.json")["batch"]}).encode()


def post(
    path: str,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> InboundRequest:
    url = f"{PUBLIC_URL}{path}" + (f"?{urlencode(query)}" if query else "")
    return InboundRequest("POST", url, headers or {}, query or {}, body)


def from_x(body: bytes, secret: str = "local-x-secret", mangle: Mangle = as_is) -> InboundRequest:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    signature = mangle("sha256=" + base64.b64encode(digest).decode())
    headers = {"content-type": "application/json", "x-twitter-webhooks-signature": signature}
    return post("/webhooks/x", body, headers)


def from_twilio(
    body: bytes,
    secret: str = "local-twilio-token",
    mangle: Mangle = as_is,
    algorithm: str | None = None,
    path: str = "/webhooks/twilio/messages",
) -> InboundRequest:
    fields = _MultiDict(parse_qsl(body.decode(), keep_blank_values=True))
    signed = RequestValidator(secret).compute_signature(PUBLIC_URL + path, fields, algorithm)
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        "x-twilio-signature": mangle(signed),
    }
    if algorithm:
        headers["x-twilio-webhooks-signature-settings"] = f"key=webhooks_1,algorithm={algorithm}"
    return post(path, body, headers)


def from_twilio_as_json(
    body: bytes, secret: str = "local-twilio-token", mangle: Mangle = as_is
) -> InboundRequest:
    query = {"bodySHA256": hashlib.sha256(body).hexdigest()}
    request = post("/webhooks/twilio/messages", body, {}, query)
    signed = RequestValidator(secret).compute_signature(request.url, {})
    headers = {"content-type": "application/json", "x-twilio-signature": mangle(signed)}
    return post("/webhooks/twilio/messages", body, headers, query)


def from_whatsapp(
    body: bytes, secret: str = "local-whatsapp-secret", mangle: Mangle = as_is
) -> InboundRequest:
    signature = mangle("sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest())
    headers = {"content-type": "application/json", "x-hub-signature-256": signature}
    return post("/webhooks/whatsapp", body, headers)


def from_segment(
    body: bytes, secret: str = "local-write-key", mangle: Mangle = as_is
) -> InboundRequest:
    credentials = base64.b64encode(f"{mangle(secret)}:".encode()).decode()
    return post("/v1/batch", body, {"authorization": f"Basic {credentials}"})


class _MultiDict(dict[str, str]):
    """A form with repeated fields, as web frameworks hand it to the validator."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def getall(self, name: str) -> list[str]:
        return [value for key, value in self._pairs if key == name]


@dataclass(frozen=True)
class Sender:
    """One way in which a source proves itself. `send(secret, mangle)` makes its request."""

    name: str
    source: str
    secret: str
    send: Callable[[str, Mangle], InboundRequest]
    covers_body: bool = True


def _segment_by_header(secret: str, mangle: Mangle) -> InboundRequest:
    return from_segment(keyless_batch(), secret, mangle)


def _segment_by_query(secret: str, mangle: Mangle) -> InboundRequest:
    return post("/beacon/v1/batch", keyless_batch(), {}, {"writeKey": mangle(secret)})


def _segment_by_body(secret: str, mangle: Mangle) -> InboundRequest:
    body = {**document("segment/batch.json"), "writeKey": mangle(secret)}
    return post("/v1/batch", json.dumps(body).encode(), {"content-type": "text/plain"})


def _segment_by_zipped_body(secret: str, mangle: Mangle) -> InboundRequest:
    return post("/v1/batch", gzip.compress(_segment_by_body(secret, mangle).body), {})


TWILIO_MESSAGE = dict(parse_qsl(payload("twilio/message.txt").decode()))

SENDERS = [
    Sender(
        "x",
        "x",
        "local-x-secret",
        lambda secret, mangle: from_x(payload("x/activity_mention.json"), secret, mangle),
    ),
    Sender(
        "twilio-form",
        "twilio",
        "local-twilio-token",
        lambda secret, mangle: from_twilio(payload("twilio/message.txt"), secret, mangle),
    ),
    Sender(
        "twilio-form-sha256",
        "twilio",
        "local-twilio-token",
        lambda secret, mangle: from_twilio(
            payload("twilio/message.txt"), secret, mangle, "HMAC_SHA256"
        ),
    ),
    Sender(
        "twilio-json",
        "twilio",
        "local-twilio-token",
        lambda secret, mangle: from_twilio_as_json(
            json.dumps(TWILIO_MESSAGE).encode(), secret, mangle
        ),
    ),
    Sender(
        "whatsapp",
        "whatsapp",
        "local-whatsapp-secret",
        lambda secret, mangle: from_whatsapp(payload("whatsapp/text.json"), secret, mangle),
    ),
    Sender("segment-basic", "segment", "local-write-key", _segment_by_header, covers_body=False),
    Sender("segment-query", "segment", "local-write-key", _segment_by_query, covers_body=False),
    Sender("segment-body", "segment", "local-write-key", _segment_by_body, covers_body=False),
    Sender(
        "segment-gzip-body",
        "segment",
        "local-write-key",
        _segment_by_zipped_body,
        covers_body=False,
    ),
]
