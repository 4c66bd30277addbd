"""Runs the learning benchmark: `python -m tests.benchmarks.learning [--quick] [--only step]`.

Progress goes to standard error; tables, then one JSON object as the last line to standard output.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from typing import Any, Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from threadpoolctl import threadpool_limits

from ..decision.race import stay_on_one_core
from ..ladder.journey import read_journey
from . import report, speed, step, streams, tuning
from .report import Finding

_ARMS: Final = (100, 1_000, 10_000)
_SHUFFLES: Final = 5
_QUICK_STEPS: Final = 1_000
_QUICK_DAYS: Final = 14
_BUDGET_SECONDS: Final = 8.0


def main() -> None:
    options = _options()
    errors, console = Console(stderr=True), Console(width=None if sys.stdout.isatty() else 140)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    summary: dict[str, Any] = {"bench": "learning", "quick": options.quick}
    with (
        threadpool_limits(1),
        Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=errors) as progress,
    ):
        if options.only in (None, "success"):
            findings = [f for name in options.sets for f in _success(name, options, progress)]
            console.print(report.success_table(findings))
            summary |= {"seeds": options.shuffles, "success": report.success_summary(findings)}
        if options.only in (None, "speed"):
            by_arms = _speed(options, progress)
            console.print(report.speed_table(by_arms))
            summary |= {"features": speed.FEATURES, "speed_ms": report.speed_summary(by_arms)}
        if options.only in (None, "step"):
            summary["step_ms"] = step.summary(_step(options, progress))
            console.print(f"One step among 954, on real moments, ms: {summary['step_ms']}")
    sys.stdout.write(json.dumps(summary) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.learning")
    parser.add_argument("--only", choices=("success", "speed", "step"))
    parser.add_argument("--sets", type=_sets, default=streams.SETS, help="such as letter,penbased")
    parser.add_argument("--shuffles", type=int, default=_SHUFFLES)
    parser.add_argument(
        "--quick", action="store_true", help=f"the first {_QUICK_STEPS:,} examples, little timing"
    )
    return parser.parse_args()


def _sets(text: str) -> tuple[str, ...]:
    return tuple(name for name in streams.SETS if name in text.split(","))


def _success(name: str, options: argparse.Namespace, progress: Progress) -> list[Finding]:
    """Every method on one set, with the setting that was best on its first shuffle."""
    shuffles = [streams.load(name, seed) for seed in range(options.shuffles)]
    if options.quick:
        shuffles = [stream.first(_QUICK_STEPS) for stream in shuffles]
    findings = list[Finding]()
    for method, grid in tuning.methods(shuffles[0]).items():
        total = tuning.runs(grid) + len(shuffles)
        task = progress.add_task(f"{name}: {method}", total=total)
        setting = tuning.chosen(grid, shuffles[0], partial(progress.advance, task))
        successes = list[float]()
        for seed, stream in enumerate(shuffles):
            successes.append(setting.run(stream, seed))
            progress.advance(task)
        shape = "products" if setting.products else "plain"
        findings.append(Finding(name, method, f"{setting.told}, {shape}", tuple(successes)))
    return findings


def _speed(options: argparse.Namespace, progress: Progress) -> dict[int, list[speed.Entrant]]:
    stay_on_one_core()
    task = progress.add_task("speed", total=len(_ARMS))
    by_arms = dict[int, list[speed.Entrant]]()
    for arms in _ARMS:
        by_arms[arms] = speed.measure(arms, 0.5 if options.quick else _BUDGET_SECONDS, arms)
        progress.advance(task)
    return by_arms


def _step(options: argparse.Namespace, progress: Progress) -> list[float]:
    stay_on_one_core()
    since = _QUICK_DAYS if options.quick else step.SINCE
    task = progress.add_task("step", total=since + step.LEARNING + step.MEASURED - 1)

    def say(day: int) -> None:
        progress.update(task, completed=day)

    return step.measure(read_journey(), say, since=since)


if __name__ == "__main__":
    main()
