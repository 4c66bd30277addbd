"""Calls to a running Rejoinder, and waiting for what becomes of them.

Lives here: requests as the public's or an operator's, their answers, patience with an end. Never
here: which calls are made.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import urllib3

from ..packaging import PackagingError
from .access import Operator

DEADLINE_SECONDS = 60
PAUSE_SECONDS = 1.0
TIMEOUT_SECONDS = 30

Found = TypeVar("Found")


class SmokeError(PackagingError):
    """What did not hold; never with a secret, a number or a text in it."""


@dataclass(frozen=True)
class Times:
    """How waiting is done: a monotonic clock in seconds, and a pause between two looks."""

    clock: Callable[[], float] = time.monotonic
    pause: Callable[[], None] = lambda: time.sleep(PAUSE_SECONDS)

    def until(self, look: Callable[[], Found | None], why: Callable[[], str]) -> Found:
        """What `look` answers once it is not None. Raises SmokeError after DEADLINE_SECONDS, with
        why it is for nothing that one waited."""
        end = self.clock() + DEADLINE_SECONDS
        while (found := look()) is None:
            if self.clock() >= end:
                raise SmokeError(f"{why()}, for {DEADLINE_SECONDS} s")
            self.pause()
        return found


@dataclass(frozen=True)
class Answer:
    """A status and a JSON object, which is empty where the body is none."""

    status: int
    document: Mapping[str, Any] = field(repr=False)


class Caller:
    """Speaks to one deployment: the public's way, and an operator's."""

    def __init__(self, url: str, operator: Operator) -> None:
        self.url = url.rstrip("/")
        self._operator = operator
        self._http = urllib3.PoolManager(retries=False, timeout=TIMEOUT_SECONDS)

    def call(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """One request. Raises SmokeError where there is no answer."""
        try:
            answered = self._http.request(
                method, self.url + path, body=body, headers=dict(headers), redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise SmokeError(f"{method} {path} got no answer: {type(error).__name__}") from None
        try:
            document = json.loads(answered.data)
        except ValueError:
            document = {}
        return Answer(answered.status, document if isinstance(document, dict) else {})

    def operate(self, method: str, path: str, document: Any = None) -> Answer:
        body = b"" if document is None else json.dumps(document).encode()
        headers = self._operator.headers(method, self.url + path, body)
        return self.call(method, path, headers, body)
