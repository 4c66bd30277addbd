"""What a policy would have earned on decisions that another one made, from what those earned.

With w = pi / mu, how much likelier the policy was to make the logged choice than who made it:

    IPS     mean(w r)                         Horvitz and Thompson, A Generalization of Sampling
                                              Without Replacement, 1952
    SNIPS   sum(w r) / sum(w)                 Swaminathan and Joachims, The Self-Normalized
                                              Estimator for Counterfactual Learning, 2015
    DR      mean(q_pi + w (r - q))            Dudik, Langford and Li, Doubly Robust Policy
                                              Evaluation and Learning, 2011

Intervals are 95 % percentile bootstrap intervals over customers (Efron and Tibshirani, An
Introduction to the Bootstrap, 1993, 13.3): one person's decisions are not independent, and what two
policies earn, their difference and their ratio come from the same resamples, whatever their shape.

Never here: replaying decisions, and what counts as earned. Loads numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, NamedTuple

import numpy as np

MOST_WEIGHT: Final = 50.0
"""A logged choice counts at most so often: about the root of the decisions that are asked, as
Ionides, Truncated Importance Sampling, 2008, has it."""
LEAST_EFFECTIVE: Final = 100.0
LEAST_EFFECTIVE_SHARE: Final = 0.1
"""Of the decisions. With an effective sample below either, too little is known to conclude."""
LEAST_CUSTOMERS: Final = 30
"""With fewer a bootstrap over customers is too sure of itself."""
DRAWS: Final = 1000
"""Resamples. The ends of an interval rest on 25 of them each."""
_ENDS: Final = (2.5, 97.5)

_Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Logged:
    """One logged choice: what it earned (r), how likely it was made (mu, above 0, at most 1), and
    what the outcome model expected it to earn (q), all for the same first offer.

    `customer` names whose decisions belong together.
    """

    customer: str
    earned: float
    propensity: float
    expected: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 < self.propensity <= 1.0:
            raise ValueError(f"a logged choice was made with a probability: {self.propensity}")


@dataclass(frozen=True, slots=True)
class Chance:
    """A policy before one logged choice: how likely it would have made the same (pi), and what the
    outcome model expects over all that it might have made (q_pi = sum of pi q)."""

    probability: float
    expected: float = 0.0


class Estimated(NamedTuple):
    """A number and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one policy would have earned a decision, in the unit of `Logged.earned`.

    `effective`: the sum of weights squared over the sum of their squares, the number of decisions
    that would say as much if the policy itself had made them (Kish, Survey Sampling, 1965).
    `overlap`: the share of decisions whose choice the policy might have made too. `clipped`: the
    share of all weight that was cut off. `snips` is None where the policy makes no logged choice.
    """

    decisions: int
    customers: int
    ips: Estimated
    snips: Estimated | None
    doubly_robust: Estimated
    effective: float
    largest_weight: float
    overlap: float
    clipped: float

    @property
    def warning(self) -> str | None:
        """Why the numbers are not to be relied on, if so."""
        wanted = max(LEAST_EFFECTIVE, LEAST_EFFECTIVE_SHARE * self.decisions)
        if self.effective < wanted:
            return (
                f"too little overlap: {self.decisions} logged decisions say as much as"
                f" {self.effective:.0f} of its own would, and {wanted:.0f} are wanted"
            )
        if self.customers < LEAST_CUSTOMERS:
            return (
                f"too few customers: {self.customers} decided for, and {LEAST_CUSTOMERS} are wanted"
            )
        return None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two policies on the same decisions, by DR. `difference` is target minus current; `ratio` is
    target to current, None where it is not sure that the current one earns anything."""

    target: Estimate
    current: Estimate
    difference: Estimated
    ratio: Estimated | None


def estimate(
    logged: Sequence[Logged],
    policy: Sequence[Chance],
    rng: Random,
    *,
    most_weight: float = MOST_WEIGHT,
    rescale: bool = False,
) -> Estimate:
    """What `policy` would have earned; its chances stand in the order of `logged`.

    With `rescale` the outcome model is first multiplied by what was earned over what it expected of
    the logged choices (a ratio estimate: Cochran, Sampling Techniques, 1977, 6), in each resample
    anew: then a model that is too hopeful throughout favours nobody. Raises ValueError for no
    decisions.
    """
    people = _People(logged, rng)
    return _Weighed(logged, policy, people, most_weight, rescale).told()


def compare(
    logged: Sequence[Logged],
    target: Sequence[Chance],
    current: Sequence[Chance],
    rng: Random,
    *,
    most_weight: float = MOST_WEIGHT,
    rescale: bool = False,
) -> Comparison:
    """Both policies as `estimate` has them, and how far they differ, over the same resamples."""
    people = _People(logged, rng)
    one, other = (
        _Weighed(logged, policy, people, most_weight, rescale) for policy in (target, current)
    )
    gains, known = one.robust, other.robust
    sure = bool(np.all(known > 0.0))
    return Comparison(
        target=one.told(),
        current=other.told(),
        difference=_estimated(gains - known),
        ratio=_estimated(gains / known) if sure else None,
    )


class _People:
    """Whose decisions they are, and how often each person comes in each of the resamples."""

    def __init__(self, logged: Sequence[Logged], rng: Random) -> None:
        if not logged:
            raise ValueError("no decisions were logged")
        names, self._of = np.unique([each.customer for each in logged], return_inverse=True)
        self.count = len(names)
        drawn = np.random.default_rng(rng.getrandbits(64))
        picks = drawn.integers(self.count, size=(DRAWS, self.count))
        picks += np.arange(DRAWS)[:, None] * self.count  # each draw's counts beside the others'
        times = np.bincount(picks.ravel(), minlength=DRAWS * self.count)
        self._times: _Floats = times.reshape(DRAWS, self.count).astype(np.float64)

    def sums(self, columns: _Floats) -> _Floats:
        """The columns (rows are decisions) summed up, then in each resample: k x (1 + DRAWS)."""
        by_person = np.array([np.bincount(self._of, column, self.count) for column in columns.T])
        return np.hstack([columns.sum(axis=0)[:, None], by_person @ self._times.T])


class _Weighed:
    """The logged decisions as one policy weighs them. Of all sums the first is the one over all,
    the others are the resamples."""

    def __init__(
        self,
        logged: Sequence[Logged],
        policy: Sequence[Chance],
        people: _People,
        most_weight: float,
        rescale: bool,
    ) -> None:
        r, mu, q = np.array([(e.earned, e.propensity, e.expected) for e in logged]).T
        pi, q_pi = np.array([(c.probability, c.expected) for c in policy]).T
        raw = pi / mu
        self._w = w = np.minimum(raw, most_weight)
        self._cut = float((raw - w).sum() / raw.sum()) if raw.any() else 0.0
        self._customers = people.count
        rows = np.stack([np.ones(len(r)), r, q, w, w * r, w * q, q_pi], axis=1)
        self._n, r, q, self._sum_w, self._wr, wq, q_pi = people.sums(rows)
        scale = np.divide(r, q, out=np.ones_like(q), where=q > 0.0) if rescale else 1.0
        self.robust: _Floats = (scale * (q_pi - wq) + self._wr) / self._n

    def told(self) -> Estimate:
        w, some = self._w, self._sum_w > 0.0
        return Estimate(
            decisions=len(w),
            customers=self._customers,
            ips=_estimated(self._wr / self._n),
            snips=_estimated(self._wr[some] / self._sum_w[some]) if some[0] else None,
            doubly_robust=_estimated(self.robust),
            effective=float(w.sum() ** 2 / (w**2).sum()) if some[0] else 0.0,
            largest_weight=float(w.max()),
            overlap=float((w > 0.0).mean()),
            clipped=self._cut,
        )


def _estimated(sums: _Floats) -> Estimated:
    low, high = np.percentile(sums[1:], _ENDS)
    return Estimated(float(sums[0]), float(low), float(high))
