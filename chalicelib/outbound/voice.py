"""Phone calls by Twilio that say one message and take "do not call again" by the key 9.

Lives here: what a call is made of, and what its statuses mean. Never here: the requests
(`twilio_account.py`), the words, among them how to stop such calls, or who may be called and when.

| Twilio answers | result | https://www.twilio.com/docs/… |
|---|---|---|
| 201 `sid` | sent: it will ring | voice/api/call-resource#create-a-call-resource |
| anything else | as `twilio_account.py` says | |

| the call is | receipt | voice/api/call-resource#call-status-values |
|---|---|---|
| queued, initiated, ringing, in-progress | sent | |
| completed | delivered: somebody, or their mailbox, picked up | |
| busy, no-answer, failed, canceled | failed, with that word as the code | |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, Literal

import urllib3

from ..model import Channel, OutboxEntry, Receipt, Reply, SendResult
from ..settings import Settings
from .exchange import TIMEOUT
from .twilio_account import LOOK_BACK, Resource, TwilioAccount
from .twiml import spoken

STATUSES: Final[Mapping[str, Literal["sent", "delivered", "failed"]]] = {
    "queued": "sent",
    "initiated": "sent",
    "ringing": "sent",
    "in-progress": "sent",
    "completed": "delivered",
    "busy": "failed",
    "no-answer": "failed",
    "failed": "failed",
    "canceled": "failed",
}

RING_SECONDS: Final = 25
"""After that a phone has mostly handed over to its mailbox."""


class TwilioVoiceCarrier:
    """Carries voice; `reply.to` is an E.164 number, `reply.text` what is said."""

    provider = "twilio_voice"
    channels = frozenset({Channel.VOICE})

    def __init__(
        self,
        settings: Settings,
        *,
        http: urllib3.PoolManager,
        clock: Callable[[], datetime],
        timeout: urllib3.Timeout = TIMEOUT,
    ) -> None:
        self._public_url = settings.public_url.rstrip("/")
        self._number = settings.twilio_voice_number or settings.twilio_number
        self._account = TwilioAccount(settings, http=http, clock=clock, timeout=timeout)

    @staticmethod
    def configured(settings: Settings) -> bool:
        """Whether the account, its token and a number are there, and where a key press can be sent:
        nobody is called who could not stop it."""
        number = settings.twilio_voice_number or settings.twilio_number
        return TwilioAccount.configured(settings) and bool(number and settings.public_url)

    def send(self, reply: Reply, *, key: str) -> SendResult:
        """Have one call made. Its status callback brings `key` back, as does no other request."""
        pressed = f"{self._public_url}/webhooks/twilio/voice?language={reply.language}"
        form = {
            "To": reply.to,
            "From": self._number,
            "Twiml": spoken(reply.text, reply.language, listening=pressed),
            "Timeout": str(RING_SECONDS),
            "StatusCallback": self._account.callback("/webhooks/twilio/calls", key),
            "StatusCallbackEvent": "completed",
        }
        return self._account.make("Calls", form, self.provider)

    def status(self, entry: OutboxEntry) -> Receipt | None:
        """By Twilio's id where we have it, else by number and time: calls do not tell their text.

        A call to the same number a moment before is taken for this one: better than to call twice.
        """
        if not isinstance(entry.body, Reply):
            return None
        if entry.provider_id:
            found = self._account.read("Calls", entry.provider_id)
        else:
            found = self._find(entry, entry.body)
        return None if found is None else self._receipt(found)

    def _find(self, entry: OutboxEntry, reply: Reply) -> Resource | None:
        """https://www.twilio.com/docs/voice/api/call-resource#read-multiple-call-resources"""
        earliest = entry.committed_at - LOOK_BACK
        day = f"{earliest.astimezone(UTC):%Y-%m-%d}"
        query = {"To": reply.to, "From": self._number, "StartTime>": day}
        return self._account.find("Calls", query, earliest, lambda found: True)

    def _receipt(self, call: Resource) -> Receipt:
        if not call:
            return Receipt(provider=self.provider, provider_id="", status="absent")
        word = str(call.get("status"))
        status = STATUSES.get(word, "unknown")
        return Receipt(
            provider=self.provider,
            provider_id=str(call.get("sid")),
            status=status,
            code=word if status == "failed" else None,
        )
