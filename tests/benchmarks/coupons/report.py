"""What was measured, as two tables and as the one line of JSON that judges read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
from rich.table import Table

from .contest import Results, Scored
from .journey import PROVENANCE, Array
from .judging import Draws, Estimate, Ranked

Households = Literal["dev", "confirm"]
TRIAL: Final = (
    "In a trial on these data: who, logistic AUC 0.824, top decile 58 %, lift 4.2; which, mass "
    "1.8 %, event 3.0 %, individual 3.8 %, best model 4.0 %, to the best 10 % 17 %."
)
PROTOCOL: Final = (
    "A row is a household and a campaign that was sent to it and began in August to December, "
    "scored by what was known before that day. Ours and the peer of the same lessons learn from "
    "the campaigns that were over by then; what is taught once, from all that began before August. "
    "Which coupon: one of the campaign's is chosen for every row, and succeeds if that household "
    "redeems it in that campaign. Features and prior widths were chosen on dev households and on "
    "campaigns before August. Intervals: 95 %, households drawn anew."
)
_WHO: Final = {
    "plain": "logistic: recency, frequency, money, past coupons; taught once",
    "once": "logistic: the features of ours; taught once",
    "logistic": "logistic: the features and lessons of ours",
    "ours": "ours",
}
_WHICH: Final = {
    "random": "random", "mass": "mass: bought by the most households",
    "segment": "segment: bought most by the age group",
    "event": "event: bought on the last trip", "individual": "individual: own purchases so far",
    "once": "logistic: the features of ours; taught once",
    "logistic": "logistic: the features and lessons of ours", "ours": "ours",
}  # fmt: skip


class Report:
    """The figures of one set of households."""

    def __init__(self, results: Results, kept: Array, households: Households, seed: int) -> None:
        """kept: by household, whether it is of the set."""
        self._who = {name: _only(kept, one) for name, one in results.who.items()}
        self._which = {name: _only(kept, one) for name, one in results.which.items()}
        self._households, self._seed = households, seed
        self._draws = Draws(self._who["ours"].households, seed)

    @cached_property
    def who(self) -> dict[str, dict[str, Estimate]]:
        """By contender: auc, top_decile and lift."""
        return {
            name: {
                "auc": self._draws.estimate(ranked.auc),
                "top_decile": self._draws.estimate(ranked.best),
                "lift": self._draws.estimate(ranked.lift),
            }
            for name, ranked in _ranked(self._who).items()
        }

    @cached_property
    def which(self) -> dict[str, dict[str, Estimate]]:
        """By contender: success over all rows, and over the 10 % that it scores best."""
        return {
            name: {
                "all": self._draws.estimate(ranked.rate),
                "best": self._draws.estimate(ranked.best),
            }
            for name, ranked in _ranked(self._which).items()
        }

    def tables(self) -> list[Table]:
        ours = self._who["ours"]
        size, people = len(ours.households), len(np.unique(ours.households))
        rows = f"{self._households} households: {size:,} rows of {people:,} households"
        who = Table(title=f"Which household redeems ({rows}, {ours.succeeded.mean():.1%} redeem)")
        for heading in ("", "AUC", "top decile", "lift"):
            who.add_column(heading, justify="right" if heading else "left")
        for name, label in _WHO.items():
            auc, top, lift = self.who[name].values()
            who.add_row(label, _spoken(auc, ".3f"), _spoken(top, ".1%"), _spoken(lift, ".2f"))
        which = Table(title=f"Which coupon, success ({rows})")
        for heading in ("", "all", "best 10 % of rows by its score"):
            which.add_column(heading, justify="right" if heading else "left")
        for name, label in _WHICH.items():
            found = self.which[name]
            which.add_row(label, _spoken(found["all"], ".2%"), _spoken(found["best"], ".1%"))
        return [who, which]

    def notes(self) -> list[str]:
        """What there is to say besides figures, and how sure the differences are."""
        who = {name: self.who["ours"]["auc"] - self.who[name]["auc"] for name in _WHO}
        which = self.which["ours"]["all"] - self.which["individual"]["all"]
        peer = self.which["ours"]["all"] - self.which["logistic"]["all"]
        best = self.which["ours"]["best"] - self.which["individual"]["best"]
        differences = (
            f"AUC of ours less the peer's of the same lessons: {_spoken(who['logistic'], '+.3f')}; "
            f"taught once: {_spoken(who['once'], '+.3f')}; plain: {_spoken(who['plain'], '+.3f')}. "
            f"Which coupon, ours less individual: {_spoken(which, '+.2%')}, at the best 10 %: "
            f"{_spoken(best, '+.1%')}; less the peer of the same lessons: {_spoken(peer, '+.2%')}."
        )
        return [differences, PROTOCOL, TRIAL, PROVENANCE]

    def summary(self) -> dict[str, Any]:
        """The last line."""
        who, which = self.who["ours"], self.which
        return {
            "bench": "coupons",
            "households": self._households,
            "seed": self._seed,
            "who": _values(who)
            | {"interval_auc": _interval(who["auc"]), "interval_top": _interval(who["top_decile"])}
            | {
                f"{name}_auc": _rounded(self.who[name]["auc"].value)
                for name in _WHO
                if name != "ours"
            },
            "which": {name: _rounded(found["all"].value) for name, found in which.items()}
            | {
                "interval_ours": _interval(which["ours"]["all"]),
                "ours_best_10pct": _rounded(which["ours"]["best"].value),
                "interval_best_10pct": _interval(which["ours"]["best"]),
                "individual_best_10pct": _rounded(which["individual"]["best"].value),
            },
        }


def _only(kept: Array, scored: Scored) -> Scored:
    rows = kept[scored.households]
    return Scored(*(column[rows] for column in vars(scored).values()))


def _ranked(scored: Mapping[str, Scored]) -> dict[str, Ranked]:
    return {name: Ranked(one.scores, one.succeeded) for name, one in scored.items()}


def _values(found: Mapping[str, Estimate]) -> dict[str, Any]:
    return {name: _rounded(one.value) for name, one in found.items()}


def _interval(found: Estimate) -> list[float]:
    return [_rounded(edge) for edge in found.interval]


def _rounded(value: float) -> float:
    return round(value, 4)


def _spoken(found: Estimate, form: str) -> str:
    low, high = found.interval
    return f"{found.value:{form}} [{low:{form}}, {high:{form}}]".replace("[", "(").replace("]", ")")
