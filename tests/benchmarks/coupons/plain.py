"""The fair peer: logistic regression by numpy alone, on the same rows, and none of our code.

Lives here: maximum likelihood by iteratively reweighted least squares, with a touch of ridge
(Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2009, 4.4.1). With a ridge
of 1 / UNSURE^2 it would end where ours does: what then differs is the prior alone.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .journey import Array
from .learned import Learned, Scale

_RIDGE: Final = 1.0
"""What scikit-learn's LogisticRegression has where nothing is said."""
_ROUNDS: Final = 15


def fit(rows: Array, answered: Array) -> Learned:
    """rows: observations x features; answered: bool."""
    scale = Scale.of(rows)
    x = np.column_stack([np.ones(len(rows)), scale(rows)])
    ridge = np.diag([0.0, *[_RIDGE] * rows.shape[1]])
    weights = np.zeros(x.shape[1])
    for _ in range(_ROUNDS):
        chance = 1.0 / (1.0 + np.exp(-x @ weights))
        slope = x.T @ (answered - chance) - ridge @ weights
        curve = (x * (chance * (1.0 - chance))[:, None]).T @ x + ridge
        weights += np.linalg.solve(curve, slope)
    return Learned(scale, float(weights[0]), weights[1:])
