"""The service desk: a person takes over, told by webhook, by e-mail, by both or by neither.

Lives here: the webhook's form and signature, the e-mail, and one result out of the two. Never here:
when a person is needed.

The webhook is ours to define: `POST` of the Handover as JSON, `Idempotency-Key`, by which the desk
takes a repeated handover for one, and `X-Rejoinder-Signature: sha256=<hex>` with the HMAC-SHA256 of
the raw body under `handover_webhook_secret`. So a lost answer is repeated here, and only here: a
handover seen twice is dropped by the desk, one that is lost leaves a customer waiting.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any

import urllib3

from ..errors import ConfigurationError
from ..model import Handover, SendResult
from ..settings import Settings
from .exchange import TIMEOUT, exchange, retry_after, settle
from .ses import SesCarrier

SIGNATURE_HEADER = "X-Rejoinder-Signature"
PRECEDENCE = ("sent", "unknown", "retry", "failed")
"""Which of two results stands: once the desk has been told, nothing is to be repeated."""


class HandoverDesk:
    """Tells the service desk of a customer who needs a person."""

    provider = "desk"

    def __init__(
        self,
        settings: Settings,
        *,
        http: urllib3.PoolManager,
        ses: Any | None,
        clock: Callable[[], datetime],
        timeout: urllib3.Timeout = TIMEOUT,
    ) -> None:
        """`ses` as for SesCarrier. Raises ConfigurationError for a webhook without a secret."""
        self._secret = settings.handover_webhook_secret.get_secret_value().encode()
        if settings.handover_webhook_url and not self._secret:
            raise ConfigurationError("HANDOVER_WEBHOOK_URL needs HANDOVER_WEBHOOK_SECRET")
        mails = ses is not None and settings.handover_email and settings.ses_sender
        self._carrier = SesCarrier(settings, client=ses) if mails else None
        self._settings = settings
        self._http = http
        self._clock = clock
        self._timeout = timeout

    def send(self, handover: Handover, *, key: str) -> SendResult:
        """Tell the desk on every way that is configured; `not_configured` if there is none."""
        results = []
        if self._settings.handover_webhook_url:
            results.append(self._post(handover, key))
        if self._carrier is not None:
            results.append(self._mail(self._carrier, handover, key))
        if not results:
            return SendResult(status="failed", provider=self.provider, code="not_configured")
        return min(results, key=lambda result: PRECEDENCE.index(result.status))

    def _post(self, handover: Handover, key: str) -> SendResult:
        body = handover.model_dump_json().encode()
        answer = exchange(
            self._http,
            "POST",
            self._settings.handover_webhook_url,
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": key,
                SIGNATURE_HEADER: sign(body, self._secret),
            },
            body=body,
            timeout=self._timeout,
        )
        result = settle(
            answer,
            self.provider,
            provider_id=answer.document().get("id", key),
            retry_at=retry_after(answer.headers, self._clock()),
        )
        if result.status == "unknown":
            return result.model_copy(update={"status": "retry"})
        return result

    def _mail(self, carrier: SesCarrier, handover: Handover, key: str) -> SendResult:
        subject = f"Handover {handover.interaction_id}: {handover.reason}"
        context = handover.model_dump_json(indent=2, exclude_defaults=True)
        text = f"{handover.message}\n\n{context}\n"
        return carrier.mail(self._settings.handover_email, subject, {"Text": text}, key=key)


def sign(body: bytes, secret: bytes) -> str:
    """`sha256=` and the hex HMAC-SHA256 of `body`."""
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
