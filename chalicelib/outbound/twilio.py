"""Twilio: text messages by the 2010-04-01 REST API.

Lives here: the requests and what Twilio's answers mean. Never here: Twilio's webhooks, segments or
consent.

| Twilio answers | result | https://www.twilio.com/docs/… |
|---|---|---|
| 201 `sid` | sent | messaging/api/message-resource#create-a-message-resource |
| 429, code 20429 | retry: "never processed and always safe to retry" | api/errors/20429 |
| 400, code 21610 | failed, opted_out | api/errors/21610 |
| 4xx else | failed, Twilio's `code` | api/errors |
| 5xx, or no answer | unknown; found again by `status` | usage/twilios-response |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote, urlencode

import urllib3

from ..model import Channel, OutboxEntry, Receipt, Reply, SendResult
from ..settings import Settings
from .exchange import TIMEOUT, Answer, exchange, http_date, retry_after, settle

OPTED_OUT = "21610"

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

LOOK_BACK = timedelta(minutes=2)
PAGE_SIZE = 100
"""How long before an entry was due a message of ours may still be this entry's: clocks differ."""

PAGE_SIZE = 100


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
        self._http = http
        self._clock = clock
        self._timeout = timeout

    @staticmethod
    def configured(settings: Settings) -> bool:
        """Whether the account, its token and the sending number are there."""
        token = settings.twilio_auth_token.get_secret_value()
        return bool(settings.twilio_account_sid and token and settings.twilio_number)

    def send(self, reply: Reply, *, key: str) -> SendResult:
        """Send one text. Twilio keeps no key of ours: a lost answer is found by `status`."""
        form = {"To": reply.to, "From": self._settings.twilio_number, "Body": reply.text}
        if self._settings.public_url:
            public_url = self._settings.public_url.rstrip("/")
            form["StatusCallback"] = f"{public_url}/webhooks/twilio/status"
        answer = self._ask("POST", "Messages.json", urlencode(form).encode())
        document = answer.document()
        code = document.get("code")
        return settle(
            answer,
            self.provider,
            provider_id=document.get("sid"),
            code=code,
            retry_at=retry_after(answer.headers, self._clock()),
            barred="opted_out" if str(code) == OPTED_OUT else None,
        )

    def status(self, entry: OutboxEntry) -> Receipt | None:
        """By Twilio's id where we have it, else by number, text and time."""
        if not isinstance(entry.body, Reply):
            return None
        if entry.provider_id:
            answer = self._ask("GET", f"Messages/{quote(entry.provider_id, safe='')}.json")
            return self._receipt(answer.document()) if answer.accepted else None
        return self._find(entry, entry.body)

    def _find(self, entry: OutboxEntry, reply: Reply) -> Receipt | None:
        """https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources

        Newest first; the oldest match since the entry was committed is its own. Where the whole
        list since then holds none, there is none: `absent`.
        """
        earliest = entry.committed_at - LOOK_BACK
        query = {
            "To": reply.to,
            "From": self._settings.twilio_number,
            "DateSent>": f"{earliest.astimezone(UTC):%Y-%m-%d}",
            "PageSize": str(PAGE_SIZE),
        }
        answer = self._ask("GET", f"Messages.json?{urlencode(query)}")
        messages = answer.document().get("messages") if answer.accepted else None
        if not isinstance(messages, list):
            return None
        for message in reversed(messages):
            created = http_date(str(message.get("date_created", "")))
            same = str(message.get("body", "")).strip() == reply.text.strip()
            if same and created is not None and created >= earliest.replace(microsecond=0):
                return self._receipt(message)
        whole = len(messages) < PAGE_SIZE
        return Receipt(provider=self.provider, provider_id="", status="absent") if whole else None

    def _receipt(self, message: Mapping[str, Any]) -> Receipt:
        code = message.get("error_code")
        return Receipt(
            provider=self.provider,
            provider_id=str(message.get("sid")),
            status=STATUSES.get(str(message.get("status")), "unknown"),
            code=None if code is None else str(code),
        )

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        account = self._settings.twilio_account_sid
        token = self._settings.twilio_auth_token.get_secret_value()
        headers = dict(urllib3.make_headers(basic_auth=f"{account}:{token}"))
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        root = f"{self._settings.twilio_api_url.rstrip('/')}/2010-04-01/Accounts"
        url = f"{root}/{quote(account, safe='')}/{path}"
        return exchange(self._http, method, url, headers=headers, body=body, timeout=self._timeout)
