"""What the learning benchmark found, as tables and as the last line's JSON."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from .speed import Entrant


@dataclass(frozen=True)
class Finding:
    """One method on one set: success by shuffle, the first being the one it was tuned on."""

    name: str
    method: str
    told: str
    successes: tuple[float, ...]

    @property
    def percent(self) -> float:
        return 100 * statistics.mean(self.successes)


def success_table(findings: Sequence[Finding]) -> Table:
    table = Table(title="Right choices over the whole stream, %, mean (least to most) of shuffles")
    for column in ("set", "method", "setting", "mean", "range", "untuned shuffles"):
        table.add_column(column)
    for found in findings:
        least, most = min(found.successes), max(found.successes)
        others = found.successes[1:] or found.successes
        table.add_row(
            found.name,
            found.method,
            found.told,
            f"{found.percent:.2f}",
            f"{100 * least:.1f}-{100 * most:.1f}",
            f"{100 * statistics.mean(others):.2f}",
        )
    return table


def success_summary(findings: Sequence[Finding]) -> dict[str, dict[str, float]]:
    """Percentages by set and method, the best peer's beside them."""
    summary = dict[str, dict[str, float]]()
    for found in findings:
        summary.setdefault(found.name, {})[found.method] = round(found.percent, 2)
    for by_method in summary.values():
        by_method["best_peer"] = max(v for name, v in by_method.items() if name != "ours")
    return summary


def speed_table(by_arms: Mapping[int, Sequence[Entrant]]) -> Table:
    table = Table(title="Milliseconds of the processor, and how many times ours (first row)")
    for column in ("arms", "way", "score", "ratio", "update", "ratio"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for arms, entrants in by_arms.items():
        ours = entrants[0].medians
        for entrant in entrants:
            cells = list[str]()
            for seconds, own in zip(entrant.medians, ours, strict=True):
                cells += [f"{1e3 * seconds:.3f}", f"{seconds / own:.1f}"]
            table.add_row(f"{arms:,}", entrant.name, *cells)
        table.add_section()
    return table


def speed_summary(by_arms: Mapping[int, Sequence[Entrant]]) -> dict[str, Any]:
    """[score, update] in milliseconds by number of arms and way."""
    return {
        str(arms): {e.name: [round(1e3 * seconds, 4) for seconds in e.medians] for e in entrants}
        for arms, entrants in by_arms.items()
    }
