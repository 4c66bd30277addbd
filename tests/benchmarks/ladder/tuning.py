"""What September says of settings: `python -m tests.benchmarks.ladder.tuning tifu|upcf|vw`.

Everything from October on is cut off before anything is played, and of the rest only September of
the dev households is judged. The setting with the most success on every trip is the rung's CHOSEN.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from . import similar, tifu, vowpal
from .cheap import Cheap
from .journey import OCTOBER, SEPTEMBER, Journey, read_journey
from .judging import Judge
from .moments import confirming, revealed
from .past import Past
from .protocol import Method, Ranking, replay
from .tifu import Tifu


def _tifu(past: Past, seed: int) -> dict[str, Method]:
    grid = tifu.GRID.items()
    return {name: Ranking(past, Tifu(past, setting).scores) for name, setting in grid}


def _upcf(past: Past, seed: int) -> dict[str, Method]:
    grid = similar.GRID.items()
    return {name: Ranking(past, similar.UpCf(past, setting).scores) for name, setting in grid}


def _vowpal(past: Past, seed: int) -> dict[str, Method]:
    cheap = Cheap(past, Tifu(past))
    grid = vowpal.GRID.items()
    return {name: vowpal.Vowpal(cheap, seed, setting) for name, setting in grid}


_GRIDS: Final[dict[str, Callable[[Past, int], dict[str, Method]]]] = {
    "tifu": _tifu, "upcf": _upcf, "vw": _vowpal,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ladder.tuning")
    parser.add_argument("rung", choices=_GRIDS)
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    table = tune(before_october(read_journey()), options.rung, options.seed)
    Console(width=100 if not sys.stdout.isatty() else None).print(table)


def before_october(journey: Journey) -> Journey:
    end = int(np.searchsorted(journey.trips.day, OCTOBER))
    return replace(journey, trips=journey.trips[:end])


def tune(journey: Journey, rung: str, seed: int) -> Table:
    """One row for each setting of the rung's grid."""
    past, dev = Past(journey.shop), ~confirming(journey.shop)
    methods = _GRIDS[rung](past, seed)
    records = replay(journey, revealed(journey, seed), past, methods)
    judge = Judge(dev, dev, seed, since=SEPTEMBER, until=OCTOBER)
    table = Table(title=f"{rung} on September, % success")
    for heading in ("setting", "every trip", "best 10 % sent"):
        table.add_column(heading, justify="left" if heading == "setting" else "right")
    for name, record in records.items():
        found = judge.figures(record)
        table.add_row(name, f"{found.every.value:.2%}", f"{found.sent.value:.2%}")
    return table


if __name__ == "__main__":
    main()
