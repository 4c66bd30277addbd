"""A push service and the browsers behind it: tokens checked as RFC 8292 has it, messages opened.

Delivery is RFC 8030's; the published `py-vapid` reads the token and `http-ece` opens the message,
as the browser would. A browser's keys follow from the token in its endpoint, so that a restart
forgets none.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import http_ece
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from py_vapid import jwt as vapid_jwt

from .mailbox import Mailbox
from .server import Request, Response, StandIn

HOST = "push.retailerxyz.example"
BODY_LIMIT_BYTES = 4096
TOKEN_LIFETIME = timedelta(hours=24)

_AUTHORIZATION = re.compile(r"vapid t=([\w.-]+), ?k=([\w-]+)")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_URGENCIES = ("very-low", "low", "normal", "high")


def subscription(token: str) -> dict[str, Any]:
    """What the browser of that token gives its page (`PushSubscription.toJSON()`)."""
    point = _key(token).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": _encode(point), "auth": _encode(_secret(token))}
    return {"endpoint": f"https://{HOST}/send/{token}", "keys": keys}


def address(token: str) -> str:
    """The same as a reply has it."""
    return json.dumps(subscription(token), separators=(",", ":"))


class PushStandIn(StandIn):
    """One push service, whose browsers all subscribed with one application server's key."""

    provider = "push"

    def __init__(
        self,
        mailbox: Mailbox,
        clock: Callable[[], datetime],
        rng: random.Random,
        secrets: Mapping[str, str],
    ) -> None:
        super().__init__(mailbox, clock, rng)
        key = Vapid02.from_raw(secrets["vapid_private_key"].encode()).public_key
        self.public_key = _encode(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
        """What a page gives its browser as `applicationServerKey`."""
        self._ended: set[str] = set()
        self.shown: deque[tuple[Mapping[str, str], dict[str, Any]]] = deque(maxlen=1_000)
        """The headers and the opened payload of each accepted message."""

    def end(self, token: str) -> None:
        """The visitor withdrew the permission: 410 from here on."""
        with self._lock:
            self._ended.add(token)

    def limited(self, until: datetime) -> Response:
        seconds = max(1, int((until - self._clock()).total_seconds()))
        return Response(429, {"error": "too many"}, {"Retry-After": str(seconds)})

    def answer(self, request: Request) -> Response:
        place, _, token = request.path.rpartition("/")
        if (request.method, place) != ("POST", "/send") or not re.fullmatch(r"[\w-]+", token):
            return _refusal(404, "no such subscription")
        if token in self._ended:
            return _refusal(410, "the subscription ended")
        if objection := self._objection(request):
            return _refusal(*objection)
        try:
            payload = self._read(token, request.body)
        except (http_ece.ECEException, ValueError) as error:
            return _refusal(400, f"the browser cannot open it: {type(error).__name__}")
        topic = request.headers.get("topic", "")
        self.shown.append((request.headers, payload))
        self.accept("push", topic, address(token), payload["body"], payload.get("title"))
        return Response(201, None, {"Location": f"https://{HOST}/m/{self._rng.getrandbits(64):x}"})

    def _objection(self, request: Request) -> tuple[int, str] | None:
        headers = request.headers
        if len(request.body) > BODY_LIMIT_BYTES:
            return 413, "too large"
        if not headers.get("ttl", "").isdecimal():
            return 400, "TTL is a number of seconds"
        if headers.get("content-encoding") != "aes128gcm":
            return 415, "Content-Encoding is aes128gcm"
        if "topic" in headers and not _TOPIC.fullmatch(headers["topic"]):
            return 400, "Topic is at most 32 characters of base64url"
        if headers.get("urgency", "normal") not in _URGENCIES:
            return 400, "no such Urgency"
        return self._mistrust(request)

    def _mistrust(self, request: Request) -> tuple[int, str] | None:
        """Why the sender is not the one whom the browser subscribed to (RFC 8292, 4.2)."""
        found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if found is None:
            return 401, "no VAPID token"
        try:
            claims = vapid_jwt.decode(found[1], found[2])
        except InvalidSignature:
            return 403, "the token is not signed by its key"
        at = urlsplit(request.url)
        left = datetime.fromtimestamp(claims["exp"], self._clock().tzinfo) - self._clock()
        if found[2].rstrip("=") != self.public_key:
            return 403, "subscribed to another key"
        if claims["aud"] != f"{at.scheme}://{at.netloc}":
            return 403, "the token is for another push service"
        if not timedelta(0) < left <= TOKEN_LIFETIME:
            return 403, "the token expired, or lasts too long"
        known = str(claims.get("sub", "")).startswith(("mailto:", "https:"))
        return None if known else (403, "nobody to turn to: sub is mailto: or https:")

    def _read(self, token: str, body: bytes) -> dict[str, Any]:
        opened = http_ece.decrypt(body, private_key=_key(token), auth_secret=_secret(token))
        document = json.loads(opened)
        if not isinstance(document, dict) or not isinstance(document.get("body"), str):
            raise ValueError("the page's service worker shows a body")
        return document


def _key(token: str) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(hashlib.sha256(f"browser {token}".encode()).digest(), "big")
    return ec.derive_private_key(number >> 1, ec.SECP256R1())


def _secret(token: str) -> bytes:
    return hashlib.sha256(f"secret {token}".encode()).digest()[:16]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _refusal(status: int, reason: str) -> Response:
    return Response(status, {"error": reason})
