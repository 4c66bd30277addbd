"""What became of a message, told to a webhook from a thread of its own.

Lives here: the thread, and the order of what is told. Never here: how a provider writes and signs
it; each provider's stand-in knows its own way.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

Event = TypeVar("Event")

Course = Callable[[], Sequence[Event]]

TIMEOUT = urllib3.Timeout(connect=5.0, read=15.0)
"""Seconds, as Twilio waits."""


def key_in(url: str | None) -> str | None:
    """What the sender calls a message, as the URL to call back tells it; None where it does not."""
    found = parse_qs(urlsplit(url or "").query).get("key")
    return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class Notice:
    """One signed request to a webhook: which message it is about, and what it tells of it."""

    provider_id: str
    status: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Callbacks(Generic[Event]):
    """Follows each accepted message to its end, in the order of their acceptance."""

    def __init__(self, provider: str, notice: Callable[[str, Event], Notice]) -> None:
        """`notice(url, event)` writes and signs what is posted to `url`."""
        self._provider = provider
        self._notice = notice
        self._http = urllib3.PoolManager(retries=False, timeout=TIMEOUT)
        self._jobs: queue.Queue[tuple[str | None, Course[Event]] | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self.told: deque[tuple[str, str, int]] = deque(maxlen=1_000)
        """(id, status, the HTTP status that it was answered with; 0 for none)."""

    def start(self) -> None:
        name = f"{self._provider} status callbacks"
        self._thread = threading.Thread(target=self._work, name=name)
        self._thread.start()

    def stop(self) -> None:
        """Tell what is still to be told, and return once the thread has ended."""
        if self._thread is None:
            return
        self._jobs.put(None)
        self._thread.join()
        self._thread = None
        self._http.clear()

    def follow(self, url: str | None, course: Course[Event]) -> None:
        """Run `course`, then post what it returns to `url`, if there is one."""
        self._jobs.put((url, course))

    def settle(self) -> None:
        """Wait until every message accepted so far has come to its end."""
        self._jobs.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            url, course = job
            for event in course():
                if url:
                    self._post(url, self._notice(url, event))
            self._jobs.task_done()
        self._jobs.task_done()

    def _post(self, url: str, notice: Notice) -> None:
        try:
            answered = self._http.request(
                "POST", url, body=notice.body, headers=dict(notice.headers), redirect=False
            ).status
        except HTTPError:
            answered = 0
        self.told.append((notice.provider_id, notice.status, answered))
