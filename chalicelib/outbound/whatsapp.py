"""WhatsApp: text messages by the Cloud API (Graph).

Lives here: the request and what WhatsApp's answers mean. Never here: its webhooks, or whether the
24 hours after their last message have passed.

| WhatsApp answers | result | https://developers.facebook.com/documentation/business-messaging/… |
|---|---|---|
| 200 `messages[0].id` | sent: it has taken the message | whatsapp/messages/send-messages |
| code 4, 80007, 130429, 131056, or 429 | retry: throttled | whatsapp/support/error-codes |
| code 131050 | failed, no_marketing: they stopped our marketing | the same |
| 4xx else (131047: the 24 hours are over) | failed, the error's `code` | the same |
| 5xx, or no answer | unknown; the Cloud API cannot be asked | the same |

The vendor advises to go by the code and not by the HTTP status. Most refusals that have to do with
the recipient are not told at once but by a status webhook.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import urllib3

from ..model import Channel, OutboxEntry, Receipt, Reply, SendResult
from ..settings import Settings
from .exchange import TIMEOUT, exchange, settle

MARKETING_STOPPED = "131050"
THROTTLED = frozenset({"4", "80007", "130429", "131056"})
"""Too many calls of the app, of the account, of the number, or messages to this recipient."""


class WhatsAppCarrier:
    """Carries whatsapp; `reply.to` is an E.164 number, `reply.reply_to` the message it quotes."""

    provider = "whatsapp"
    channels = frozenset({Channel.WHATSAPP})

    def __init__(
        self,
        settings: Settings,
        *,
        http: urllib3.PoolManager,
        timeout: urllib3.Timeout = TIMEOUT,
    ) -> None:
        self._settings = settings
        self._http = http
        self._timeout = timeout

    @staticmethod
    def configured(settings: Settings) -> bool:
        """Whether the token and the id of the sending number are there."""
        return bool(
            settings.whatsapp_token.get_secret_value() and settings.whatsapp_phone_number_id
        )

    def send(self, reply: Reply, *, key: str) -> SendResult:
        """Send one text. Its status webhooks bring `key` back as `biz_opaque_callback_data`."""
        number_id = quote(self._settings.whatsapp_phone_number_id, safe="")
        answer = exchange(
            self._http,
            "POST",
            f"{self._settings.whatsapp_api_url.rstrip('/')}/{number_id}/messages",
            headers={
                "Authorization": f"Bearer {self._settings.whatsapp_token.get_secret_value()}",
                "Content-Type": "application/json",
            },
            body=json.dumps(_document(reply, key)).encode(),
            timeout=self._timeout,
        )
        found = answer.document()
        code = _code(found)
        if code in THROTTLED:
            answer = replace(answer, status=429)
        return settle(
            answer,
            self.provider,
            provider_id=_message_id(found),
            code=code,
            barred="no_marketing" if code == MARKETING_STOPPED else None,
        )

    def status(self, entry: OutboxEntry) -> Receipt | None:
        """None: the Cloud API tells of a message by webhook only."""
        return None


def _document(reply: Reply, key: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": reply.to,
        "type": "text",
        "text": {"body": reply.text, "preview_url": False},
        "biz_opaque_callback_data": key,
    }
    return document | ({"context": {"message_id": reply.reply_to}} if reply.reply_to else {})


def _message_id(document: dict[str, Any]) -> str | None:
    messages = document.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    found = first.get("id") if isinstance(first, dict) else None
    return found if isinstance(found, str) else None


def _code(document: dict[str, Any]) -> str | None:
    """The error's code, never its sentences, which may quote the message."""
    error = document.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return str(code) if isinstance(code, int) else None
