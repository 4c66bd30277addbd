"""WhatsApp's Cloud API for one number: messages, and what becomes of them, told by webhook.

Shapes: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/text-messages
and …/webhooks/reference/messages/status; refusals: …/support/error-codes.
"""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError

from .callbacks import TIMEOUT, Callbacks, Notice
from .mailbox import Mailbox
from .server import Request, Response, StandIn
from .whatsapp_webhooks import contact, delivery, signed, user_id

API_VERSION = "v26.0"
BODY_LIMIT_CHARACTERS = 4096

REFUSALS: Mapping[int, str] = {
    100: "Invalid parameter",
    190: "Invalid OAuth access token - Cannot parse access token",
    130429: "Rate limit hit",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131050: "User has stopped marketing messages from this business",
    131051: "Unsupported message type",
}

_NUMBER = re.compile(r"\+?[1-9]\d{6,14}")
_ID = re.compile(r"wamid\.[A-Za-z0-9+/=]{1,122}")

Event = Mapping[str, Any]


class WhatsAppStandIn(StandIn):
    """One business number; it must be told whom it cannot reach, and who never looks."""

    provider = "whatsapp"

    def __init__(
        self,
        mailbox: Mailbox,
        clock: Callable[[], datetime],
        rng: random.Random,
        secrets: Mapping[str, str],
    ) -> None:
        super().__init__(mailbox, clock, rng)
        self._token = secrets["whatsapp_token"]
        self._app_secret = secrets["whatsapp_app_secret"].encode()
        self._verify_token = secrets["whatsapp_verify_token"]
        self._number_id = secrets["whatsapp_phone_number_id"]
        self._failing_later: dict[str, int] = {}
        self._refused: dict[str, int] = {}
        self._unread: set[str] = set()
        self._webhook: str | None = None
        self.callbacks = Callbacks("whatsapp", self._notice)

    def start(self) -> str:
        self.callbacks.start()
        return super().start()

    def stop(self) -> None:
        super().stop()
        self.callbacks.stop()

    def subscribe(self, url: str) -> bool:
        """Tell that webhook of statuses, if it answers our challenge.

        https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests
        """
        challenge = str(self._rng.getrandbits(31))
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": self._verify_token,
        }
        asked = f"{url}?{urlencode(query)}"
        try:
            answer = urllib3.request("GET", asked, retries=False, redirect=False, timeout=TIMEOUT)
        except HTTPError:
            return False
        known = answer.status == 200 and answer.data == challenge.encode()
        with self._lock:
            self._webhook = url if known else None
        return known

    def fail(self, number: str, code: int, *, at_once: bool = False) -> None:
        """What is sent there is accepted and then fails with this code, as most refusals that have
        to do with the recipient do (131047: the 24 hours are over); or is refused `at_once`."""
        with self._lock:
            (self._refused if at_once else self._failing_later)[_digits(number)] = code

    def never_read(self, number: str) -> None:
        """What is sent there is delivered, and nobody looks at it."""
        with self._lock:
            self._unread.add(_digits(number))

    def limited(self, until: datetime) -> Response:
        return _refusal(400, 130429, "Cloud API message throughput has been reached.")

    def answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self._token}":
            return _refusal(401, 190)
        wanted = re.fullmatch(r"/v\d+\.\d+/([^/]+)/messages", request.path)
        if request.method != "POST" or not wanted or wanted[1] != self._number_id:
            return _refusal(400, 100, "Object does not exist, or does not support this operation")
        document = request.document()
        fault = _fault(document)
        if fault is not None:
            return _refusal(400, *fault)
        number = _digits(document["to"])
        if number in self._refused:
            return _refusal(400, self._refused[number])
        return self._accept(document, number)

    def _accept(self, document: dict[str, Any], number: str) -> Response:
        message_id = self._message_id(number)
        self.accept("whatsapp", message_id, document["to"], document["text"]["body"])
        key = document.get("biz_opaque_callback_data")
        self.callbacks.follow(self._webhook, lambda: self._course(message_id, number, key))
        return Response(
            200,
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": document["to"], "wa_id": number}],
                "messages": [{"id": message_id}],
            },
        )

    def _message_id(self, number: str) -> str:
        """Its real form holds the number and 16 random bytes, in base64."""
        content = number.encode() + self._rng.getrandbits(128).to_bytes(16)
        return f"wamid.{base64.b64encode(content).decode()}"

    def _course(self, message_id: str, number: str, key: str | None) -> Sequence[Event]:
        """What becomes of a message, in order: the statuses of its webhooks."""
        with self._lock:
            code = self._failing_later.get(number)
            words = ["sent", "delivered"] if number in self._unread else _ALL_WELL
        if code is not None:
            words = ["failed"]
        told = []
        for word in words:
            status: dict[str, Any] = {
                "id": message_id,
                "status": word,
                "timestamp": str(int(self._clock().timestamp())),
                "recipient_id": number,
                "recipient_user_id": user_id(number),
            }
            if key is not None:
                status["biz_opaque_callback_data"] = key
            if code is None:
                status["pricing"] = _FREE
            else:
                status["errors"] = [_error(code)]
            told.append(status)
        return told

    def _notice(self, url: str, status: Event) -> Notice:
        number = status["recipient_id"]
        value = {"contacts": [contact(number)], "statuses": [status]}
        body = delivery(self._number_id, value)
        headers = signed(body, self._app_secret)
        return Notice(status["id"], status["status"], headers, body)


_ALL_WELL = ["sent", "delivered", "read"]
_FREE = {
    "billable": False,
    "pricing_model": "PMP",
    "type": "free_customer_service",
    "category": "service",
}
"""An answer within the 24 hours costs nothing."""


def _fault(document: Mapping[str, Any]) -> tuple[int, str] | None:
    """The code and details by which a message is refused at once, if it is."""
    text, context = document.get("text"), document.get("context", {})
    body = text.get("body") if isinstance(text, dict) else None
    quoted = context.get("message_id") if isinstance(context, dict) else None
    key = document.get("biz_opaque_callback_data", "")
    checks = (
        (document.get("messaging_product") != "whatsapp", 100, "messaging_product is required"),
        (not document.get("to"), 131008, "to is required"),
        (not _NUMBER.fullmatch(str(document.get("to"))), 131009, "to is not a phone number"),
        (document.get("type", "text") != "text", 131051, "this stand-in takes text only"),
        (not isinstance(body, str) or not body.strip(), 131008, "text['body'] is required"),
        (len(str(body)) > BODY_LIMIT_CHARACTERS, 100, "text['body'] has at most 4096 characters"),
        ("context" in document and not _ID.fullmatch(str(quoted)), 131009, "context.message_id"),
        (not isinstance(key, str) or len(key) > 512, 100, "biz_opaque_callback_data"),
    )
    return next(((code, details) for wrong, code, details in checks if wrong), None)


def _digits(number: str) -> str:
    return number.removeprefix("+")


def _error(code: int, details: str = "") -> dict[str, Any]:
    title = REFUSALS.get(code, "Something went wrong")
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or title},
        "href": "https://developers.facebook.com/documentation/business-messaging/whatsapp/"
        "support/error-codes",
    }


def _refusal(status: int, code: int, details: str = "") -> Response:
    title = REFUSALS.get(code, "Something went wrong")
    error = {
        "message": f"(#{code}) {title}",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": details or title},
        "fbtrace_id": "A00000000000000000000",
    }
    return Response(status, {"error": error})
