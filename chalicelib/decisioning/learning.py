"""From what outcomes add up to, to a model: weights, and an ensemble that tells how sure they are.

Lives here: the prior, forgetting, and the solution. Never here: the sums themselves
(`statistics.py`), where they are kept, and which model serves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final, NamedTuple

import numpy as np

from .features import OF_PURCHASES
from .leanings import NAMES, PAIRS, in_steps
from .patterns import Patterns
from .scoring import Model
from .statistics import UNIT, Statistics, merged

UNSURE: Final = 1.0
UNSURE_OF_TENDENCIES: Final = 0.2
UNSURE_OF_PRODUCTS: Final = 0.1
"""Standard deviations of weights before anything is learned, in log-odds."""
LIKELY: Final = {"own_rate": 0.75, "renewal": 0.75, "goes_with": 0.45, "share": 0.3, "alike": 0.45}
"""Weights of tendencies before anything is learned, common sense again."""
MEMBERS: Final = 32
BOLDNESS: Final = 0.5
"""Members of the ensemble lie so much nearer to the mean than the posterior would have them: with
all of its width, choices among hundreds of offers are led by the luckiest draw."""
_PRODUCTS: Final = frozenset(f"{one}*{other}" for one, other in PAIRS)
_TENDENCIES: Final = frozenset(NAMES) - _PRODUCTS


class Aged(NamedTuple):
    """The sums of some span of time, and how much they still count: 1 for all, 0.5 for half."""

    statistics: Statistics
    weight: float = 1.0


def learn(
    spans: Sequence[Aged],
    prior: Model,
    *,
    rng: Random,
    name: str = "learned",
    unsure: Mapping[str, float] | float | None = None,
    patterns: Patterns | None = None,
    scores: tuple[float, ...] = (),
) -> Model:
    """The weights that fit best, each drawn to the prior's as by 1 / unsure^2 observations.

    `unsure` may be told by feature; those not named there are as unsure as `usual_doubt` says. The
    ensemble is drawn from the normal distribution with the weights' posterior covariance, in pairs
    to either side. `patterns` and `scores` become the model's own.
    """
    about = {**prior.weights, **(dict.fromkeys(NAMES, 0.0) | LIKELY if patterns else {})}
    left_out = OF_PURCHASES if patterns else frozenset[str]()
    seen = merged([Statistics(about), *(span.statistics for span in spans)]).names
    named = tuple(n for n in seen if n not in left_out)
    sure = np.array([_doubt(n, unsure) ** -2.0 for n in named])
    information = np.diag(sure)
    evidence = sure * np.array([about.get(n, 0.0) for n in named])
    for span in spans:
        sums = merged([Statistics(seen), span.statistics])
        kept = np.array([n not in left_out for n in sums.names])
        information += span.weight * UNIT * sums.information[np.ix_(kept, kept)]
        evidence += span.weight * UNIT * sums.evidence[kept]
    weights = np.linalg.solve(information, evidence)
    return Model(
        name,
        dict(zip(named, map(in_steps, weights.tolist()), strict=True)),
        _ensemble(named, information, rng),
        scores,
        patterns,
    )


def usual_doubt(name: str) -> float:
    """How unsure a weight is before anything is learned, in log-odds per unit of its feature."""
    if name in _PRODUCTS:
        return UNSURE_OF_PRODUCTS
    return UNSURE_OF_TENDENCIES if name in _TENDENCIES else UNSURE


def _doubt(name: str, unsure: Mapping[str, float] | float | None) -> float:
    if isinstance(unsure, Mapping):
        return unsure.get(name, usual_doubt(name))
    return usual_doubt(name) if unsure is None else unsure


def _ensemble(
    named: Sequence[str], information: np.ndarray[Any, Any], rng: Random
) -> dict[str, tuple[float, ...]]:
    """Deviations from the weights, by feature: one for each member.

    With information = L L', L'^-1 z has the inverse of the information as its covariance.
    """
    upper = np.linalg.cholesky(information).T
    half = np.array([[rng.gauss() for _ in range(MEMBERS // 2)] for _ in named])
    one_side = BOLDNESS * np.linalg.solve(upper, half)
    both = np.concatenate([one_side, -one_side], axis=1)
    return {n: tuple(map(in_steps, row)) for n, row in zip(named, both.tolist(), strict=True)}
