"""Twilio's status callbacks: what became of a text, posted from a thread of their own.

https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

import urllib3
from twilio.request_validator import RequestValidator
from urllib3.exceptions import HTTPError

Course = Callable[[], Sequence[Mapping[str, str]]]

TIMEOUT = urllib3.Timeout(connect=5.0, read=15.0)
"""Seconds, as Twilio waits."""


class Callbacks:
    """Follows each accepted text to its end, in the order of their acceptance."""

    def __init__(self, auth_token: str) -> None:
        self._validator = RequestValidator(auth_token)
        self._http = urllib3.PoolManager(retries=False, timeout=TIMEOUT)
        self._jobs: queue.Queue[tuple[str | None, Course] | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self.told: deque[tuple[str, str, int]] = deque(maxlen=1_000)
        """(sid, status, the HTTP status that it was answered with; 0 for none)."""

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="twilio status callbacks")
        self._thread.start()

    def stop(self) -> None:
        """Tell what is still to be told, and return once the thread has ended."""
        if self._thread is None:
            return
        self._jobs.put(None)
        self._thread.join()
        self._thread = None
        self._http.clear()

    def follow(self, url: str | None, course: Course) -> None:
        """Run `course`, then post what it returns to `url`, if there is one."""
        self._jobs.put((url, course))

    def settle(self) -> None:
        """Wait until every text accepted so far has come to its end."""
        self._jobs.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            url, course = job
            for form in course():
                if url:
                    self._post(url, form)
            self._jobs.task_done()
        self._jobs.task_done()

    def _post(self, url: str, form: Mapping[str, str]) -> None:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": self._validator.compute_signature(url, dict(form)),
        }
        try:
            answered = self._http.request(
                "POST", url, body=urlencode(form), headers=headers, redirect=False
            ).status
        except HTTPError:
            answered = 0
        self.told.append((form["MessageSid"], form["MessageStatus"], answered))
