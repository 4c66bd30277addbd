"""The product's learner on rows of features: passes over the past, each of them additive sums.

Lives here: scaling, and expanding anew about the weights of the pass before. Never here: the
formulas, which are those of `decisioning.statistics` and `decisioning.learning`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import numpy as np

from chalicelib.decisioning.learning import Aged, learn
from chalicelib.decisioning.scoring import Model
from chalicelib.decisioning.statistics import Statistics

from .journey import Array

PASSES: Final = 8
"""Newton's method, from even odds, where an observation says most: begun at the usual odds it leaps
too far where answers are few and features skewed. Weights then stand still to three decimals."""
UNSURE: Final = 0.3
"""The standard deviation, before anything is learned, of what one deviation of a feature is worth.
"""
_BIAS: Final = "bias"
_UNSURE_OF_BIAS: Final = 10.0


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of each feature over the rows that taught."""

    mean: Array
    deviation: Array

    @classmethod
    def of(cls, rows: Array) -> Scale:
        return cls(rows.mean(0), np.maximum(rows.std(0), 1e-9))

    def __call__(self, rows: Array) -> Array:
        scaled: Array = (rows - self.mean) / self.deviation
        return scaled


@dataclass(frozen=True)
class Learned:
    """What one fit found: `log_odds` of rows like those that taught."""

    scale: Scale
    bias: float
    weights: Array

    def log_odds(self, rows: Array) -> Array:
        """rows: ... x features."""
        found: Array = self.scale(rows) @ self.weights + self.bias
        return found


def fit(names: Sequence[str], rows: Array, answered: Array, *, seed: int) -> Learned:
    """rows: observations x names; answered: bool. Additive Bayesian logistic regression."""
    scale, chance = Scale.of(rows), float(answered.mean())
    scaled = scale(rows)
    features = [{_BIAS: 1.0, **dict(zip(names, row, strict=True))} for row in scaled.tolist()]
    prior = Model("prior", {_BIAS: float(np.log(chance / (1.0 - chance)))})
    unsure = dict.fromkeys(names, UNSURE) | {_BIAS: _UNSURE_OF_BIAS}
    model, log_odds = prior, np.zeros(len(rows))
    for _ in range(PASSES):
        sums = Statistics((_BIAS, *names))
        for observed, expected, answer in zip(features, log_odds.tolist(), answered, strict=True):
            sums.observe(observed, expected, answered=bool(answer))
        model = learn([Aged(sums)], prior, rng=Random(seed), unsure=unsure)
        weights = np.array([model.weights[name] for name in names])
        log_odds = scaled @ weights + model.weights[_BIAS]
    return Learned(scale, model.weights[_BIAS], weights)
