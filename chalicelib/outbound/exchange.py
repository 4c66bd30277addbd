"""One HTTP exchange with a provider, and what its outcome means for a send.

Lives here: the time-outs, the one request without a retry, and the table from outcomes to results.
Never here: any provider's paths, credentials or error codes.

| outcome | result | because |
|---|---|---|
| no connection, time-out or bad certificate while connecting | retry | nothing was written |
| time-out, reset or garbage after that | unknown | the provider may have acted on it |
| 2xx | sent | RFC 9110, 15.3 |
| 429 | retry, not before what the provider says | RFC 6585, 4: it was not acted on |
| 5xx | unknown | RFC 9110, 15.6: it failed, but how far it got is not said |
| anything else | failed, with the provider's code | RFC 9110, 15.5: the same again fails again |
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    SSLError,
)

from ..model import Barrier, SendResult

TIMEOUT = urllib3.Timeout(connect=3.0, read=10.0)
"""Seconds. A carrier that takes longer is reconciled later; the customer's queue moves on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How an exchange ended; `status`, `headers` (lower-case names) and `body` if answered."""

    fate: Literal["answered", "never_sent", "lost"]
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300

    def document(self) -> dict[str, Any]:
        """The body's JSON object; empty if it is anything else."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def exchange(
    http: urllib3.PoolManager,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    timeout: urllib3.Timeout = TIMEOUT,
) -> Answer:
    """One request, no retry, no redirect. What the network does becomes the answer's fate."""
    try:
        response = http.request(
            method,
            url,
            body=body,
            # A pooled connection that went stale while Lambda slept fails after the write, which
            # cannot be told from a lost answer; a fresh one fails while connecting.
            headers={**headers, "Connection": "close"},
            retries=False,
            timeout=timeout,
        )
    except HTTPError as error:
        return Answer(fate="never_sent" if _while_connecting(error) else "lost")
    lowered = {name.lower(): value for name, value in response.headers.items()}
    return Answer("answered", response.status, lowered, response.data)


def _while_connecting(error: HTTPError) -> bool:
    if isinstance(error, SSLError):
        return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in error.args)
    return isinstance(error, NewConnectionError | ConnectTimeoutError | LocationValueError)


def settle(
    answer: Answer,
    provider: str,
    *,
    provider_id: object = None,
    code: object = None,
    retry_at: datetime | None = None,
    barred: Barrier | None = None,
) -> SendResult:
    """The result of a send, by this module's table.

    `provider_id` and `code` are what the provider's answer holds for them, or None.
    """
    if answer.fate == "never_sent":
        return SendResult(status="retry", provider=provider, code="not_reached")
    if answer.fate == "lost":
        return SendResult(status="unknown", provider=provider, code="no_answer")
    if answer.accepted:
        name = None if provider_id is None else str(provider_id)
        return SendResult(status="sent", provider=provider, provider_id=name)
    code = f"http_{answer.status}" if code is None else str(code)
    if answer.status == 429:
        return SendResult(status="retry", provider=provider, code=code, retry_at=retry_at)
    if answer.status >= 500:
        return SendResult(status="unknown", provider=provider, code=code)
    return SendResult(status="failed", provider=provider, code=code, barred=barred)


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When a `Retry-After` header (RFC 9110, 10.2.3: seconds, or a date) says to come back."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal() and len(text) <= 9:
        return now + timedelta(seconds=int(text))
    return http_date(text)


def http_date(text: str) -> datetime | None:
    """An RFC 9110 or RFC 5322 date in UTC; None for anything else."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None
