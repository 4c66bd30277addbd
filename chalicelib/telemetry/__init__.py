"""What operators see of a running stage: one JSON object a line of log, metrics, and traces.

    start()         once, in Lambda; elsewhere nothing is told, and logs stay text
    invocation()    around each request, batch and schedule: what it counted is written at its end
    about()         the interaction that is worked on: the `correlation_id` of every line
    tell()          one step of an interaction's way from webhook to receipt
    count(), measure()    the metrics of METRICS
    step()          a part of the pipeline, as X-Ray shows it

Never here: what any of it means for a message; and nothing of what a person wrote, nor an address,
ever comes here. No threads, and nothing is read or opened at import, so that a snapshot is safe.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from ..errors import ConfigurationError, RejoinderError, TemporaryError
from .logs import JsonFormatter, WritingHandler, fault, taken_over, to_stdout
from .metrics import METRICS, Collected, Metric

if TYPE_CHECKING:
    from .traces import Tracing

__all__ = [
    "METRICS",
    "Metric",
    "about",
    "count",
    "fault",
    "invocation",
    "measure",
    "start",
    "step",
    "stop",
    "tell",
]

log = logging.getLogger("rejoinder")
_way = logging.getLogger("rejoinder.way")

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class _Telling:
    """Who tells, and where to; `restore` gives logging back as it was."""

    def __init__(
        self,
        stage: str,
        write: Callable[[str], None],
        clock: Callable[[], float],
        restore: Callable[[], None],
    ) -> None:
        self.stage, self.write, self.clock, self.restore = stage, write, clock, restore


class _Invocation:
    def __init__(self, request_id: str | None, trace_id: str | None, tracing: Tracing | None):
        self.request_id, self.trace_id, self.tracing = request_id, trace_id, tracing
        self.collected = Collected()


_telling: _Telling | None = None
_invocation: ContextVar[_Invocation | None] = ContextVar("invocation", default=None)
_correlation: ContextVar[str | None] = ContextVar("correlation", default=None)


def start(
    stage: str,
    function: str,
    *,
    write: Callable[[str], None] = to_stdout,
    clock: Callable[[], float] = time.time,
) -> None:
    """Tell of everything from here on, as `function` of `stage`.

    `write` takes lines without their end; `clock` answers Unix seconds. What others had set up of
    logging, Chalice and Lambda's own runtime among them, makes way: each line is written once.
    """
    global _telling
    stop()
    handler = WritingHandler(write)
    handler.setFormatter(JsonFormatter({"stage": stage, "function": function}, _here))
    _telling = _Telling(stage, write, clock, taken_over(handler))


def stop() -> None:
    """Tell no more, and leave logging as it was found."""
    global _telling
    if _telling is not None:
        _telling.restore()
        _telling = None


@contextmanager
def invocation(
    request_id: str | None = None, *, trace_header: str = "", tracing_daemon: str = ""
) -> Iterator[None]:
    """One call of the function: what is counted within is written at its end, even if it raises.

    `trace_header` is that of X-Ray for this call and `tracing_daemon` the address that takes its
    documents: without both, or where the call is not sampled, nothing is traced. What is raised is
    logged by its type and places; Lambda, which logs an error's text, is told no more than that.
    """
    telling = _telling
    if telling is None:
        yield
        return
    tracing = _tracing(trace_header, tracing_daemon, telling.clock)
    made = _Invocation(request_id, _root(trace_header), tracing)
    held, about_ = _invocation.set(made), _correlation.set(None)
    try:
        yield
    except (RejoinderError, ConfigurationError):
        raise
    except Exception as error:
        log.error("the invocation failed", extra={"fields": fault(error)})
        raise TemporaryError("the invocation failed", error=type(error).__name__) from None
    finally:
        _invocation.reset(held)
        _correlation.reset(about_)
        _write(made.collected, telling)
        if tracing is not None:
            tracing.send()


def about(interaction_id: str | None) -> None:
    """All that follows in this invocation is about this interaction, until another is named."""
    _correlation.set(interaction_id)


def tell(what: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """A step of the way of the interaction in hand, or of `correlation_id`: ids and codes only."""
    if _telling is not None:
        _way.log(level, what, extra={"fields": fields})


def count(name: str, amount: float = 1, **dimension: str) -> None:
    """Add to a count of METRICS. Raises ValueError for what is not declared there."""
    _collect(name, amount, dimension)


def measure(name: str, value: float) -> None:
    """Note one value of a measure of METRICS. Raises ValueError for what is not declared there."""
    _collect(name, value, {})


def step(name: str) -> Callable[[Callable[Given, Answer]], Callable[Given, Answer]]:
    """A function whose calls are shown in the trace, where there is one."""

    def traced(work: Callable[Given, Answer]) -> Callable[Given, Answer]:
        @functools.wraps(work)
        def worked(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
            made = _invocation.get()
            if made is None or made.tracing is None:
                return work(*args, **kwargs)
            with made.tracing.part(name, _correlation.get):
                return work(*args, **kwargs)

        return worked

    return traced


def _collect(name: str, amount: float, dimension: dict[str, str]) -> None:
    made, telling = _invocation.get(), _telling
    collected = made.collected if made else Collected()
    collected.add(name, amount, **dimension)
    if made is None and telling is not None:
        # Beside a request, as when a catalog is loaded: nobody else would write it.
        _write(collected, telling)


def _write(collected: Collected, telling: _Telling) -> None:
    for line in collected.lines(telling.stage, telling.clock()):
        telling.write(line)


def _here() -> dict[str, str]:
    """What every line says of where it was written."""
    made = _invocation.get()
    known = {
        "request_id": made.request_id if made else None,
        "correlation_id": _correlation.get(),
        "trace_id": made.trace_id if made else None,
    }
    return {name: value for name, value in known.items() if value}


def _root(trace_header: str) -> str | None:
    found = (part for part in trace_header.split(";") if part.startswith("Root="))
    return next(found, "").removeprefix("Root=") or None


def _tracing(header: str, daemon: str, clock: Callable[[], float]) -> Tracing | None:
    if not daemon or "Sampled=1" not in header:
        return None
    from .traces import Tracing  # most calls are not sampled

    return Tracing.of(header, daemon, clock)
