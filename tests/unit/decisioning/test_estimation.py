"""What another policy would have earned: exact on worlds small enough to be added up whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf, sqrt
from random import Random

import pytest

from chalicelib.decisioning.estimation import (
    MOST_WEIGHT,
    Chance,
    Estimate,
    Logged,
    compare,
    estimate,
)

SEEDS = range(20)


@dataclass(frozen=True)
class World:
    """By situation and offer: how likely it is chosen (mu, pi), what it earns (r), and what some
    model believes of that (q). Situations are equally likely."""

    mu: list[list[float]]
    pi: list[list[float]]
    r: list[list[float]]
    q: list[list[float]]

    @property
    def value(self) -> float:
        """What the target policy earns."""
        return sum(map(_mean, self.pi, self.r)) / len(self.r)

    def expected(self, believed_mu: list[list[float]] | None = None) -> tuple[float, float]:
        """IPS and DR of one logged choice, in the mean over all that might have been logged."""
        ips = dr = 0.0
        for x, chances in enumerate(self.mu):
            for a, mu in enumerate(chances):
                likely = (believed_mu or self.mu)[x][a]
                row = Logged("c", self.r[x][a], likely, self.q[x][a])
                chance = Chance(self.pi[x][a], _mean(self.pi[x], self.q[x]))
                found = estimate([row], [chance], Random(1), most_weight=inf)
                ips += mu * found.ips.value / len(self.mu)
                dr += mu * found.doubly_robust.value / len(self.mu)
        return ips, dr


def _mean(chances: list[float], values: list[float]) -> float:
    return sum(p * v for p, v in zip(chances, values, strict=True))


def a_world(seed: int) -> World:
    rng = Random(seed)

    def some_chances(least: float) -> list[float]:
        drawn = [least + rng.random() ** 3 for _ in range(4)]
        return [each / sum(drawn) for each in drawn]

    def some_values() -> list[float]:
        return [rng.uniform(-3, 9) for _ in range(4)]

    return World(
        mu=[some_chances(0.01) for _ in range(3)],
        pi=[some_chances(0.0) for _ in range(3)],
        r=[some_values() for _ in range(3)],
        q=[some_values() for _ in range(3)],
    )


def log_of(rng: Random, decisions: int, per_customer: int = 1) -> Iterator[tuple[Logged, Chance]]:
    """Customers answer one offer at 20 % and the other at 10 %, give or take what they are like.
    The logger makes the better one at 30 %, the target at 80 %: worth 0.18 a decision."""
    liking = 0.0
    for n in range(decisions):
        if n % per_customer == 0:
            liking = rng.uniform(-0.1, 0.1)
        better = rng.random() < 0.3
        earned = float(rng.random() < (0.2 if better else 0.1) + liking)
        mu, pi, q = (0.3, 0.8, 0.15) if better else (0.7, 0.2, 0.05)
        yield Logged(f"c{n // per_customer}", earned, mu, q), Chance(pi, 0.8 * 0.15 + 0.2 * 0.05)


def a_log(seed: int, decisions: int = 400) -> tuple[list[Logged], list[Chance]]:
    rows = list(log_of(Random(seed), decisions))
    return [logged for logged, _ in rows], [chance for _, chance in rows]


def estimated(seed: int = 1) -> Estimate:
    return estimate(*a_log(seed), Random(1))


@pytest.mark.parametrize("seed", SEEDS)
def test_ips_and_dr_are_unbiased_where_propensities_are_exact(seed: int) -> None:
    world = a_world(seed)

    assert world.expected() == pytest.approx((world.value, world.value), abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_dr_is_exact_where_the_outcome_model_is_whatever_the_propensities(seed: int) -> None:
    world = replace(a_world(seed), q=a_world(seed).r)
    ips, dr = world.expected(believed_mu=a_world(seed + 1).mu)

    assert dr == pytest.approx(world.value, abs=1e-12)
    assert abs(ips - world.value) > 1e-3


@pytest.mark.parametrize("seed", SEEDS)
def test_snips_shifts_with_what_is_earned(seed: int) -> None:
    logged, policy = a_log(seed, 50)
    lifted = [replace(row, earned=row.earned + 7.5) for row in logged]
    plain, shifted = (estimate(rows, policy, Random(3)) for rows in (logged, lifted))

    assert plain.snips is not None
    assert shifted.snips == pytest.approx([number + 7.5 for number in plain.snips], abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_effective_sample_is_the_weights_sum_squared_over_their_squares_sum(seed: int) -> None:
    logged, policy = a_log(seed, 30)
    w = [chance.probability / row.propensity for row, chance in zip(logged, policy, strict=True)]
    found = estimate(logged, policy, Random(1))

    assert found.effective == pytest.approx(sum(w) ** 2 / sum(each**2 for each in w))
    assert found.largest_weight == pytest.approx(max(w))
    assert (found.overlap, found.clipped) == (1, 0)


def test_who_made_the_choices_is_estimated_at_what_they_earned() -> None:
    logged, _ = a_log(1)
    found = estimate(logged, [Chance(row.propensity, row.expected) for row in logged], Random(1))
    earned = sum(row.earned for row in logged) / len(logged)

    assert found.snips == found.ips
    assert found.ips.value == found.doubly_robust.value == pytest.approx(earned)
    assert found.effective == pytest.approx(400)


@pytest.mark.parametrize("per_customer", [1, 5])
def test_intervals_hold_the_truth_as_often_as_they_say(per_customer: int) -> None:
    rng, held, turns = Random(42), {"ips": 0, "snips": 0, "doubly_robust": 0}, 60
    for _ in range(turns):
        logged, policy = zip(*log_of(rng, 200, per_customer), strict=True)
        found = estimate(logged, policy, rng)
        for name in held:
            interval = getattr(found, name)
            held[name] += interval.low <= 0.18 <= interval.high

    # 95 % less what chance takes from so many turns, and what percentile intervals fall short.
    assert min(held.values()) / turns > 0.95 - 2.6 * sqrt(0.95 * 0.05 / turns)


def test_more_of_the_same_from_the_same_people_makes_nothing_surer() -> None:
    logged, policy = a_log(5, 60)
    once, often = (estimate(logged * n, policy * n, Random(1)) for n in (1, 9))

    assert often.doubly_robust == pytest.approx(once.doubly_robust)
    assert often.customers == once.customers == 60


def test_an_estimate_is_had_again_by_the_same_seed() -> None:
    assert estimated(2) == estimated(2)
    assert estimated(2) != estimated(3)


def test_no_decisions_are_no_estimate() -> None:
    with pytest.raises(ValueError, match="no decisions"):
        estimate([], [], Random(1))


@pytest.mark.parametrize("mu", [0.0, -0.5, 1.5, float("nan")])
def test_a_choice_without_a_probability_is_refused(mu: float) -> None:
    with pytest.raises(ValueError, match="probability"):
        Logged("c", 1.0, mu)


def test_a_policy_that_makes_no_logged_choice_has_only_the_models_word() -> None:
    logged, _ = a_log(1)
    found = estimate(logged, [Chance(0.0, 0.25)] * 400, Random(1))

    assert found.snips is None
    assert (found.ips.value, found.effective, found.overlap, found.clipped) == (0, 0, 0, 0)
    assert found.doubly_robust == pytest.approx((0.25, 0.25, 0.25))
    assert found.warning is not None
    assert found.warning.startswith("too little overlap: 400 logged decisions say as much as 0 of")


def test_one_unlikely_choice_is_cut_and_that_is_told() -> None:
    logged, policy = a_log(1)
    logged[0] = replace(logged[0], propensity=1e-300, earned=1.0)
    policy[0] = Chance(1.0, 0.1)
    found = estimate(logged, policy, Random(1))

    assert found.largest_weight == MOST_WEIGHT
    assert found.clipped == pytest.approx(1.0)
    assert found.ips.value < 1.0


def test_thin_evidence_is_warned_of() -> None:
    assert estimated().warning is None
    logged, policy = a_log(1)
    ones = [replace(row, customer="one") for row in logged]
    one = estimate(ones, policy, Random(1)).warning
    assert one == "too few customers: 1 decided for, and 30 are wanted"
    few = estimate(*a_log(1, 90), Random(1)).warning
    assert few is not None
    assert "90 logged decisions say as much as" in few
    many = [Logged(f"c{n}", 0.0, 1.0) for n in range(2000)]
    rare = estimate(many, [Chance(float(n < 150)) for n in range(2000)], Random(1))
    assert (rare.effective, rare.overlap) == (150, 0.075)
    assert rare.warning is not None


def test_a_rescaled_model_may_hope_too_much_throughout() -> None:
    logged, policy = a_log(1)
    hopeful = [replace(row, expected=row.expected * 8) for row in logged]
    hopes = [Chance(each.probability, each.expected * 8) for each in policy]
    plain, rescaled = (
        [estimate(*rows, Random(1), rescale=scale) for rows in ((logged, policy), (hopeful, hopes))]
        for scale in (False, True)
    )

    assert rescaled[0].doubly_robust == pytest.approx(rescaled[1].doubly_robust)
    assert plain[0].doubly_robust != pytest.approx(plain[1].doubly_robust)
    nothing = estimate([Logged("c", 2.0, 1.0)], [Chance(1.0)], Random(1), rescale=True)
    assert nothing.doubly_robust.value == 2.0


def test_the_same_policy_twice_differs_in_nothing() -> None:
    logged, policy = a_log(1)
    found = compare(logged, policy, policy, Random(1), rescale=True)

    assert (found.difference, found.ratio) == ((0, 0, 0), (1, 1, 1))
    assert found.target == found.current == estimate(logged, policy, Random(1), rescale=True)


def test_two_policies_are_compared_on_the_same_resamples() -> None:
    logged = [Logged(f"c{n}", float(n % 7), 1.0) for n in range(200)]
    all_of_it, half = [Chance(1.0)] * 200, [Chance(0.5)] * 200
    found = compare(logged, half, all_of_it, Random(1))

    assert found.ratio == pytest.approx((0.5, 0.5, 0.5))
    assert found.difference.value == pytest.approx(-found.target.ips.value)
    assert found.difference.high < 0.0


@pytest.mark.parametrize("earning", [0, 1])
def test_nothing_is_a_share_of_what_may_be_nothing(earning: int) -> None:
    logged = [Logged(f"c{n}", float(n < earning), 1.0) for n in range(200)]

    assert compare(logged, [Chance(0.5)] * 200, [Chance(1.0)] * 200, Random(1)).ratio is None
