"""Web push: a notification on a browser's machine, by the push service that the browser chose.

Lives here: the request and what push services' answers mean. Never here: who may be notified, or
the seals (push_crypto.py).

| a push service answers | result | https://www.rfc-editor.org/rfc/… |
|---|---|---|
| 201, or any 2xx | sent | rfc8030, 5 |
| 404, 410 | failed, unreachable: the subscription ended | rfc8030, 7.3 |
| 413 | failed: more than it takes | rfc8030, 7.2 |
| 429 | retry, not before Retry-After | rfc8030, 8.4: it was not acted on |
| 4xx else | failed: our key or the subscription's form is wrong | rfc8292, 4.2 |
| 5xx, or no answer | unknown; it cannot be asked | see below |

A repeat replaces the first (`Topic`, and `tag` once shown), but only where that is still waiting or
still on the screen: who has put it away would be shown it again. So what may have gone out is not
repeated, as on every other channel.

The endpoint comes from a browser, that is from anybody. A request goes to the push services that
browsers have, by HTTPS on its own port, and nowhere else: a stranger's host could make us knock at
doors within our own network, or at somebody else's with our crowd.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

import urllib3

from ..errors import ConfigurationError
from ..model import Channel, OutboxEntry, Purpose, Receipt, Reply, SendResult
from ..settings import Settings
from .exchange import TIMEOUT, exchange, retry_after, settle

if TYPE_CHECKING:
    from .push_crypto import VapidKey

LONGEST_PAYLOAD = 3_993
"""Bytes, before encryption (RFC 8291, 4)."""

TOKEN_LIFETIME = timedelta(hours=12)
"""RFC 8292, 2: at most 24 hours; the clocks of others may differ from ours."""

_PRIVATE_KEY = re.compile("[A-Za-z0-9_-]{43}=?")
_URGENCY = {Purpose.SERVICE: "normal", Purpose.MARKETING: "low"}
_GONE = frozenset({404, 410})


class PushCarrier:
    """Carries push; `reply.to` is a subscription as JSON (W3C `PushSubscription.toJSON()`)."""

    provider = "push"
    channels = frozenset({Channel.PUSH})

    def __init__(
        self,
        settings: Settings,
        *,
        http: urllib3.PoolManager,
        clock: Callable[[], datetime],
        timeout: urllib3.Timeout = TIMEOUT,
    ) -> None:
        """Raises ConfigurationError for a key that is none."""
        if not _PRIVATE_KEY.fullmatch(settings.vapid_private_key.get_secret_value()):
            raise ConfigurationError("VAPID_PRIVATE_KEY is 32 bytes in base64url")
        self._settings = settings
        self._hosts = tuple(host.strip().lower() for host in settings.push_hosts.split(","))
        self._http = http
        self._clock = clock
        self._timeout = timeout

    @staticmethod
    def configured(settings: Settings) -> bool:
        """Whether there is a key pair, and whom push services may write to about it."""
        return bool(settings.vapid_private_key.get_secret_value() and settings.vapid_subject)

    def send(self, reply: Reply, *, key: str) -> SendResult:
        """Hand one notification to the push service; `key` names its topic."""
        topic = topic_of(key)
        try:
            subscription = json.loads(reply.to)
            endpoint, keys = str(subscription["endpoint"]), subscription["keys"]
            p256dh, auth = str(keys["p256dh"]), str(keys["auth"])
        except (ValueError, TypeError, KeyError):
            return self._ended("no_subscription")
        at = find_service(endpoint, self._hosts)
        if at is None:
            return self._ended("foreign_endpoint")
        payload = self._payload(reply, topic)
        if len(payload) > LONGEST_PAYLOAD:
            return SendResult(status="failed", provider=self.provider, code="too_large")
        from .push_crypto import encrypt  # most containers send nothing by push

        try:
            body = encrypt(payload, p256dh, auth)
        except ValueError:
            return self._ended("malformed_keys")
        return self._post(at, body, reply.purpose, topic)

    def status(self, entry: OutboxEntry) -> Receipt | None:
        """None: push services answer no questions about a message."""
        return None

    @cached_property
    def _key(self) -> VapidKey:
        from .push_crypto import VapidKey

        return VapidKey(self._settings.vapid_private_key.get_secret_value())

    def _payload(self, reply: Reply, topic: str) -> bytes:
        """What the page's service worker shows: the first link is where a tap leads."""
        document: dict[str, Any] = {
            "title": reply.subject or self._settings.brand_name,
            "body": reply.text,
            "tag": topic,
        }
        if reply.links:
            url = f"{self._settings.public_url.rstrip('/')}/r/{reply.links[0].token}"
            document |= {"body": reply.text.removesuffix(url).rstrip(), "url": url}
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()

    def _post(self, at: SplitResult, body: bytes, purpose: Purpose, topic: str) -> SendResult:
        origin = f"https://{at.hostname}"
        expires_at = self._clock() + TOKEN_LIFETIME
        subject = self._settings.vapid_subject
        headers = {
            "Authorization": self._key.authorization(origin, subject, expires_at),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "Host": str(at.hostname),
            "TTL": str(self._settings.push_ttl_seconds),
            "Topic": topic,
            "Urgency": _URGENCY[purpose],
        }
        root = self._settings.push_service_url or origin
        url = root.rstrip("/") + at._replace(scheme="", netloc="", fragment="").geturl()
        answer = exchange(
            self._http, "POST", url, headers=headers, body=body, timeout=self._timeout
        )
        return settle(
            answer,
            self.provider,
            provider_id=topic,
            retry_at=retry_after(answer.headers, self._clock()),
            barred="unreachable" if answer.status in _GONE else None,
        )

    def _ended(self, code: str) -> SendResult:
        """Nothing can ever be sent to such a subscription: it is dropped."""
        return SendResult(status="failed", provider=self.provider, code=code, barred="unreachable")


def find_service(endpoint: str, hosts: Collection[str]) -> SplitResult | None:
    """The endpoint's parts where it is HTTPS, on its own port, at one of `hosts`; else None.

    `*.example.com` stands for every host below example.com.
    """
    try:
        at = urlsplit(endpoint)
        port = at.port
    except ValueError:
        return None
    host = at.hostname or ""
    known = host in hosts or any(h.startswith("*.") and host.endswith(h[1:]) for h in hosts)
    plain = endpoint.isascii() and endpoint.isprintable() and " " not in endpoint
    return at if plain and at.scheme == "https" and port in (None, 443) and known else None


def topic_of(key: str) -> str:
    """RFC 8030, 5.4: at most 32 characters of base64url; the same for a repeat."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]
