"""Runs the ladder: `SEED=1 python -m tests.benchmarks.ladder [--households dev|confirm|all]`.

Progress goes to standard error; a table, then one JSON object as the last line to standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from . import figure
from .journey import TYPES, Array, Journey, read_journey
from .judging import Judge
from .moments import confirming, revealed
from .past import Past
from .protocol import Record, replay
from .report import Report
from .rungs import RUNGS, build, built
from .stage import Stage

_FIGURE: Final = Path(__file__).parents[3] / "docs" / "ladder.png"
_SEED: Final = "2026"


def main() -> None:
    options = _options()
    columns = (
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=1) as progress:
        task = progress.add_task("the Complete Journey is read", total=None)
        journey = read_journey()
        if len(journey.shop.catalog) != TYPES:
            raise SystemExit(f"not the journey of the protocol: {len(journey.shop.catalog)} types")
        days = np.unique(journey.trips.day).tolist()
        progress.update(task, total=len(days))

        def say(day: int) -> None:
            date = np.datetime64("2017-01-01") + day
            progress.update(task, completed=days.index(day), description=str(date))

        records = _play(journey, options.only, options.seed, say)
        progress.update(task, description="intervals", completed=len(days))
        dev = ~confirming(journey.shop)
        judge = Judge(_kept(dev, options.households), dev, options.seed)
        report = Report(records, judge, options.households, options.seed)
    console = Console(width=150 if not sys.stdout.isatty() else None)
    console.print(report.table())
    for note in report.notes():
        console.print(note, highlight=False)
    if options.only == built() and not options.no_figure:
        figure.draw(report.figures, options.households, _FIGURE)
    sys.stdout.write(json.dumps(report.summary()) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ladder")
    parser.add_argument(
        "--households",
        choices=("dev", "confirm", "all"),
        default="dev",
        help="who is measured; confirm: once, last",
    )
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED", _SEED)))
    parser.add_argument("--only", type=_names, default=built(), help="rungs, such as mass,event")
    parser.add_argument("--no-figure", action="store_true", help=f"leave {_FIGURE.name} as it is")
    return parser.parse_args()


def _names(text: str) -> tuple[str, ...]:
    names = text.split(",")
    unknown = sorted(set(names) - set(built()))
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not of {', '.join(built())}")
    return tuple(name for name in RUNGS if name in names)


def _play(
    journey: Journey, only: Sequence[str], seed: int, say: Callable[[int], None]
) -> dict[str, Record]:
    past = Past(journey.shop)
    methods = build(only, Stage(journey.shop, past, seed))
    return replay(journey, revealed(journey, seed), past, methods, say)


def _kept(dev: Array, households: str) -> Array:
    """Bool by household."""
    return {"dev": dev, "confirm": ~dev, "all": np.ones(len(dev), bool)}[households]


if __name__ == "__main__":
    main()
