"""Twilio webhooks: inbound texts and what became of ours.

Lives here: Twilio's signature, and the fields of its two webhooks. Never here: what to answer; the
answer to Twilio itself is an empty TwiML document.

Sources: https://www.twilio.com/docs/usage/webhooks/webhooks-security,
https://www.twilio.com/docs/messaging/guides/webhook-request and the published client's
`twilio.request_validator`, which is the judge of signatures.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlsplit

from ..errors import PayloadError, SignatureError
from ..model import Channel, Interaction, Message, Receipt, normalise_identity
from ..settings import Settings
from .payload import check_size, find_flaw, read_key, read_object
from .request import InboundRequest, Parsed
from .signatures import is_same, sign

SIGNATURE_HEADER = "x-twilio-signature"
SETTINGS_HEADER = "x-twilio-webhooks-signature-settings"
"""`key=…,algorithm=HMAC_SHA256`; without it the algorithm is HMAC_SHA1."""

ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}

DEFAULT_PORTS = {"https": 443, "http": 80}

ReceiptStatus = Literal["sent", "delivered", "read", "failed", "unknown"]

STATUSES: dict[str, ReceiptStatus] = {
    "accepted": "sent",
    "scheduled": "sent",
    "queued": "sent",
    "sending": "sent",
    "sent": "sent",
    "partially_delivered": "sent",
    "delivered": "delivered",
    "read": "read",
    "failed": "failed",
    "undelivered": "failed",
    "canceled": "failed",
}
"""MessageStatus (twilio.rest.api.v2010.account.message) as a receipt; any other is unknown."""

REPEATED = frozenset({"accepted", "scheduled", "queued", "sending", "sent"})
"""What the answer to our send said already: Twilio has it. Where that answer was lost, Twilio is
asked (`steps/sweeping.py`)."""

OPT_OUT_TYPES: dict[str, Literal["stop", "start", "help"]] = {
    "STOP": "stop",
    "START": "start",
    "HELP": "help",
}


OPTED_OUT = "21610"
"""The recipient replied STOP. https://www.twilio.com/docs/api/errors/21610"""


def verify(request: InboundRequest, settings: Settings) -> None:
    """Raises TooLargeError over 256 KB, SignatureError unless Twilio signed URL and body.

    A form is signed with its fields; of a JSON body only the hash is signed, as the URL's
    `bodySHA256`. Twilio signs the URL with its port or without, so either is right.
    """
    check_size(request.body)
    signed = "" if _is_json(request) else _signed_fields(request.body)
    if _is_json(request) and not _body_hash_matches(request):
        raise SignatureError("the URL's bodySHA256 is missing or does not match the JSON body")
    given = request.headers.get(SIGNATURE_HEADER, "")
    algorithm = _algorithm(request.headers.get(SETTINGS_HEADER, ""))
    matches = [
        is_same(
            sign(settings.twilio_auth_token, (url + signed).encode("utf-8", "replace"), algorithm),
            given,
        )
        for url in _signable_urls(request.url)
    ]
    if not any(matches):
        raise SignatureError(f"{SIGNATURE_HEADER} is missing or does not match URL and fields")


def parse(request: InboundRequest, settings: Settings, received_at: datetime) -> Parsed:
    """One inbound text as a Message; raises PayloadError naming the field that is wrong.

    Our own number, and senders on other channels (`whatsapp:+1555…`), are passed over.
    """
    fields = read_fields(request)
    message_sid, sender = read_sid(fields, "MessageSid"), fields.get("From", "")
    if re.match(r"[A-Za-z]+:", sender) or (sender and sender == settings.twilio_number):
        return Parsed((), ignored=1)
    identity = read_number(fields, "From")
    body = Message(
        channel=Channel.SMS,
        text=fields.get("Body", ""),
        provider_handled=OPT_OUT_TYPES.get(fields.get("OptOutType", "").upper()),
    )
    return parsed(f"twilio:{message_sid}", (identity,), body, received_at)


def parse_status(request: InboundRequest, settings: Settings, received_at: datetime) -> Parsed:
    """One status callback as a Receipt; they come in any order and each status counts once. The
    URL's `key` is our outbox id.

    One that repeats what the answer to our send said, and tells no error, is passed over.
    """
    fields = read_fields(request)
    message_sid, status = read_sid(fields, "MessageSid"), fields.get("MessageStatus", "").lower()
    if not re.fullmatch(r"[a-z_-]{1,40}", status):
        raise PayloadError("MessageStatus is one of Twilio's words, such as delivered")
    given = fields.get("ErrorCode", "")
    error_code = given if re.fullmatch(r"[1-9][0-9]{0,9}", given) else None
    if status in REPEATED and error_code is None:
        return Parsed((), ignored=1)
    body = Receipt(
        provider="twilio",
        provider_id=message_sid,
        status=STATUSES.get(status, "unknown"),
        code=error_code,
        barred="opted_out" if error_code == OPTED_OUT else None,
        key=read_key(request.query.get("key")),
    )
    return parsed(f"twilio:{message_sid}:{status}", (), body, received_at)


def parsed(
    interaction_id: str, identities: tuple[str, ...], body: Message | Receipt, received_at: datetime
) -> Parsed:
    """One interaction of Twilio's."""
    interaction = Interaction(
        id=interaction_id,
        source="twilio",
        identities=identities,
        occurred_at=received_at,  # Twilio tells no time of its own.
        received_at=received_at,
        body=body,
    )
    return Parsed((interaction,))


def _is_json(request: InboundRequest) -> bool:
    return request.headers.get("content-type", "").lower().startswith("application/json")


def _signed_fields(body: bytes) -> str:
    """Each field's name and value, sorted, a repeated pair once, as RequestValidator joins them."""
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return "".join(name + value for name, value in sorted(set(pairs)))


def _body_hash_matches(request: InboundRequest) -> bool:
    given = parse_qs(request.url.partition("?")[2]).get("bodySHA256", [""])[0]
    return is_same(hashlib.sha256(request.body).hexdigest(), given)


def _algorithm(signature_settings: str) -> str:
    """The hashlib name of the algorithm that the settings header names."""
    settings = dict(part.strip().partition("=")[::2] for part in signature_settings.split(","))
    named = settings.get("algorithm", "").strip().upper() or "HMAC_SHA1"
    if named not in ALGORITHMS:
        raise SignatureError(f"{SETTINGS_HEADER} names an algorithm other than {set(ALGORITHMS)}")
    return ALGORITHMS[named]


def _signable_urls(url: str) -> tuple[str, ...]:
    """The URL as it came, without its port, and with the port that its scheme implies."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return (url,)
    bare = re.sub(r":[0-9]*$", "", parts.netloc)
    return url, _with_host(parts, bare), _with_host(parts, f"{bare}:{port}")


def _with_host(parts: SplitResult, host: str) -> str:
    return parts._replace(netloc=host).geturl()


def read_fields(request: InboundRequest) -> Mapping[str, str]:
    """The fields of a form, or of a JSON object; of a repeated field the first counts."""
    check_size(request.body)
    if _is_json(request):
        return _read_json_fields(read_object(request.body))
    try:
        pairs = parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise PayloadError("the form is not UTF-8") from None
    return dict(reversed(pairs))


def _read_json_fields(document: dict[str, Any]) -> Mapping[str, str]:
    if flaw := find_flaw(document):
        raise PayloadError(f"the body cannot be taken: {flaw}")
    return {name: str(value) for name, value in document.items() if isinstance(value, str | int)}


def read_number(fields: Mapping[str, str], name: str) -> str:
    """The identity of whose number it is. Raises PayloadError naming the field, not the number."""
    try:
        return normalise_identity(f"phone:{fields.get(name, '')}")
    except ValueError:
        raise PayloadError(f"{name} is a number in E.164 form: + and 7 to 15 digits") from None


def read_sid(fields: Mapping[str, str], name: str) -> str:
    """The id of a message or of a call. Raises PayloadError naming the field."""
    sid = fields.get(name, "")
    if not re.fullmatch(r"[A-Za-z0-9_-]{2,64}", sid):
        raise PayloadError(f"{name} is missing: two letters and 32 hexadecimal digits")
    return sid
