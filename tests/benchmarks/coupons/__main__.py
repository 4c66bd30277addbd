"""Runs the coupon benchmark: `SEED=1 python -m tests.benchmarks.coupons [--confirm]`.

Progress goes to standard error; tables, then one JSON object as the last line to standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Final

import numpy as np
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from .contest import Results, hold
from .journey import confirms, read_journey
from .report import Report

_SEED: Final = "2026"


def main() -> None:
    options = _options()
    seed = int(os.environ.get("SEED", _SEED))
    household_ids, results = _measure(seed)
    kept = np.array([confirms(household) == options.confirm for household in household_ids])
    report = Report(results, kept, "confirm" if options.confirm else "dev", seed)
    console = Console(width=140 if not sys.stdout.isatty() else None)
    for table in report.tables():
        console.print(table)
    for note in report.notes():
        console.print(note, highlight=False)
    sys.stdout.write(json.dumps(report.summary()) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.coupons")
    parser.add_argument(
        "--confirm",
        action="store_true",
        help="judge the households that chose nothing: once, last",
    )
    return parser.parse_args()


def _measure(seed: int) -> tuple[list[int], Results]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=1) as progress:
        task = progress.add_task("the Complete Journey is read")

        def say(text: str) -> None:
            progress.update(task, description=text)

        journey = read_journey()
        results = hold(journey, seed=seed, say=say)
        say("intervals")
    ids: list[int] = journey.household_ids.tolist()
    return ids, results


if __name__ == "__main__":
    main()
