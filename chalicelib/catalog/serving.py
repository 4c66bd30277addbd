"""What one container serves of what is published, and how it keeps up with publications.

Lives here: when to look, who waits for it, and that what cannot be loaded never replaces what
serves. Never here: the history and the artifacts (`published.py`), and what is made of one.

A container looks every half of `refresh_seconds`, in the background: requests go on with what
serves. Only where the last look is older than all of it (the container was frozen meanwhile), or
where nothing serves, does a request wait.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, NamedTuple, Protocol, TypeVar

from .. import telemetry
from ..errors import NotFoundError, PermanentError, RejoinderError, TemporaryError

log = logging.getLogger(__name__)

Opened = TypeVar("Opened")

Start = Callable[[Callable[[], None]], None]
"""Has something done beside the request that is being answered."""


def in_background(work: Callable[[], None]) -> None:
    """In a thread that does not hold up the end of the process."""
    threading.Thread(target=work, name="catalog", daemon=True).start()


class Refused(NamedTuple):
    """A version that is live but could not be loaded, and why."""

    version: str
    reason: str


class Named(Protocol):
    """What is live, and what was before."""

    @property
    def version(self) -> str: ...
    @property
    def previous(self) -> str | None: ...


class CatalogCache(Generic[Opened]):
    """What is live, opened: the catalog, or the models. Safe to use from several threads."""

    def __init__(
        self,
        *,
        head: Callable[[], Named | None],
        open_: Callable[[str], Opened],
        refresh_seconds: float,
        start: Start = in_background,
        prepare: Callable[[Opened], None] = lambda opened: None,
    ) -> None:
        """`head` names what is live; `open_` opens a version, or raises NotFoundError, or
        PermanentError for what cannot be read; `prepare` is what a version needs done before its
        first request, where there is time."""
        self._head = head
        self._open = open_
        self._prepare = prepare
        self._longest = timedelta(seconds=refresh_seconds)
        self._start = start
        self._looking, self._swapping = threading.Lock(), threading.Lock()
        self._beside = False
        self._noted = 0
        self._version: str | None = None
        self._current: Opened | None = None
        self._looked_at: datetime | None = None
        self._failure: RejoinderError | None = None
        self.refused: Refused | None = None
        """What was live and could not be served at the last look."""

    @property
    def current(self) -> Opened | None:
        """None before the first publication or the first refresh."""
        return self._current

    def refresh(self, now: datetime, *, force: bool = False) -> bool:
        """Look for a newly published version, if it is time to; True when another one serves.

        A fault is raised only while nothing serves; a container that starts while the head is
        unreadable serves the version before it.
        """
        served = self._current
        if force or self._must_wait(now):
            with self._looking:
                if force or self._must_wait(now):
                    self._look(now)
        elif self._is_due(now):
            self._look_beside(now)
        if self._current is None and self._failure is not None:
            raise self._failure.with_traceback(None)
        return self._current is not served

    def note(self, version: str, opened: Opened) -> None:
        """An own publication or rollback: serves here at once."""
        with self._swapping:
            self._noted += 1
            self._version, self._current, self.refused = version, opened, None

    def _must_wait(self, now: datetime) -> bool:
        age = self._age(now)
        if age is None or age > self._longest:
            return True
        passing = isinstance(self._failure, TemporaryError)
        return self._current is None and (passing or self._is_due(now))

    def _is_due(self, now: datetime) -> bool:
        age = self._age(now)
        return age is None or age >= self._longest / 2

    def _age(self, now: datetime) -> timedelta | None:
        """Of the last look. Absolute: the local run's clock may be set back."""
        return None if self._looked_at is None else abs(now - self._looked_at)

    def _look_beside(self, now: datetime) -> None:
        with self._swapping:
            if self._beside:
                return
            self._beside = True

        def look() -> None:
            try:
                with self._looking:
                    self._look(now)
            finally:
                self._beside = False

        try:
            self._start(look)
        except RuntimeError:  # the system has no thread to give
            look()

    def _look(self, now: datetime) -> None:
        try:
            self._catch_up()
            self._failure = None
        except RejoinderError as error:
            self._failure = error
            if not isinstance(error, TemporaryError):
                telemetry.count("CatalogUnreadable")
            log.error("what is live was not refreshed: %s %s", error.message, error.details)
        self._looked_at = now

    def _catch_up(self) -> None:
        noted, head = self._noted, self._head()
        if head is None or head.version == self._version:
            self.refused = None
            return
        try:
            opened, version = self._open(head.version), head.version
            refused = None
        except (PermanentError, NotFoundError) as error:
            self.refused = refused = Refused(head.version, error.message)
            if self._current is not None or head.previous is None:
                raise
            telemetry.count("CatalogUnreadable")
            log.error("the version before it serves: %s %s", error.message, error.details)
            opened, version = self._open(head.previous), head.previous
        if self._beside:
            self._prepare(opened)
        with self._swapping:
            if self._noted == noted:  # else an own publication is newer than what was read
                self._version, self._current, self.refused = version, opened, refused
