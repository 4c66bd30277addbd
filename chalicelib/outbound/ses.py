"""Amazon SES: e-mail by the v2 API.

Lives here: the request and what SES's answers mean. Never here: bounces and complaints, which come
back through SNS, or the wording.

| SES answers | result | https://docs.aws.amazon.com/ses/latest/… |
|---|---|---|
| `MessageId` | sent | APIReference-V2/API_SendEmail.html |
| TooManyRequests, LimitExceeded, Throttling | retry | dg/manage-sending-quotas-errors.html |
| SendingPaused | retry: the account's owner resumes it | APIReference-V2/API_SendEmail.html |
| 4xx else | failed, the exception's name | the same |
| no connection, or no credentials to sign with | retry: nothing was written | |
| 5xx, time-out or reset | unknown; SES cannot be asked | |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    SSLError,
)

from ..errors import ConfigurationError
from ..model import Channel, OutboxEntry, Receipt, Reply, SendResult
from ..settings import Settings

SES_CONFIG = Config(
    connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 1}
)
"""What the `sesv2` client must be made with: SendEmail has no idempotency key, and botocore's usual
retry after a lost answer would mail the customer twice."""

PASSING = frozenset(
    {
        "TooManyRequestsException",
        "LimitExceededException",
        "SendingPausedException",
        "Throttling",
        "ThrottlingException",
    }
)
NEVER_SENT = (
    EndpointConnectionError,
    ConnectTimeoutError,
    NoCredentialsError,
    CredentialRetrievalError,
)
KEY_TAG = "rejoinder-key"


class SesCarrier:
    """Carries email; `reply.to` is an address."""

    provider = "ses"
    channels = frozenset({Channel.EMAIL})

    def __init__(self, settings: Settings, *, client: Any) -> None:
        """`client` is a boto3 `sesv2` client; ConfigurationError if it would retry by itself."""
        retries = client.meta.config.retries or {}
        if retries.get("total_max_attempts") != 1:
            raise ConfigurationError("the sesv2 client must be made with outbound.SES_CONFIG")
        client.meta.events.register(
            "before-send.sesv2.SendEmail", _close_afterwards, unique_id="rejoinder-close"
        )
        self._client = client
        self._sender = settings.ses_sender

    def send(self, reply: Reply, *, key: str) -> SendResult:
        """Mail the reply, with one-click unsubscribe (RFC 8058) where it has an address for it."""
        headers = {}
        if reply.unsubscribe_url:
            headers = {
                "List-Unsubscribe": f"<{reply.unsubscribe_url}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            }
        body = {"Text": reply.text} | ({"Html": reply.html} if reply.html else {})
        return self.mail(reply.to, reply.subject or "", body, key=key, headers=headers)

    def mail(
        self,
        to: str,
        subject: str,
        body: Mapping[str, str],
        *,
        key: str,
        headers: Mapping[str, str] | None = None,
    ) -> SendResult:
        """One e-mail; `body` holds `Text` and, if it has one, `Html`. `key` becomes a tag."""
        simple: dict[str, Any] = {
            "Subject": _content(subject),
            "Body": {part: _content(text) for part, text in body.items()},
        }
        if headers:
            simple["Headers"] = [{"Name": n, "Value": v} for n, v in headers.items()]
        try:
            answer = self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [to]},
                Content={"Simple": simple},
                EmailTags=[{"Name": KEY_TAG, "Value": tag(key)}],
            )
        except ClientError as error:
            return self._refused(error)
        except BotoCoreError as error:
            return self._unanswered(error)
        return SendResult(status="sent", provider=self.provider, provider_id=answer["MessageId"])

    def status(self, entry: OutboxEntry) -> Receipt | None:
        """None: SES answers no questions about one message."""
        return None

    def _refused(self, error: ClientError) -> SendResult:
        code = str(error.response.get("Error", {}).get("Code") or "refused")
        http_status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in PASSING or http_status == 429:
            return SendResult(status="retry", provider=self.provider, code=code)
        status = "failed" if 400 <= http_status < 500 else "unknown"
        return SendResult(status=status, provider=self.provider, code=code)

    def _unanswered(self, error: BotoCoreError) -> SendResult:
        code = type(error).__name__
        if isinstance(error, NEVER_SENT):
            return SendResult(status="retry", provider=self.provider, code=code)
        # Botocore's other errors are about the call itself and precede it.
        status = "unknown" if isinstance(error, HTTPClientError | SSLError) else "failed"
        return SendResult(status=status, provider=self.provider, code=code)


def tag(key: str) -> str:
    """`key` in the characters that a message tag may have.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageTag.html
    """
    return re.sub(r"[^A-Za-z0-9_-]", "_", key)[:256]


def _content(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def _close_afterwards(request: Any, **_: Any) -> None:
    """A stale pooled connection would fail after the write and leave the send unknown."""
    request.headers["Connection"] = "close"
