"""The four features that the fair peer and Vowpal Wabbit are given: TIFU-KNN's score, what goes
with the basket, popularity, and the household's own rate; all as logarithms.

Lives here: numbers by moment and type. Never here: what is made of them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .journey import Array
from .moments import Moments
from .past import Past
from .tifu import Tifu

NAMES: Final = ("tifu", "basket", "popularity", "own")
_LEAST: Final = 1e-3
"""Added before a logarithm is taken: a tenth of what matters here."""
_USUAL: Final = 0.05
"""What counts as 0: a learner by gradients needs features about it."""


class Cheap:
    """Computed once for a day's moments, for whoever asks."""

    def __init__(self, past: Past, tifu: Tifu) -> None:
        self._past, self._tifu = past, tifu
        self._asked: Moments | None = None
        self._features: Array = np.zeros(0)

    def __call__(self, asked: Moments) -> Array:
        """Moments x types x NAMES."""
        if asked is not self._asked:
            self._asked, self._features = asked, self._computed(asked)
        return self._features

    def _computed(self, asked: Moments) -> Array:
        past = self._past
        features = np.empty((*asked.allowed.shape, len(NAMES)), np.float32)
        features[:, :, 0] = self._tifu.scores(asked)
        features[:, :, 1] = past.given(asked.known).max(axis=1)
        features[:, :, 2] = past.mass
        features[:, :, 3] = past.rates(asked.household)
        found: Array = np.log((features + np.float32(_LEAST)) / np.float32(_USUAL))
        return found
