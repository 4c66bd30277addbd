"""How a long job tells how far it is: a bar on a terminal, plain lines anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

PLAIN_STEPS = 10
"""Lines that a whole job prints where there is no terminal."""


class Progress(Protocol):
    """Told often: `what` is at `done` of `total`. `done == total` ends it."""

    def __call__(self, what: str, done: int, total: int) -> None: ...


def silent(what: str, done: int, total: int) -> None:
    """For callers whom nobody watches."""


@contextmanager
def shown(stream: TextIO) -> Iterator[Progress]:
    """A progress that shows itself on `stream`."""
    if not stream.isatty():
        yield _Lines(stream)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bars = Bars(*columns, TimeRemainingColumn(), console=Console(file=stream))
    with bars:
        tasks = dict[str, int]()

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(bars.task_ids[tasks[what]], completed=done, total=total)

        yield tell


class _Lines:
    """One line for every tenth of the job."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = dict[str, int]()

    def __call__(self, what: str, done: int, total: int) -> None:
        step = PLAIN_STEPS * done // total if total else PLAIN_STEPS
        if step > self._shown.get(what, 0 if done else -1):
            self._shown[what] = step
            print(f"{what}: {done:,} of {total:,}", file=self._stream, flush=True)
