"""Flows: what one interaction sets off, measured over and over, in its typical run.

Lives here: how often each is measured, and what is typical. Never here: prices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from ..progress import Progress
from . import workload
from .stage import Stage, Step

BATCHES = (1, 10, 20, 50)
"""Events of one visitor in one request."""
RUNS, WARM_UP, FEW = 30, 5, 2
"""How often what CPU time is taken of is measured, after how many more; and how often the rest."""


@dataclass(frozen=True)
class Events:
    """A request of `count` events of one visitor: a regular, or somebody new."""

    count: int
    known: bool
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Measured:
    """The typical runs."""

    reply: tuple[Step, ...]
    events: tuple[Events, ...]
    decision: tuple[Step, ...]
    learning: tuple[Step, ...]
    learned: int
    """Decisions that `learning` counted."""
    idle: tuple[Step, ...]
    daily: tuple[Step, ...]
    refresh: Step

    def request(self, count: int, *, known: bool) -> Events:
        """The request of so many events of a regular, or of somebody new."""
        return next(e for e in self.events if (e.count, e.known) == (count, known))


def measure(stage: Stage, progress: Progress) -> Measured:
    """One or two minutes of work."""
    reply = [tuple(workload.reply(stage)) for _ in _runs("replies", RUNS, progress)]
    events = tuple(_events(stage, progress))
    decisions = [(workload.decide(stage),) for _ in _runs("decisions", RUNS, progress)]
    learning = tuple(workload.learn(stage))
    refreshes = [(workload.refresh(stage),) for _ in _runs("refreshes", FEW, progress)]
    idle = [tuple(workload.idle(stage)) for _ in _runs("idle minutes", 2 * FEW, progress)]
    return Measured(
        reply=typical(reply[WARM_UP:]),
        events=events,
        decision=typical(decisions[WARM_UP:]),
        learning=learning,
        learned=_counted(learning),
        idle=typical(idle),
        daily=(stage.scheduled("snapshot", "handle_snapshot"),),
        refresh=typical(refreshes)[0],
    )


def typical(runs: Sequence[tuple[Step, ...]]) -> tuple[Step, ...]:
    """Each step with the median of its CPU time, and the calls of a run in which nothing had to
    be caught up with: that is told apart."""
    return tuple(_middle(same) for same in zip(*runs, strict=True))


def _events(stage: Stage, progress: Progress) -> Iterator[Events]:
    for known in (True, False):
        for count in BATCHES:
            runs, cold = (RUNS, WARM_UP) if count == 1 else (FEW, 0)
            name = f"requests of {count} events of {'a regular' if known else 'somebody new'}"
            made = [
                tuple(workload.events(stage, count, known=known))
                for _ in _runs(name, runs, progress)
            ]
            yield Events(count, known, typical(made[cold:]))


def _counted(steps: Iterable[Step]) -> int:
    """How many decisions the learner's transactions changed."""
    parts = (part for step in steps for call in step.calls for part in call.parts)
    return sum(part.kind.startswith("decision") and part.writes > 0 for part in parts)


def _runs(name: str, count: int, progress: Progress) -> Iterator[int]:
    """Where CPU time is taken, some more of them come first."""
    total = count + (WARM_UP if count == RUNS else 0)
    for number in range(total):
        yield number
        progress(name, number + 1, total)


def _middle(same: Sequence[Step]) -> Step:
    fewest = min(same, key=lambda step: len(step.calls))
    log = sorted((step.log for step in same), key=len)[len(same) // 2]
    return replace(fewest, cpu_ms=median(step.cpu_ms for step in same), log=log)
