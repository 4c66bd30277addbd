"""One call of an AWS messaging API, and what its outcome means for a send.

Lives here: what a client must be like, and the table from what botocore raises to results. Never
here: any service's parameters or the names of its own refusals.

| botocore raises | result | because |
|---|---|---|
| ClientError of a passing name, or 429 | retry | it was not acted on |
| ClientError 4xx else | failed, the name of the refusal | the same again fails again |
| ClientError 5xx | unknown | how far it got is not said |
| no connection, or no credentials to sign with | retry | nothing was written |
| time-out or reset after that | unknown | AWS may have acted on it |
| any other BotoCoreError | failed | it is about the call itself, and precedes it |
"""

from __future__ import annotations

from typing import Any

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

from ..aws import ONE_ATTEMPT
from ..errors import ConfigurationError
from ..model import Barrier, SendResult

__all__ = ["NEVER_SENT", "ONE_ATTEMPT", "name_of", "prepared", "refused", "unanswered"]

NEVER_SENT = (
    EndpointConnectionError,
    ConnectTimeoutError,
    NoCredentialsError,
    CredentialRetrievalError,
)


def prepared(client: Any, operation: str) -> Any:
    """The boto3 client, made to use each connection once for its sends; `operation` is
    `sesv2.SendEmail` and the like. Raises ConfigurationError for one that would retry by itself."""
    retries = client.meta.config.retries or {}
    if retries.get("total_max_attempts") != 1:
        raise ConfigurationError(f"the client of {operation} must be made with ONE_ATTEMPT")
    client.meta.events.register(
        f"before-send.{operation}", _close_afterwards, unique_id="rejoinder-close"
    )
    return client


def name_of(error: ClientError) -> str:
    """The exception's name, as the service documents it."""
    return str(error.response.get("Error", {}).get("Code") or "refused")


def refused(
    error: ClientError,
    provider: str,
    *,
    passing: frozenset[str],
    code: str | None = None,
    barred: Barrier | None = None,
) -> SendResult:
    """What the service's refusal means. `passing` names those that may be tried again; `code` is
    kept in place of the exception's name."""
    http_status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = code or name_of(error)
    if name_of(error) in passing or http_status == 429:
        return SendResult(status="retry", provider=provider, code=code)
    if 400 <= http_status < 500:
        return SendResult(status="failed", provider=provider, code=code, barred=barred)
    return SendResult(status="unknown", provider=provider, code=code)


def unanswered(error: BotoCoreError, provider: str) -> SendResult:
    """What it means that there was no answer."""
    code = type(error).__name__
    if isinstance(error, NEVER_SENT):
        return SendResult(status="retry", provider=provider, code=code)
    lost = isinstance(error, HTTPClientError | SSLError)
    return SendResult(status="unknown" if lost else "failed", provider=provider, code=code)


def _close_afterwards(request: Any, **_: Any) -> None:
    """A stale pooled connection would fail after the write and leave the send unknown."""
    request.headers["Connection"] = "close"
