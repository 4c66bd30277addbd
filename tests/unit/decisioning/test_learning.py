"""Models from sums: what fits best, how sure it is, and how soon the old is forgotten."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from chalicelib.decisioning.learning import BOLDNESS, MEMBERS, Aged, learn
from chalicelib.decisioning.scoring import Model
from chalicelib.decisioning.statistics import UNIT, Statistics

NAMES = ("bias", "due", "loyal", "viewed")
TRUTH = np.array([-1.0, 0.8, 0.0, -0.5])
NOTHING = Model("nothing", {})

Array = np.ndarray[Any, np.dtype[np.float64]]


def simulated(count: int, seed: int = 5, truth: Array = TRUTH) -> tuple[Array, Array]:
    """Features and outcomes of a customer whose weights are known."""
    rng = np.random.default_rng(seed)
    rows = np.hstack([np.ones((count, 1)), rng.standard_normal((count, len(truth) - 1))])
    return rows, (rng.random(count) < _chance(rows @ truth)).astype(float)


def counted(rows: Array, answers: Array, weights: Array) -> Statistics:
    """The sums of these outcomes, the deciding model having had these weights."""
    sums = Statistics(NAMES)
    for row, log_odds, answered in zip(rows, rows @ weights, answers, strict=True):
        features = dict(zip(NAMES, row.tolist(), strict=True))
        sums.observe(features, float(log_odds), answered=bool(answered))
    return sums


def weights_of(model: Model) -> Array:
    return np.array([model.weights[name] for name in NAMES])


def learned(*spans: Aged, prior: Model = NOTHING, **options: Any) -> Model:
    return learn(spans, prior, rng=Random(7), **options)


def relearned(rows: Array, answers: Array, **options: Any) -> Model:
    """The outcomes expanded again and again about the weights they lead to."""
    weights = np.zeros(len(NAMES))
    for _ in range(12):
        model = learned(Aged(counted(rows, answers, weights)), **options)
        weights = weights_of(model)
    return model


def test_known_weights_are_found_again_from_simulated_outcomes() -> None:
    found = np.zeros(len(NAMES))
    sums = Statistics(NAMES)
    rows, answers = simulated(4000)
    for start in range(0, len(rows), 500):
        at = slice(start, start + 500)
        sums.add(counted(rows[at], answers[at], found))
        found = weights_of(learned(Aged(sums)))
    assert found == pytest.approx(TRUTH, abs=0.12)


def test_relearned_it_is_the_most_probable_of_a_logistic_regression() -> None:
    rows, answers = simulated(300)
    unsure = {"bias": 3.0, "due": 0.3, "loyal": 1.0, "viewed": 0.5}
    prior = Model("prior", {"bias": -2.0, "viewed": 0.4})
    newton, sure = np.zeros(len(NAMES)), np.array([unsure[n] ** -2 for n in NAMES])
    before = np.array([-2.0, 0.0, 0.0, 0.4])
    for _ in range(30):
        chances = _chance(rows @ newton)
        slope = rows.T @ (answers - chances) - sure * (newton - before)
        bend = (rows.T * (chances * (1 - chances))) @ rows + np.diag(sure)
        newton = newton + np.linalg.solve(bend, slope)
    found = weights_of(relearned(rows, answers, prior=prior, unsure=unsure))
    assert found == pytest.approx(newton, abs=1e-4)


def test_without_outcomes_the_prior_stands() -> None:
    prior = Model("prior", {"bias": -3.2, "due": 0.5})
    model = learned(prior=prior)
    assert dict(model.weights) == pytest.approx(dict(prior.weights))
    assert model.name == "learned"
    assert dict(learned(Aged(Statistics(NAMES)), prior=prior).weights) == pytest.approx(
        {"bias": -3.2, "due": 0.5, "loyal": 0.0, "viewed": 0.0}
    )


def test_the_less_unsure_of_a_weight_the_longer_it_stays_where_it_was() -> None:
    sums = Aged(counted(*simulated(200), np.zeros(len(NAMES))))
    held = learned(sums, unsure={"due": 0.01})
    assert abs(held.weights["due"]) < 0.02 < 0.3 < learned(sums).weights["due"]
    assert learned(sums, unsure=1.0) == learned(sums)


def test_the_weight_of_a_span_is_how_much_of_it_is_remembered() -> None:
    nowhere = np.zeros(len(NAMES))
    old = counted(*simulated(500, truth=-TRUTH), nowhere)
    late = counted(*simulated(500, seed=6), nowhere)
    both = learned(Aged(old), Aged(late)).weights["due"]
    half = learned(Aged(old, 0.5), Aged(late)).weights["due"]
    assert both < half < learned(Aged(late)).weights["due"]
    assert learned(Aged(old, 0.0), Aged(late)) == learned(Aged(late))
    twice = Statistics(NAMES)
    twice.add(late)
    twice.add(late)
    assert learned(Aged(late, 2.0)) == learned(Aged(twice))


def test_spans_about_different_features_are_learned_from_together() -> None:
    sums = Statistics(["bias", "surprise"])
    sums.observe({"bias": 1.0, "surprise": 2.0}, 0.0, answered=True)
    model = learned(Aged(counted(*simulated(50), np.zeros(len(NAMES)))), Aged(sums))
    assert set(model.weights) == set(model.ensemble) == {*NAMES, "surprise"}
    assert model.weights["surprise"] > 0


def test_the_ensemble_deviates_as_the_inverse_of_the_information() -> None:
    sums = counted(*simulated(40), np.zeros(len(NAMES)))
    drawn = [
        np.array([model.ensemble[name] for name in NAMES])
        for model in (learn([Aged(sums)], NOTHING, rng=Random(seed)) for seed in range(300))
    ]
    members = np.concatenate(drawn, axis=1)
    assert members.shape == (len(NAMES), 300 * MEMBERS)
    covariance = BOLDNESS**2 * np.linalg.inv(sums.information * UNIT + np.eye(len(NAMES)))
    assert np.cov(members, bias=True) == pytest.approx(covariance, abs=0.05 * covariance.max())


def test_the_ensemble_lies_evenly_about_the_weights() -> None:
    model = learned(Aged(counted(*simulated(40), np.zeros(len(NAMES)))))
    assert model.members == MEMBERS
    assert all(sum(deviations) == pytest.approx(0) for deviations in model.ensemble.values())


def test_the_same_sums_and_seed_make_the_same_model() -> None:
    rows, answers = simulated(60)
    one = learned(Aged(counted(rows, answers, np.zeros(len(NAMES)))))
    same = learned(Aged(counted(rows[::-1], answers[::-1], np.zeros(len(NAMES)))))
    assert one == same
    assert one.version == same.version
    sums = Aged(counted(rows, answers, np.zeros(len(NAMES))))
    other = learn([sums], NOTHING, rng=Random(8))
    assert (other.weights, other.ensemble == one.ensemble) == (one.weights, False)


def _chance(log_odds: Array) -> Array:
    chances: Array = 1 / (1 + np.exp(-log_odds))
    return chances
