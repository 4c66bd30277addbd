"""The local run's clock: real time, shifted. It can be set, and then runs on."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from chalicelib.model import as_utc


def _real_time() -> datetime:
    return datetime.now(UTC)


class LocalClock:
    """`now()` is real time plus an offset, which outlives the process in `kept_in`."""

    def __init__(
        self, kept_in: Path | None = None, real_time: Callable[[], datetime] = _real_time
    ) -> None:
        self._kept_in = kept_in
        self._real_time = real_time
        self._lock = Lock()
        self._offset = _read_offset(kept_in)

    def now(self) -> datetime:
        """The local time, in UTC."""
        with self._lock:
            return self._real_time() + self._offset

    __call__ = now

    @property
    def offset(self) -> timedelta:
        """How far the clock is ahead of real time."""
        with self._lock:
            return self._offset

    def set(self, moment: datetime) -> None:
        """From here on the clock reads as if it were `moment` at this instant (naive: UTC)."""
        moment = as_utc(moment)
        with self._lock:
            self._offset = moment - self._real_time()
            if self._kept_in is not None:
                self._write_offset(self._kept_in)

    def _write_offset(self, path: Path) -> None:
        written = path.with_suffix(".new")
        written.write_text(json.dumps({"offset_seconds": self._offset.total_seconds()}))
        written.replace(path)


def _read_offset(path: Path | None) -> timedelta:
    """A missing or damaged file is no reason not to start: real time, then."""
    try:
        return timedelta(seconds=json.loads((path or Path()).read_text())["offset_seconds"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return timedelta(0)
