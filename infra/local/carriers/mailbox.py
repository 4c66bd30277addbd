"""What the stand-in carriers accepted: the phones, inboxes and timelines of one machine.

Lives here: the accepted messages and the lines of JSON that let them survive a restart. Never here:
what was refused.
"""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from chalicelib.model import Frozen

Kept = TypeVar("Kept", bound=Frozen)

MAILBOX_LIMIT = 5_000


class Accepted(Frozen):
    """One message as its carrier took it; `channel` as customers name it, or `handover`; `key` as
    its sender wants it given back, where the carrier does that."""

    channel: str
    provider: str
    provider_id: str
    key: str | None = None
    to: str
    text: str
    subject: str | None = None
    sent_at: datetime


class Lines(Generic[Kept]):
    """The newest `limit` values of one type; kept as JSON lines where there is a path.

    Not safe for several threads by itself: its owner holds a lock.
    """

    def __init__(self, model: type[Kept], path: Path | None, limit: int) -> None:
        self._model = model
        self._path = path
        self._values: deque[Kept] = deque(maxlen=limit)
        self._written = 0
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._load(path)

    def values(self) -> tuple[Kept, ...]:
        """Oldest first."""
        return tuple(self._values)

    def append(self, value: Kept) -> None:
        self._values.append(value)
        if self._path is None:
            return
        if self._written >= 2 * (self._values.maxlen or 1):
            self._rewrite(self._path)
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(value.model_dump_json() + "\n")
        self._written += 1

    def clear(self) -> None:
        self._values.clear()
        if self._path is not None:
            self._rewrite(self._path)

    def _load(self, path: Path) -> None:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for line in lines:
            try:
                self._values.append(self._model.model_validate_json(line))
            except ValidationError:
                continue  # A crash cut it short; it was never acted on.
        self._rewrite(path)

    def _rewrite(self, path: Path) -> None:
        whole = path.with_name(path.name + ".part")
        whole.write_text(
            "".join(value.model_dump_json() + "\n" for value in self._values), encoding="utf-8"
        )
        whole.replace(path)
        self._written = len(self._values)


class Mailbox:
    """Accepted messages, oldest first, the newest `limit`; for many threads."""

    def __init__(self, path: Path | None = None, *, limit: int = MAILBOX_LIMIT) -> None:
        """`path` of a file of JSON lines, made if it is not there; without it, memory only."""
        self._lock = threading.Lock()
        self._path = path
        self._lines = Lines(Accepted, path, limit)

    def accept(self, message: Accepted) -> None:
        with self._lock:
            self._lines.append(message)

    def messages(self, channel: str | None = None) -> tuple[Accepted, ...]:
        """All of them, or those of one channel."""
        with self._lock:
            kept = self._lines.values()
        return tuple(m for m in kept if channel is None or m.channel == channel)

    def clear(self) -> None:
        with self._lock:
            self._lines.clear()

    def beside(self, name: str) -> Path | None:
        """Where a stand-in keeps what it must not forget: a file next to this one's, if any."""
        return None if self._path is None else self._path.with_name(name)
