"""Log records as JSON, one object a line, that hold nothing a person wrote and no address.

What our own code logs is trusted to be ids and codes. What others log is told by its template
alone, and an error by its type and places alone: their texts may hold anything.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

from ..errors import RejoinderError

OURS: Final = ("rejoinder", "chalicelib")
"""The names, first part, of our loggers."""

_CHALICE = "chalice/app.py"
"""It logs by our logger, and names the path that was asked for."""


class JsonFormatter(logging.Formatter):
    """One JSON object: when, what, from where, the interaction it is about, and `fields`."""

    def __init__(self, fixed: Mapping[str, str], here: Callable[[], Mapping[str, str]]) -> None:
        """`fixed` stands in every line; `here` answers what the moment adds."""
        super().__init__()
        self._fixed = fixed
        self._here = here

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "timestamp": f"{at.removesuffix('+00:00')}Z",
            "level": record.levelname,
            "message": _said(record),
            "logger": record.name,
            **self._fixed,
            **self._here(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= fault(record.exc_info[1])
        given = getattr(record, "fields", {})
        line |= {name: value for name, value in given.items() if value is not None}
        return json.dumps(line, separators=(",", ":"), default=lambda value: type(value).__name__)


class WritingHandler(logging.Handler):
    """Hands every line to `write`."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._write(self.format(record))
        except Exception as error:
            # logging's own way would print the record with all that was to be left out of it.
            name = type(error).__name__
            self._write(json.dumps({"level": "ERROR", "message": "not logged", "error": name}))


def to_stdout(line: str) -> None:
    """Where Lambda collects what is logged, and metrics from."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def taken_over(handler: logging.Handler) -> Callable[[], None]:
    """Have every record come to this handler, once; answers how to undo it."""
    root = logging.getLogger()
    loggers = [root, *map(logging.getLogger, OURS)]
    was = [(each, each.handlers[:], each.level, each.propagate) for each in loggers]
    for each in loggers:
        each.handlers[:] = [handler] if each is root else []
        each.propagate = True
        each.setLevel(logging.WARNING if each is root else logging.INFO)

    def restore() -> None:
        for each, handlers, level, propagate in was:
            each.handlers[:] = handlers
            each.propagate = propagate
            each.setLevel(level)

    return restore


def fault(error: BaseException) -> dict[str, Any]:
    """An error without its text: its type, its code, and the lines of ours that it passed."""
    found: dict[str, Any] = {"error": type(error).__name__, "places": _places(error.__traceback__)}
    if isinstance(error, RejoinderError):
        found["code"] = str(error.details.get("code", error.code))
    return found


def _said(record: logging.LogRecord) -> str:
    by_us = record.name.partition(".")[0] in OURS and not record.pathname.endswith(_CHALICE)
    return record.getMessage() if by_us else str(record.msg)


def _places(trace: TracebackType | None) -> list[str]:
    """`chalicelib/work.py:62`, outermost first."""
    found = []
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        where = path.rfind("chalicelib/")
        if where >= 0 or (path.endswith("/app.py") and not path.endswith(_CHALICE)):
            found.append(f"{path[where:] if where >= 0 else 'app.py'}:{trace.tb_lineno}")
        trace = trace.tb_next
    return found
