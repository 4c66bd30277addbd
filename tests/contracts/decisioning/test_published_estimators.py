"""Published estimators judge ours: Vowpal Wabbit's (vw-estimators), and coba's doubly robust."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from coba.environments import OpeRewards
from coba.primitives import LoggedInteraction
from estimators.bandits import ips, snips

from chalicelib.decisioning.estimation import Chance, Logged, estimate

OFFERS = ("a", "b", "c")


def a_log(seed: int) -> list[tuple[str, float, float, dict[str, float]]]:
    """Of each choice the offer, what it earned, its propensity, and the target's chances."""
    rng = Random(seed)
    rows = []
    for _ in range(200):
        raw = [0.02 + rng.random() ** 4 for _ in OFFERS]
        mu = {offer: each / sum(raw) for offer, each in zip(OFFERS, raw, strict=True)}
        wanted = [rng.random() for _ in OFFERS]
        pi = {offer: each / sum(wanted) for offer, each in zip(OFFERS, wanted, strict=True)}
        (made,) = rng.choices(OFFERS, weights=list(mu.values()))
        rows.append((made, float(rng.random() < 0.1) * rng.uniform(1, 50), mu[made], pi))
    return rows


@pytest.mark.parametrize("seed", range(5))
def test_ips_and_snips_are_those_of_vowpal_wabbit(seed: int) -> None:
    rows = a_log(seed)
    judges = ips.Estimator(), snips.Estimator()
    for made, earned, propensity, pi in rows:
        for judge in judges:
            judge.add_example(propensity, earned, pi[made])
    logged = [Logged("c", earned, propensity) for _, earned, propensity, _ in rows]
    chances = [Chance(pi[made]) for made, *_, pi in rows]
    found = estimate(logged, chances, Random(1), most_weight=1e9)

    assert found.snips is not None
    assert (found.ips.value, found.snips.value) == pytest.approx([j.get() for j in judges])


@pytest.mark.parametrize("seed", range(3))
def test_dr_is_that_of_coba_by_its_own_outcome_model(seed: int) -> None:
    """Both of coba's filters learn the same outcome model; the one tells it, the other corrects
    it."""
    rows = a_log(seed)
    shown = [
        LoggedInteraction(None, made, earned, propensity, actions=list(OFFERS))
        for made, earned, propensity, _ in rows
    ]
    modelled, corrected = (list(OpeRewards(kind).filter(shown)) for kind in ("DM", "DR"))
    logged, chances, judged = [], [], 0.0
    for (made, earned, mu, pi), by_model, by_judge in zip(rows, modelled, corrected, strict=True):
        q = {offer: by_model["rewards"](offer) for offer in OFFERS}
        logged.append(Logged("c", earned, mu, q[made]))
        chances.append(Chance(pi[made], sum(pi[offer] * q[offer] for offer in OFFERS)))
        judged += sum(pi[offer] * by_judge["rewards"](offer) for offer in OFFERS) / len(rows)
    found = estimate(logged, chances, Random(1), most_weight=1e9)

    assert found.doubly_robust.value == pytest.approx(judged)
    blind = [replace(row, expected=0.0) for row in logged]
    assert found.doubly_robust.value != estimate(blind, chances, Random(1)).ips.value
