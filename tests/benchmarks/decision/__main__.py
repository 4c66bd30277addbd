"""Runs the decision benchmark: `python -m tests.benchmarks.decision [--quick]`.

Progress goes to standard error; a table, then one JSON object as the last line to standard output.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from . import figure, loading, race
from .contest import Contest, Effort, Outcome, pooled
from .loading import Loaded
from .report import Report
from .workload import Workload, generate, with_history

_FIGURE: Final = Path(__file__).parents[3] / "docs" / "decision.png"
_SIZES: Final = (100, 1_000, 10_000, 100_000)
_LOADED: Final = (10_000, 100_000)
_GROWTH: Final = (1_000, 100_000)
"""Growth is measured between these, in one race: minutes apart, the machine would grow too."""
_CATALOGS: Final = {100: 5, 1_000: 3}
"""Whether a customer meets 5 or 8 of 100 rules is luck: of a small size there are several catalogs,
so that none decides."""
_FULL: Final = Effort(customers=150, budget=5.0, patience=30.0)
_QUICK: Final = Effort(customers=30, budget=0.5, patience=10.0)


def main() -> None:
    options = _options()
    race.stay_on_one_core()
    errors = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    shown = Progress(*columns, console=errors, refresh_per_second=1)
    with TemporaryDirectory() as folder, shown as progress:
        report, share = _measure(options, Path(folder), progress)
    console = Console(width=200 if not sys.stdout.isatty() else None)
    console.print(report.table())
    for note in report.notes():
        console.print(note)
    if not options.no_figure:
        figure.draw(report.outcomes, _FIGURE)
    summary = report.summary(eligible_share=round(share, 4), seed=options.seed)
    sys.stdout.write(json.dumps(summary) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.decision")
    parser.add_argument("--sizes", type=_sizes, help="catalog sizes, such as 100,1000")
    parser.add_argument(
        "--quick", action="store_true", help="100 and 1,000 offers, one catalog each"
    )
    parser.add_argument("--no-figure", action="store_true", help=f"leave {_FIGURE.name} as it is")
    parser.add_argument("--seed", type=int, default=2026)
    return parser.parse_args()


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted({int(size) for size in text.split(",")}))


def _measure(options: argparse.Namespace, folder: Path, progress: Progress) -> tuple[Report, float]:
    """Contests from the smallest catalogs to the largest."""
    effort = _QUICK if options.quick else _FULL
    sizes = options.sizes or (_SIZES[:2] if options.quick else _SIZES)
    catalogs = {} if options.quick else _CATALOGS
    task = progress.add_task("")

    def say(text: str) -> None:
        progress.update(task, description=text)

    contest = Contest(effort, folder, say)
    outcomes: list[Outcome] = []
    loaded: dict[int, Loaded] = {}
    shares: list[float] = []
    alone: dict[int, race.Entrant] = {}
    for size in sizes:
        for seed in range(options.seed, options.seed + catalogs.get(size, 1)):
            say(f"{size:,} offers: the workload is generated")
            with race.undisturbed():
                workload = generate(seed, size, effort.customers)
            outcomes += contest.hold(workload, "lognormal", engines=True)
            shares.append(contest.eligible_share(workload))
            if size in _GROWTH:
                alone[size] = contest.alone(workload)
            if size in _LOADED:
                say(f"{size:,} offers: fresh processes load them")
                loaded[size] = loading.measure(contest.artifact, workload.customers[0])
            outcomes += _hold_more(contest, workload, seed, say)
    growth = _growth(alone, effort) if len(alone) == len(_GROWTH) else None
    return Report(pooled(outcomes), loaded, growth), statistics.mean(shares)


def _growth(alone: dict[int, race.Entrant], effort: Effort) -> float:
    """How many times as long a decision takes with the larger catalog."""
    small, large = (alone[size] for size in _GROWTH)
    race.run([small, large], effort.customers, effort.budget)
    return large.median / small.median


def _hold_more(
    contest: Contest, workload: Workload, seed: int, say: Callable[[str], None]
) -> list[Outcome]:
    """Customers who have bought before, then flat values, without the engines."""
    outcomes = contest.hold(with_history(seed, workload), "history", engines=False)
    size, customers = len(workload.offers), len(workload.customers)
    say(f"{size:,} offers: flat values are generated")
    with race.undisturbed():
        flat = generate(seed, size, customers, "flat")
    return outcomes + contest.hold(flat, "flat", engines=False)


if __name__ == "__main__":
    main()
