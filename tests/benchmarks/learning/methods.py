"""Rejoinder's learner and its peers, as methods that choose classes.

Ours is the product's own: for each class the additive sums of `Statistics`, and the models that
`learn` makes of them. Peers are what others publish: MABWiser's linear policies and Vowpal Wabbit.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

import numpy as np
import vowpalwabbit
from mabwiser.mab import MAB, LearningPolicy

from chalicelib.decisioning.learning import Aged, learn
from chalicelib.decisioning.scoring import Model
from chalicelib.decisioning.statistics import Statistics

from .streams import Classes, Rows

_NOTHING: Final = Model("nothing", {})
_STEEPEST: Final = 2.0
"""Log-odds beyond this, either way, are expanded about this: one step of Newton from where a
logistic curve is flat overshoots."""


class Ours:
    """One `Statistics` and one `Model` for each class; named features and a bias.

    A class scores its mean log-odds and `boldness` standard deviations, which are those of the
    model's ensemble. `unsure` and `unsure_products` are the standard deviations of weights before
    anything is learned; the first `plain` columns are features, the others products of them.
    """

    at_once = False

    def __init__(
        self,
        classes: int,
        width: int,
        plain: int,
        *,
        boldness: float,
        unsure: float,
        unsure_products: float,
        seed: int,
    ) -> None:
        self._columns = ["bias", *(f"f{n:04}" for n in range(width))]
        names = self._columns[: plain + 1]
        self._unsure = dict.fromkeys(self._columns, unsure_products) | dict.fromkeys(names, unsure)
        self._boldness = boldness
        self._rng = Random(seed)
        self._sums = [Statistics(self._columns) for _ in range(classes)]
        self._models: list[tuple[Rows, Rows]] = [self._learned(sums) for sums in self._sums]

    def choose(self, rows: Rows) -> Classes:
        rows = _with_bias(rows)
        scores = np.empty((len(rows), len(self._models)))
        for place, (weights, ensemble) in enumerate(self._models):
            spread = np.sqrt(np.mean((rows @ ensemble) ** 2, axis=1))
            scores[:, place] = rows @ weights + self._boldness * spread
        return np.asarray(scores.argmax(axis=1), np.intp)

    def learn(self, rows: Rows, chosen: Classes, rewards: Rows) -> None:
        rows = _with_bias(rows)
        for place in np.unique(chosen):
            its = np.flatnonzero(chosen == place)
            log_odds = np.clip(rows[its] @ self._models[place][0], -_STEEPEST, _STEEPEST)
            for row, at, reward in zip(rows[its], log_odds, rewards[its], strict=True):
                features = dict(zip(self._columns, row.tolist(), strict=True))
                self._sums[place].observe(features, float(at), answered=bool(reward))
            self._models[place] = self._learned(self._sums[place])

    def _learned(self, sums: Statistics) -> tuple[Rows, Rows]:
        """(weights, ensemble): by column, and by column and member."""
        model = learn([Aged(sums)], _NOTHING, rng=self._rng, unsure=self._unsure)
        weights = np.array([model.weights[name] for name in self._columns])
        return weights, np.array([model.ensemble[name] for name in self._columns])


class MabWiser:
    """Ridge regression for each class: LinUCB (`kind` "ucb") or LinTS ("ts")."""

    at_once = False

    def __init__(self, classes: int, kind: str, alpha: float, l2: float, seed: int) -> None:
        made = LearningPolicy.LinUCB if kind == "ucb" else LearningPolicy.LinTS
        self._bandit = MAB(list(range(classes)), made(alpha=alpha, l2_lambda=l2), seed=seed)
        self._fit = self._bandit.fit

    def choose(self, rows: Rows) -> Classes:
        if self._fit == self._bandit.fit:
            return np.zeros(len(rows), np.intp)
        return np.atleast_1d(np.array(self._bandit.predict(_with_bias(rows)), np.intp))

    def learn(self, rows: Rows, chosen: Classes, rewards: Rows) -> None:
        self._fit(chosen, rewards, _with_bias(rows))
        self._fit = self._bandit.partial_fit


class Vowpal:
    """cb_explore_adf, an action for each class; products are its own interactions."""

    at_once = True

    def __init__(self, classes: int, exploration: str, products: bool, seed: int) -> None:
        crossed = "--ignore_linear s -q sa" + (" --interactions ssa" if products else "")
        self._workspace = vowpalwabbit.Workspace(
            f"--cb_explore_adf {exploration} {crossed} --quiet --random_seed {seed + 1}"
        )
        self._actions = [f"|a c{place}" for place in range(classes)]
        self._rng = Random(seed)
        self._asked: Sequence[vowpalwabbit.Example] = ()
        self._chances: Sequence[float] = ()

    def choose(self, rows: Rows) -> Classes:
        """Of one row."""
        (row,) = rows.tolist()
        shared = " ".join(f"f{place}:{value:.5g}" for place, value in enumerate(row))
        self._asked = self._workspace.parse([f"shared |s {shared}", *self._actions])
        self._chances = self._workspace.predict(self._asked)
        return np.array(self._rng.choices(range(len(self._chances)), self._chances), np.intp)

    def learn(self, rows: Rows, chosen: Classes, rewards: Rows) -> None:
        (place,), (reward,) = chosen.tolist(), rewards.tolist()
        self._asked[place + 1].set_label_string(f"0:{-reward}:{self._chances[place]:.6f}")
        self._workspace.learn(self._asked)
        self._workspace.finish_example(self._asked)


def _with_bias(rows: Rows) -> Rows:
    return np.hstack([np.ones((len(rows), 1)), rows])
