"""The walk through the campaigns: each is scored at its start, by what was known that morning.

A campaign teaches when it is over: its answers are all in. `plain` and `once` are taught one time,
by all campaigns that began before August. Whoever is in the confirm set teaches as anyone's past
would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from . import choices, households, learned, plain
from .journey import Array, Campaign, Journey, day_of
from .learned import Learned
from .matching import match

TESTED_FROM: Final = day_of("2017-08-01")
NEGATIVES: Final = 0.2
"""Of the coupons that a redeeming household left alone, the share that teaches: it moves the bias
by its logarithm, which is put right, and nothing else."""


@dataclass(frozen=True)
class Occasion:
    """A campaign as it was seen at its start."""

    campaign: Campaign
    who: dict[str, Array]
    which: Array
    rungs: dict[str, Array]

    @classmethod
    def of(cls, journey: Journey, campaign: Campaign) -> Occasion:
        past = journey.before(campaign.start)
        matches = match(past, campaign)
        return cls(
            campaign,
            households.measure(past, campaign, matches),
            choices.measure(campaign, matches).astype(np.float32),
            choices.rungs(matches),
        )

    def rows(self, names: Sequence[str]) -> Array:
        """households x names."""
        return np.column_stack([self.who[name] for name in names])


@dataclass(frozen=True)
class Scored:
    """One contender's score of each household and campaign, and whether it came true."""

    households: Array
    scores: Array
    succeeded: Array


@dataclass(frozen=True)
class Results:
    """By contender: whether the household redeems, and whether it redeems the coupon chosen.

    `random` is the chance of a coupon chosen at random to be redeemed, row by row.
    """

    who: dict[str, Scored]
    which: dict[str, Scored]


def hold(journey: Journey, *, seed: int, say: Callable[[str], None]) -> Results:
    """Everybody scored, in all campaigns that begin in August or later."""
    occasions = []
    for campaign in journey.campaigns:
        say(f"campaign {campaign.id}: what was known at its start")
        occasions.append(Occasion.of(journey, campaign))
    walk = _Walk(journey, occasions, seed)
    for occasion in occasions:
        if occasion.campaign.start >= TESTED_FROM:
            say(f"campaign {occasion.campaign.id}: learning from those before, and scoring")
            walk.meet(occasion)
    return walk.results()


class _Taught(NamedTuple):
    who: Learned
    which: Learned


class _Walk:
    def __init__(self, journey: Journey, occasions: Sequence[Occasion], seed: int) -> None:
        self._journey = journey
        self._occasions = occasions
        self._seed = seed
        early = [o for o in occasions if o.campaign.start < TESTED_FROM]
        self._plain = plain.fit(*_who_lesson(journey, early, households.PLAIN))
        self._once = _Taught(
            plain.fit(*_who_lesson(journey, early, households.NAMES)),
            plain.fit(*_which_lesson(journey, early, seed)),
        )
        self._taught: dict[tuple[int, ...], dict[str, _Taught]] = {}
        self._who: dict[str, list[Scored]] = {}
        self._which: dict[str, list[Scored]] = {}

    def meet(self, occasion: Occasion) -> None:
        """Score one campaign at its start, and judge the scores."""
        taught = {"once": self._once} | self._teach(occasion.campaign)
        rows, chosen = occasion.rows(households.NAMES), occasion.which.astype(float)
        redeems = {name: one.who.log_odds(rows) for name, one in taught.items()}
        coupons = occasion.rungs | {
            name: _success(redeems[name], one.which.log_odds(chosen))
            for name, one in taught.items()
        }
        redeems["plain"] = self._plain.log_odds(occasion.rows(households.PLAIN))
        self._judge(occasion.campaign, redeems, coupons)

    def _judge(
        self, campaign: Campaign, redeems: dict[str, Array], coupons: dict[str, Array]
    ) -> None:
        """What became of it; by contender, scores of households and of households x coupons."""
        redeemed, sent = self._journey.redeemed(campaign), campaign.households
        any_redeemed: Array = np.any(redeemed, axis=1)
        for name, scores in redeems.items():
            self._who.setdefault(name, []).append(Scored(sent, scores, any_redeemed))
        at_random = Scored(sent, np.zeros(len(sent)), redeemed.mean(1))
        self._which.setdefault("random", []).append(at_random)
        for name, scores in coupons.items():
            best = scores.argmax(1)[:, None]
            hit = np.take_along_axis(redeemed, best, 1)[:, 0]
            self._which.setdefault(name, []).append(Scored(sent, scores.max(1), hit))

    def results(self) -> Results:
        return Results(_pooled(self._who), _pooled(self._which))

    def _teach(self, campaign: Campaign) -> dict[str, _Taught]:
        """Ours and the peer, taught by the campaigns that were over when this one began."""
        over = [o for o in self._occasions if o.campaign.end < campaign.start]
        key = tuple(o.campaign.id for o in over)
        if key not in self._taught:
            past, seed = self._journey.before(campaign.start), self._seed
            who = _who_lesson(past, over, households.NAMES)
            which = _which_lesson(past, over, seed)
            self._taught[key] = {
                "logistic": _Taught(plain.fit(*who), plain.fit(*which)),
                "ours": _Taught(
                    learned.fit(households.NAMES, *who, seed=seed),
                    learned.fit(choices.NAMES, *which, seed=seed),
                ),
            }
        return self._taught[key]


def _who_lesson(
    past: Journey, occasions: Sequence[Occasion], names: Sequence[str]
) -> tuple[Array, Array]:
    """Each household and campaign, and whether it redeemed any of its coupons."""
    answered = [past.redeemed(o.campaign).any(1) for o in occasions]
    return np.vstack([o.rows(names) for o in occasions]), np.concatenate(answered)


def _which_lesson(past: Journey, occasions: Sequence[Occasion], seed: int) -> tuple[Array, Array]:
    """The coupons of those who redeemed any: all that they redeemed, and some of the others."""
    rows, answers = [], []
    for occasion in occasions:
        redeemed = past.redeemed(occasion.campaign)
        rng = np.random.default_rng((seed, occasion.campaign.id))
        some = rng.random(redeemed.shape) < NEGATIVES
        kept = np.any(redeemed, axis=1, keepdims=True) & (redeemed | some)
        rows.append(occasion.which[kept].astype(float))
        answers.append(redeemed[kept])
    return np.vstack(rows), np.concatenate(answers)


def _success(redeems: Array, chosen: Array) -> Array:
    """households x coupons: the chance to redeem at all times that to redeem this one if any.

    Both are log-odds, `chosen` of lessons that left NEGATIVES of the coupons left alone.
    """
    return _chance(redeems)[:, None] * _chance(chosen + np.log(NEGATIVES))


def _chance(log_odds: Array) -> Array:
    found: Array = 1.0 / (1.0 + np.exp(-log_odds))
    return found


def _pooled(scored: dict[str, list[Scored]]) -> dict[str, Scored]:
    """All campaigns together, by contender."""
    return {
        name: Scored(
            np.concatenate([one.households for one in some]),
            np.concatenate([one.scores for one in some]),
            np.concatenate([one.succeeded for one in some]),
        )
        for name, some in scored.items()
    }
