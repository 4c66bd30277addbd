"""How likely each eligible offer is to be taken up: one linear model over the named features.

probability = 1 / (1 + exp(-(weights . features))), as in logistic regression
(https://en.wikipedia.org/wiki/Logistic_regression). Weights are data: a published model replaces
them without a change here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .features import FEATURES
from .situation import Situation, Target

Floats = NDArray[np.float64]

_DECIMALS: Final = 12
"""Probabilities are cut to this many decimals, so that another processor's exp() gives the same."""


@dataclass(frozen=True)
class Model:
    """Weights of log-odds by feature name; a feature that has none counts for nothing."""

    name: str
    weights: Mapping[str, float]

    @cached_property
    def version(self) -> str:
        """The name and the content's hash."""
        content = json.dumps(dict(sorted(self.weights.items())))
        return f"{self.name}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"


PRIOR: Final = Model(
    "prior",
    {
        "bias": -3.2,  # about 4 % for an offer of which nothing is known
        "bought_lately": 0.6,
        "bought_often": 0.55,
        "looked_lately": 0.8,
        "looked_often": 0.4,
        "due": 0.5,
        "asked_category": 1.0,
        "complements": 0.3,
        "asked_product": 1.4,
        "in_basket": 0.8,
        "viewed_product": 1.0,
        "owned_product": -0.6,
        "interest": 0.55,
        "repeated": -1.2,
        "clicked": 0.5,
        "fatigue": -0.8,
        "responsive": 0.8,
        "loyal": 0.25,
        "marketing": 0.0,
        "private": 0.1,
        "evening": 0.1,
        "weekend": 0.05,
        "offer.discount": 1.5,  # per 100 %: a tenth off is worth 0.15 of log-odds
    },
)
"""Before anything is learned: the marketer's common sense, to be read and argued with.

Set so that a mass offer stands near 4 %, one moved by what was just done near 15 %, and one that
everything speaks for near 40 %."""


class FeatureTable:
    """The features of a catalog's offers: what belongs to the offer alone is laid out once.

    `names` are the columns: FEATURES in their order, then `offer.<name>` in the order of names.
    """

    def __init__(self, targets: Sequence[Target], own: Sequence[Mapping[str, float]]) -> None:
        own_names = sorted({name for features in own for name in features})
        self.names = (*(f.name for f in FEATURES), *(f"offer.{name}" for name in own_names))
        self._targets = targets
        self._own = np.array(
            [[features.get(name, 0.0) for name in own_names] for features in own], dtype=float
        ).reshape(len(targets), len(own_names))

    def rows(self, situation: Situation, positions: Sequence[int]) -> Floats:
        """One row of features for each of the offers at `positions`, shape (offers, names)."""
        targets = [self._targets[position] for position in positions]
        measured = [[f.measure(situation, target) for f in FEATURES] for target in targets]
        common = np.array(measured, dtype=float).reshape(len(targets), len(FEATURES))
        return np.hstack([common, self._own[list(positions)]])


def contributions(rows: Floats, names: Sequence[str], model: Model) -> Floats:
    """Each feature's part of the log-odds, of the same shape as `rows`."""
    weights = np.array([model.weights.get(name, 0.0) for name in names])
    parts: Floats = rows * weights
    return parts


def probabilities(parts: Floats) -> Floats:
    """The probability of each row of contributions.

    Columns are added one after the other, never by a BLAS product, whose order of summation differs
    between processors: a decision must give the same bytes wherever it is replayed.
    """
    log_odds = np.zeros(len(parts))
    for column in parts.T:
        log_odds = log_odds + column
    return np.round(1.0 / (1.0 + np.exp(-np.clip(log_odds, -500.0, 500.0))), _DECIMALS)
