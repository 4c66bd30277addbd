"""Vowpal Wabbit by bandit feedback of its own choices: cb_explore_adf with squarecb.

An action is a type of a shortlist: the allowed types that any of the cheap features ranks among its
first `SHORTLIST`. Its features are these four (TIFU-KNN, basket, popularity, own rate), their
squares and products where the setting says so. Its score is the success that VW itself predicts.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product, starmap
from random import Random
from typing import Final

import numpy as np
import vowpalwabbit

from .cheap import NAMES, Cheap
from .journey import Array, Trips
from .moments import Moments
from .protocol import Offers

SHORTLIST: Final = 8
_FIRST, _SECOND = np.triu_indices(len(NAMES))


@dataclass(frozen=True)
class Setting:
    """How little it explores (`gamma`: the more, the less), the rate of learning, and whether
    products of features are given."""

    gamma: float
    rate: float
    products: bool

    @property
    def told(self) -> str:
        return f"--squarecb --gamma_scale {self.gamma:g} -l {self.rate:g}"

    @property
    def name(self) -> str:
        return f"{self.told}, {'with' if self.products else 'without'} products"


GRID: Final = {
    setting.name: setting
    for setting in starmap(Setting, product((100.0, 1000.0), (0.1, 0.5, 2.0), (False, True)))
}
CHOSEN: Final = "--squarecb --gamma_scale 1000 -l 2, with products"


class Vowpal:
    """`seed` draws from the chances that VW gives to actions."""

    def __init__(self, cheap: Cheap, seed: int, setting: Setting = GRID[CHOSEN]) -> None:
        self._cheap, self._products, self._rng = cheap, setting.products, Random(seed)
        self._workspace = vowpalwabbit.Workspace(
            f"--cb_explore_adf --cb_type mtr {setting.told} --quiet --random_seed {seed % 2**31}"
        )
        self._asked: list[tuple[list[vowpalwabbit.Example], int, float]] = []

    def offer(self, asked: Moments) -> Offers:
        features = self._cheap(asked)
        types, scores = np.zeros(len(asked), np.int64), np.zeros(len(asked))
        for n, shortlist in enumerate(_shortlists(features, asked.allowed)):
            actions = self._workspace.parse(self._told(features[n, shortlist]))
            chances = self._workspace.predict(actions)
            (chosen,) = self._rng.choices(range(len(chances)), chances)
            self._asked.append((actions, chosen, chances[chosen]))
            types[n] = shortlist[chosen]
            scores[n] = -actions[chosen].get_partial_prediction()
        return Offers(types, scores)

    def hear(self, taken: Array) -> None:
        for (actions, chosen, chance), success in zip(self._asked, taken.tolist(), strict=True):
            actions[chosen].set_label_string(f"0:{-int(success)}:{chance:.6g}")
            self._workspace.learn(actions)
            self._workspace.finish_example(actions)
        self._asked.clear()

    def see(self, trips: Trips) -> None:
        """The past has them; nothing is learned of what was not offered."""

    def _told(self, rows: Array) -> list[str]:
        """VW's text format, a line for each action."""
        if self._products:
            rows = np.hstack([rows, rows[:, _FIRST] * rows[:, _SECOND]])
        form = "|a " + " ".join(f"f{place}:%.5g" for place in range(rows.shape[1]))
        return [form % tuple(row) for row in rows.tolist()]


def _shortlists(features: Array, allowed: Array) -> list[Array]:
    """By moment: positions of types, in order."""
    known = np.where(allowed[:, :, None], features, -np.inf)
    place = max(allowed.shape[1] - SHORTLIST, 0)
    first = np.argpartition(known, place, axis=1)[:, place:]
    found = np.zeros(allowed.shape, bool)
    for column in range(len(NAMES)):
        np.put_along_axis(found, first[:, :, column], True, axis=1)
    return [np.flatnonzero(row) for row in found & allowed]
