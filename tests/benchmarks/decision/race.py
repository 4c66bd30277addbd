"""Times contenders side by side, in turns: each decides for a batch of customers, then the next.

A container decides for one customer after the other with the same engine, and so does a contender
in its turn. Customer by customer, the race would measure how well each bears that 100,000 rules of
its peers empty the processor's caches before every decision. For the same reason nobody's first
decisions of a turn are timed. Turns are short and go round many times, so that noise of the machine
hits all alike. The garbage collector rests meanwhile. One core, one process, one thread that calls.
"""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

BATCH: Final = 25
"""Customers of a turn."""
WARM_UPS: Final = 2
"""Untimed decisions at the start of a turn, for customers of the turn before."""
_FEWEST: Final = 3
"""Turns of a contender, however slow."""


@dataclass
class Entrant:
    """One contender, ready; `ask(n)` decides for customer `n`. `seconds` are those measured."""

    name: str
    ask: Callable[[int], object]
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


@dataclass(frozen=True, slots=True)
class _Pace:
    """How many customers of a batch an entrant decides for, and in every how manieth turn."""

    batch: int
    every: int


def run(entrants: Sequence[Entrant], customers: int, budget_seconds: float) -> None:
    """Fills in every entrant's `seconds`, one for each customer it decides for.

    An entrant that would take longer than the budget decides for fewer customers in a turn, and
    then in fewer turns, spread over the whole run.
    """
    turns = -(-customers // BATCH)
    paces = [_pace(entrant, customers, turns, budget_seconds) for entrant in entrants]
    with undisturbed():
        for turn in range(turns):
            batch = range(turn * BATCH, min((turn + 1) * BATCH, customers))
            for place in range(len(entrants)):
                chosen = (place + turn) % len(entrants)
                if turn % paces[chosen].every == 0:
                    _take_turn(entrants[chosen], batch, customers, paces[chosen].batch)


def _pace(entrant: Entrant, customers: int, turns: int, budget_seconds: float) -> _Pace:
    entrant.ask(0)
    affordable = int(budget_seconds / _timed(entrant, 1 % customers))
    batch = min(max(affordable // turns - WARM_UPS, 1), BATCH)
    taken = min(max(affordable // (batch + WARM_UPS), _FEWEST), turns)
    return _Pace(batch, -(-turns // taken))


def _take_turn(entrant: Entrant, batch: range, customers: int, most: int) -> None:
    for before in range(1, WARM_UPS + 1):
        entrant.ask((batch.start - before) % customers)
    step = max(len(batch) // most, 1)
    entrant.seconds += [_timed(entrant, customer) for customer in batch[::step][:most]]


@contextmanager
def undisturbed() -> Iterator[None]:
    """No garbage collection, and nothing to collect that was there before."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def stay_on_one_core() -> None:
    """Binds this process, its threads and its children to the last core that it may use."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _timed(entrant: Entrant, customer: int) -> float:
    began = time.perf_counter_ns()
    entrant.ask(customer)
    return (time.perf_counter_ns() - began) / 1e9
