"""What was measured, as a table and as the one line of JSON that judges read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from rich.table import Table

from tests.benchmarks.coupons.journey import PROVENANCE

from .judging import Judge, Rate
from .protocol import Record
from .rungs import RUNGS

Households = Literal["dev", "confirm", "all"]
TRIAL: Final[dict[str, tuple[float, float | None]]] = {
    "random": (0.006, 0.007), "mass": (0.051, 0.068), "segment": (0.051, 0.068),
    "event": (0.096, 0.171), "individual": (0.099, 0.122), "tifu": (0.097, 0.097),
    "upcf": (0.081, 0.098), "fair": (0.119, 0.226), "vw": (0.140, None), "ours": (0.146, 0.34),
}  # fmt: skip
"""Every trip, and the best 10 % sent, in the trial of issue 4; of ours, what is the least."""
LABELS: Final = {
    "random": "random", "mass": "mass", "segment": "segment: income, size of household",
    "event": "event: goes with the basket", "individual": "individual: own frequency",
    "tifu": "TIFU-KNN", "upcf": "UP-CF", "fair": "fair peer: logistic, full information",
    "vw": "Vowpal Wabbit, squarecb", "ours": "Rejoinder",
}  # fmt: skip
PROTOCOL: Final = (
    "Lines with quantity above 0; no product without a type, none of FUEL, COUPON, MISCELLANEOUS; "
    "naive UTC to New York; a household's baskets of a day are one trip. Offered: types with at "
    "least 100 trips before October, but those on more than a tenth of the household's own past "
    "trips. A moment is a trip of at least three such types: three at random (SEED) are known, an "
    "offer succeeds if its type is among the others, and fails where there are none. Every trip "
    "is past from the next day on. Ties: by popularity, then by name. Settings were chosen on "
    "September; measured: October to December. Sent: the score is above the 90th percentile of "
    "September's (dev households). Ratios: to mass and event at every trip, and at their best "
    "trips, as many as were sent. Intervals: 95 %, households drawn anew. TIFU-KNN and UP-CF are "
    "refreshed every week; the fair peer (TIFU-KNN, basket, popularity) is fitted every month to "
    "whole trips of 90 days. VW and ours learn from outcomes of their own offers alone, from "
    "January on, and of all households; VW chooses among the allowed types that one of its "
    "features (TIFU-KNN's score, basket association, popularity, own rate) ranks among its first "
    "eight."
)


class Report:
    """The figures of one set of households."""

    def __init__(
        self, records: Mapping[str, Record], judge: Judge, households: Households, seed: int
    ) -> None:
        self.figures = {name: judge.figures(record) for name, record in records.items()}
        self.households, self._seed = households, seed
        self._records, self._judge = records, judge

    def table(self) -> Table:
        """Rungs down; success, and how many times that of mass and event."""
        title = f"Success of one offer, October to December, {self.households} households"
        table = Table(title=f"{title}, SEED {self._seed}")
        for heading in ("", "every trip", "trial", "best 10 % sent", "trial", "sent"):
            table.add_column(heading, justify="right" if heading else "left")
        table.add_column("x mass", justify="right")
        table.add_column("x event", justify="right")
        for name, found in self.figures.items():
            every, sent = TRIAL[name]
            table.add_row(
                LABELS[name],
                _interval(found.every),
                _percent(every),
                _interval(found.sent),
                _percent(sent),
                _percent(found.coverage),
                self._spoken(name, "mass"),
                self._spoken(name, "event"),
                style="bold" if name == "ours" else None,
            )
        return table

    def notes(self) -> list[str]:
        """What there is to say besides figures."""
        return [PROTOCOL, PROVENANCE]

    def summary(self) -> dict[str, Any]:
        """The last line: shares from 0 to 1; null where a rung did not run."""
        ours = self.figures.get("ours")
        every = {name: _value(found.every) for name, found in self.figures.items()}
        sent = {name: _value(found.sent) for name, found in self.figures.items()}
        nothing = dict.fromkeys(RUNGS)
        return {
            "bench": "ladder",
            "households": self.households,
            "seed": self._seed,
            "every_trip": nothing | every,
            "sent_10pct": nothing
            | sent
            | {"coverage_ours": round(ours.coverage, 4) if ours else None},
            "interval_ours": _edges(ours.every) if ours else None,
            "interval_sent_ours": _edges(ours.sent) if ours else None,
            "coverage": {name: round(found.coverage, 4) for name, found in self.figures.items()},
            "intervals": {name: _edges(found.every) for name, found in self.figures.items()},
            "intervals_sent": {name: _edges(found.sent) for name, found in self.figures.items()},
            "ratio_mass": {name: self._ratios(name, "mass") for name in self.figures},
            "ratio_event": {name: self._ratios(name, "event") for name in self.figures},
        }

    def _ratios(self, name: str, other: str) -> list[float] | None:
        """How many times the other's success: on every trip, and where as many are sent."""
        if other not in self.figures:
            return None
        found = self.figures[name]
        its = self._judge.best(self._records[other], found.coverage)
        return [_ratio(found.every.value, self.figures[other].every.value),
                _ratio(found.sent.value, its)]  # fmt: skip

    def _spoken(self, name: str, other: str) -> str:
        ratios = self._ratios(name, other)
        return " / ".join(f"{ratio:.2f}" for ratio in ratios) if ratios else ""


def _ratio(value: float, other: float) -> float:
    return round(value / other, 3) if other else 0.0


def _value(rate: Rate) -> float:
    return round(rate.value, 4)


def _edges(rate: Rate) -> list[float]:
    return [round(rate.low, 4), round(rate.high, 4)]


def _interval(rate: Rate) -> str:
    return f"{100 * rate.value:.2f} ({100 * rate.low:.2f}\u2013{100 * rate.high:.2f})"


def _percent(share: float | None) -> str:
    return "\u2013" if share is None else f"{100 * share:.1f}"
