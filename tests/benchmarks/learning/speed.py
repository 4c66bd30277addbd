"""How long it takes to score N arms and to learn from one outcome: ours beside the peers, in turns.

Each arm has FEATURES of its own for this decision and all share weights: the product's shape,
Vowpal Wabbit's and river's. MABWiser and river's LinUCB keep a model for each arm, of features that
all share. What is read is put into the form that suits the reader outside the timing, but where the
name says "from text". Processor time, one core, no garbage collection, medians.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import numpy as np
import pandas as pd
import vowpalwabbit
from mabwiser.mab import MAB, LearningPolicy
from river import bandit, linear_model

from chalicelib.decisioning.learning import Aged, learn
from chalicelib.decisioning.scoring import Model, probability
from chalicelib.decisioning.statistics import Statistics

from ..decision.race import undisturbed
from .streams import Rows

FEATURES: Final = 32
_NAMES: Final = [f"f{place:02}" for place in range(FEATURES)]
_NOTHING: Final = Model("nothing", {})
_BEFORE: Final = 200
"""Outcomes that ours, Vowpal Wabbit and river have learned from when the race begins."""
_MOST_DISJOINT: Final = 1_000
"""Arms of river's LinUCB: each is 1.5 MB in its hands."""
_MOST_TURNS: Final = 31
_FEWEST_TURNS: Final = 3


@dataclass
class Entrant:
    """One way of one library: `score` and `update` do one thing once; the times are in seconds."""

    name: str
    score: Callable[[], object]
    update: Callable[[], object]
    scoring: list[float] = field(default_factory=list)
    updating: list[float] = field(default_factory=list)

    @property
    def medians(self) -> tuple[float, float]:
        return statistics.median(self.scoring), statistics.median(self.updating)


@dataclass(frozen=True)
class Task:
    """What everybody is given: N x FEATURES, the outcomes that came before, and an arm."""

    arms: Rows
    rewards: Rows
    chosen: int

    def named(self, arm: int) -> dict[str, float]:
        return dict(zip(_NAMES, self.arms[arm].tolist(), strict=True))


def measure(arms: int, budget_seconds: float, seed: int) -> list[Entrant]:
    """Everybody's times at this number of arms; one who is slow takes fewer turns."""
    rng = np.random.default_rng(seed)
    rewards = (rng.random(_BEFORE) < 0.3).astype(np.float64)
    task = Task(rng.standard_normal((arms, FEATURES)), rewards, int(rng.integers(arms)))
    entrants = [*ours(task), *_vowpal(task), _mabwiser(task), *_river(task)]
    with undisturbed():
        every = {entrant.name: _pace(entrant, budget_seconds) for entrant in entrants}
        for turn in range(_MOST_TURNS):
            for entrant in entrants:
                if turn % every[entrant.name] == 0:
                    entrant.scoring.append(_timed(entrant.score))
                    entrant.updating.append(_timed(entrant.update))
    return entrants


def ours(task: Task) -> list[Entrant]:
    """Means alone; with the ensemble, which says how sure they are; and one name at a time."""
    sums, rng = Statistics(_NAMES), Random(1)
    for place, reward in enumerate(task.rewards):
        sums.observe(task.named(place % len(task.arms)), 0.0, answered=bool(reward))

    def learned() -> Model:
        return learn([Aged(sums)], _NOTHING, rng=rng)

    model, features = learned(), task.named(task.chosen)
    weights = np.array([model.weights[name] for name in _NAMES])
    ensemble = np.array([model.ensemble[name] for name in _NAMES])
    every = [task.named(arm) for arm in range(len(task.arms))]

    def observe() -> None:
        sums.observe(features, 0.1, answered=True)

    def observe_and_learn() -> None:
        observe()
        learned()

    def bold() -> int:
        spread = np.sqrt(np.mean((task.arms @ ensemble) ** 2, axis=1))
        return int((task.arms @ weights + spread).argmax())

    def by_name() -> float:
        w = model.weights
        return max(probability(sum(w[name] * f[name] for name in _NAMES)) for f in every)

    return [
        Entrant("ours, means", lambda: int((task.arms @ weights).argmax()), observe),
        Entrant("ours, ensemble, learned anew", bold, observe_and_learn),
        Entrant("ours, name by name", by_name, observe),
    ]


def _vowpal(task: Task) -> list[Entrant]:
    """cb_explore_adf, squarecb; examples that are parsed already, and text."""
    made = vowpalwabbit.Workspace("--cb_explore_adf --squarecb --quiet")
    lines = [
        "|a " + " ".join(f"{name}:{value:.5g}" for name, value in task.named(arm).items())
        for arm in range(len(task.arms))
    ]
    for place, reward in enumerate(task.rewards):
        made.learn([f"0:{-reward}:0.5 {lines[place % len(lines)]}"])
    labelled = list(lines)
    labelled[task.chosen] = f"0:-1:0.5 {lines[task.chosen]}"
    asked, told = made.parse(lines), made.parse(labelled)
    return [
        Entrant("Vowpal Wabbit, parsed", lambda: made.predict(asked), lambda: made.learn(told)),
        Entrant(
            "Vowpal Wabbit, from text", lambda: made.predict(lines), lambda: made.learn(labelled)
        ),
    ]


def _mabwiser(task: Task) -> Entrant:
    """LinUCB; the context is the chosen arm's features, each arm has met one outcome."""
    arms = len(task.arms)
    made = MAB(list(range(arms)), LearningPolicy.LinUCB(alpha=0.1))
    made.fit(list(range(arms)), np.resize(task.rewards, arms), task.arms)
    context = task.arms[[task.chosen]]
    return Entrant(
        "MABWiser LinUCB",
        lambda: made.predict(context),
        lambda: made.partial_fit([task.chosen], [1.0], context),
    )


def _river(task: Task) -> list[Entrant]:
    """Logistic regression, all arms as one table; and the bandit of a model for each arm."""
    shared: Any = linear_model.LogisticRegression()
    for place, reward in enumerate(task.rewards):
        shared.learn_one(task.named(place % len(task.arms)), bool(reward))
    table = pd.DataFrame(task.arms, columns=_NAMES)
    features = task.named(task.chosen)
    one = Entrant(
        "river LogisticRegression",
        lambda: shared.predict_proba_many(table)[True].to_numpy().argmax(),
        lambda: shared.learn_one(features, True),
    )
    return [one, _disjoint(task)] if len(task.arms) <= _MOST_DISJOINT else [one]


def _disjoint(task: Task) -> Entrant:
    made: Any = bandit.LinUCBDisjoint(seed=1)
    features, arms = task.named(task.chosen), range(len(task.arms))
    for arm in arms:
        made.update(arm, features, 0.0)
    return Entrant(
        "river LinUCBDisjoint",
        lambda: made.pull(arms, features),
        lambda: made.update(task.chosen, features, 1.0),
    )


def _pace(entrant: Entrant, budget_seconds: float) -> int:
    """In every how manieth turn; the first of both calls is a rehearsal."""
    entrant.score()
    entrant.update()
    turn = _timed(entrant.score) + _timed(entrant.update)
    affordable = min(max(int(budget_seconds / turn), _FEWEST_TURNS), _MOST_TURNS)
    return _MOST_TURNS // affordable


def _timed(call: Callable[[], object]) -> float:
    began = time.process_time_ns()
    call()
    return (time.process_time_ns() - began) / 1e9
