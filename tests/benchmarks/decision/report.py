"""What was measured, as a table for people and as the one line of JSON that judges read."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from .contest import Case, Outcome
from .loading import Loaded

_LABELS: Final[dict[Case, str]] = {
    "lognormal": "", "flat": ", flat values", "history": ", with purchase history",
}  # fmt: skip
_PREPARED: Final = (
    "Rejoinder and the generated baseline are handed the customer prepared, each in its own form: "
    "values, what the model makes of them, contacts, caps. From the request, Rejoinder works these "
    "out within the time. The engines find the eligible offers alone."
)


class Report:
    """The outcomes of all contests, of loading by catalog size, and `growth`: how many times as
    long as with the small catalog a decision takes with the large one, in one race."""

    def __init__(
        self,
        outcomes: Sequence[Outcome],
        loaded: dict[int, Loaded],
        growth: float | None = None,
    ) -> None:
        self.outcomes = outcomes
        self._loaded = loaded
        self._growth = growth
        self.sizes = sorted({outcome.size for outcome in outcomes})

    def table(self) -> Table:
        """Contenders down, catalog sizes across: milliseconds, how many times ours, preparation."""
        table = Table(title="Median time of a decision, and seconds to prepare the rules before it")
        table.add_column("contender")
        for size in self.sizes:
            table.add_column(f"{size:,} offers", justify="right")
        for case, label in _LABELS.items():
            found = [outcome for outcome in self.outcomes if outcome.case == case]
            for name in dict.fromkeys(outcome.contender for outcome in found):
                row = {o.size: self._cell(o) for o in found if o.contender == name}
                table.add_row(f"{name}{label}", *(row.get(size, "") for size in self.sizes))
            table.add_section()
        return table

    def _cell(self, outcome: Outcome) -> str:
        if outcome.median is None:
            return "not held"
        ratio = self._ratio(outcome)
        times = f" {ratio:.3g}x" if ratio and outcome.kind != "ours" else ""
        prepared = f"prep. {outcome.prepare_seconds or 0:.2f} s"
        return f"{_spoken(outcome.median)}{times}\n[dim]{prepared}, n={len(outcome.seconds)}[/dim]"

    def notes(self) -> list[str]:
        """What there is to say besides figures."""
        return [_PREPARED, *self._notes()]

    def _notes(self) -> list[str]:
        return [f"{o.contender}, {o.size:,} offers: {o.note}" for o in self.outcomes if o.note]

    def summary(self, **more: Any) -> dict[str, Any]:
        """The last line: ratios are the peer's median over ours, null where one did not race."""
        ten, hundred = self._loaded.get(10_000), self._loaded.get(100_000)
        return {
            "bench": "decision",
            "ratio_generated": self._ratios("generated", "lognormal"),
            "ratio_generated_flat": self._ratios("generated", "flat"),
            "ratio_generated_history": self._ratios("generated", "history"),
            "ratio_best_engine": self._ratios("engine", "lognormal"),
            "growth_1k_to_100k": _rounded(self._growth),
            "load_10k_ms": _rounded(ten.ms if ten else None),
            "second_10k_ms": _rounded(ten.second_ms if ten else None),
            "rss_10k_mb": _rounded(ten.mb if ten else None),
            "rss_10k_imports_mb": _rounded(ten.imports_mb if ten else None),
            "load_100k_ms": _rounded(hundred.ms if hundred else None),
            "second_100k_ms": _rounded(hundred.second_ms if hundred else None),
            "rss_100k_mb": _rounded(hundred.mb if hundred else None),
            "load_numpy": bool(ten and ten.numpy) or bool(hundred and hundred.numpy),
            "ours_us": self._micros("ours"),
            "ours_from_request_us": self._micros("request"),
            "generated_us": self._micros("generated"),
            **more,
            "machine": _processor(),
            "python": platform.python_version(),
            "date": date.today().isoformat(),
        }

    def _micros(self, kind: str) -> dict[str, float]:
        """By size, for lognormal values."""
        found = (o for o in self.outcomes if (o.kind, o.case) == (kind, "lognormal"))
        return {str(o.size): round(o.median * 1e6, 1) for o in found if o.median is not None}

    def _ratios(self, kind: str, case: Case) -> dict[str, float | None]:
        """By size, that of the fastest of the kind."""
        ratios: dict[str, float | None] = {}
        for size in self.sizes:
            found = [
                ratio
                for o in self.outcomes
                if (o.kind, o.size, o.case) == (kind, size, case)
                and (ratio := self._ratio(o)) is not None
            ]
            ratios[str(size)] = _rounded(min(found, default=None))
        return ratios

    def _ratio(self, outcome: Outcome) -> float | None:
        ours = self._ours(outcome.size, outcome.case)
        return outcome.median / ours if ours and outcome.median else None

    def _ours(self, size: int, case: Case) -> float | None:
        found = (o for o in self.outcomes if (o.kind, o.size, o.case) == ("ours", size, case))
        return next((outcome.median for outcome in found), None)


def _spoken(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1e3:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 2)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
