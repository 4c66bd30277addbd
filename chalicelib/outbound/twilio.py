"""Twilio: text messages by the 2010-04-01 REST API.

Lives here: what a text is made of, and what its statuses mean. Never here: the requests
(`twilio_account.py`), Twilio's webhooks, segments or consent.

| Twilio answers | result | https://www.twilio.com/docs/… |
|---|---|---|
| 201 `sid` | sent | messaging/api/message-resource#create-a-message-resource |
| 400, code 21610 | failed, opted_out | api/errors/21610 |
| anything else | as `twilio_account.py` says | |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Literal

import urllib3

from ..model import Channel, OutboxEntry, Receipt, Reply, SendResult
from ..settings import Settings
from .exchange import TIMEOUT
from .twilio_account import LOOK_BACK, Resource, TwilioAccount

STATUSES: Mapping[str, Literal["sent", "delivered", "read", "failed"]] = {
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
"""https://www.twilio.com/docs/messaging/api/message-resource#message-status-values; `sent` here
means that Twilio has it."""


class TwilioCarrier:
    """Carries sms; `reply.to` is an E.164 number."""

    provider = "twilio"
    channels = frozenset({Channel.SMS})

    def __init__(
        self,
        settings: Settings,
        *,
        http: urllib3.PoolManager,
        clock: Callable[[], datetime],
        timeout: urllib3.Timeout = TIMEOUT,
    ) -> None:
        self._settings = settings
        self._account = TwilioAccount(settings, http=http, clock=clock, timeout=timeout)

    @staticmethod
    def configured(settings: Settings) -> bool:
        """Whether the account, its token and the sending number are there."""
        return TwilioAccount.configured(settings) and bool(settings.twilio_number)

    def send(self, reply: Reply, *, key: str) -> SendResult:
        """Send one text. Its status callbacks bring `key` back, as does no other request: a lost
        answer is found by `status`."""
        form = {"To": reply.to, "From": self._settings.twilio_number, "Body": reply.text}
        if self._settings.public_url:
            form["StatusCallback"] = self._account.callback("/webhooks/twilio/status", key)
        return self._account.make("Messages", form, self.provider)

    def status(self, entry: OutboxEntry) -> Receipt | None:
        """By Twilio's id where we have it, else by number, text and time."""
        if not isinstance(entry.body, Reply):
            return None
        if entry.provider_id:
            found = self._account.read("Messages", entry.provider_id)
        else:
            found = self._find(entry, entry.body)
        return None if found is None else self._receipt(found)

    def _find(self, entry: OutboxEntry, reply: Reply) -> Resource | None:
        """https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources"""
        earliest = entry.committed_at - LOOK_BACK
        query = {
            "To": reply.to,
            "From": self._settings.twilio_number,
            "DateSent>": f"{earliest.astimezone(UTC):%Y-%m-%d}",
        }
        text = reply.text.strip()
        return self._account.find(
            "Messages", query, earliest, lambda found: str(found.get("body", "")).strip() == text
        )

    def _receipt(self, message: Resource) -> Receipt:
        if not message:
            return Receipt(provider=self.provider, provider_id="", status="absent")
        code = message.get("error_code")
        return Receipt(
            provider=self.provider,
            provider_id=str(message.get("sid")),
            status=STATUSES.get(str(message.get("status")), "unknown"),
            code=None if code is None else str(code),
        )
