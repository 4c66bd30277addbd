"""What is chosen where a model explores, and when marketing is not worth making."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from chalicelib.decisioning import PRIOR, Engine, Model
from chalicelib.decisioning.exploring import AT_RANDOM, WINDOW
from chalicelib.model import Cap, ContactPolicy, DecisionInputs, Purpose

from .builders import NOW, asked, decided, engine, joe, offer

MEMBERS = 8


def exploring(rng: Random, unsure: float = 1.0) -> Model:
    """A model of which members disagree about three features."""
    names = ("offer.x", "offer.y", "bias")
    ensemble = {n: tuple(rng.gauss(0, unsure) for _ in range(MEMBERS)) for n in names}
    return Model("exploring", PRIOR.weights, ensemble)


def some_offers(rng: Random, count: int, **more: Any) -> Engine:
    return engine(
        *(
            offer(
                f"o{n}",
                value=rng.choice((8.0, 9.0, 10.0)),
                features={"x": rng.gauss(0, 1), "y": rng.gauss(0, 1)},
                policy=ContactPolicy(exclusive_group=rng.choice((None, "a", "b"))),
            )
            for n in range(count)
        ),
        **more,
    )


def frequencies(
    by: Engine, inputs: DecisionInputs, seeds: int
) -> tuple[Counter[str], Counter[str]]:
    """How often each offer is chosen, and chosen first."""
    slates = by.slates(inputs, now=NOW)
    chosen, first = Counter[str](), Counter[str]()
    for seed in range(seeds):
        made = [offer.id for _, offer in slates.drawn(seed)]
        chosen.update(made)
        first.update(made[:1])
    return chosen, first


@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize("world", range(3))
def test_an_offer_is_chosen_as_often_as_its_selection_probability_says(
    world: int, limit: int
) -> None:
    rng, seeds = Random(world), 2000
    limits = {"overall": (Cap(times=2, days=1),)}
    by = some_offers(rng, 20, model=exploring(rng), limits=limits)
    inputs = asked(limit=limit)
    told: dict[str, float] = {}
    for seed in range(50):
        for made in decided(by, inputs, seed=seed).offers:
            assert told.setdefault(made.offer_id, made.selection_probability) == (
                made.selection_probability
            )
    chosen, first = frequencies(by, inputs, seeds)
    decisions = [[o.offer_id for o in decided(by, inputs, seed=n).offers] for n in range(20)]
    slates = by.slates(inputs, now=NOW)
    assert decisions == [[o.id for _, o in slates.drawn(n)] for n in range(20)]
    for offer_id, probability in told.items():
        assert chosen[offer_id] / seeds == pytest.approx(probability, abs=0.04)
    chances = by.chances(inputs, now=NOW)
    assert sum(chances.values()) == pytest.approx(1.0)
    for offer_id, probability in chances.items():
        assert first[offer_id] / seeds == pytest.approx(probability, abs=0.04)
    assert len(chances) > 2


def test_the_same_seed_decides_alike_and_others_differently() -> None:
    by = some_offers(Random(1), 30, model=exploring(Random(1)))
    decisions = [
        decided(by, asked(), seed=seed).model_dump_json() for seed in (*range(9), *range(9))
    ]
    assert decisions[:9] == decisions[9:]
    assert len({d.partition('"offers"')[2][:40] for d in decisions}) > 1


def test_none_of_the_best_few_is_without_a_chance() -> None:
    offers = (offer(f"o{n}", value=10.0 + n) for n in range(30))
    by = engine(*offers, model=exploring(Random(2), unsure=1e-6))
    chances = sorted(by.chances(asked(limit=1), now=NOW).values())
    assert len(chances) == WINDOW
    assert chances[0] == pytest.approx(AT_RANDOM / WINDOW)
    assert chances[-1] == pytest.approx(1 - AT_RANDOM + AT_RANDOM / WINDOW)


def test_a_model_without_an_ensemble_is_sure() -> None:
    by = some_offers(Random(3), 30)
    best = decided(by, asked()).offers[0]
    assert by.chances(asked(), now=NOW) == {best.offer_id: 1.0}
    assert best.selection_probability == 1.0


def test_every_other_offer_is_accounted_for_and_why_a_better_one_was_not_made() -> None:
    by = some_offers(Random(4), 30, model=exploring(Random(4), unsure=3.0))
    better = 0
    for seed in range(30):
        decision = decided(by, asked(), seed=seed)
        account = by.account(asked(), decision)
        made = {o.offer_id for o in decision.offers}
        assert {r.offer_id for r in account} | made == set(by.catalog.ids())
        assert len(account) == len(by.catalog) - len(made)
        better += sum("to learn what it does" in reason.text for reason in account)
    assert better


def bar(score: float) -> tuple[float, ...]:
    """Percentiles of past scores such that the best half begins here."""
    return (*[score / 2] * 49, *[score] * 50)


def test_marketing_waits_for_a_moment_that_is_worth_it() -> None:
    limits = {"share": 0.5}
    model = Model("learned", PRIOR.weights, scores=bar(5.0))
    by = engine(
        offer("dear", value=1000.0, rule='customer.tier == "silver"'),
        offer("cheap", value=1.0),
        offer("help", value=0.5, purpose=Purpose.SERVICE),
        model=model,
        limits=limits,
    )
    quiet = decided(by, asked(limit=2))
    assert [o.offer_id for o in quiet.offers] == ["help"]
    assert quiet.best is not None
    assert quiet.best < 1.0
    reason = by.account(asked(limit=2), quiet).of("cheap")
    assert reason is not None
    assert reason.reason == "score"
    assert reason.text.startswith("not now: it is worth 0.")
    silver = asked(joe(attributes={"tier": "silver"}), limit=3)
    assert [o.offer_id for o in decided(by, silver).offers] == ["dear", "help"]


@pytest.mark.parametrize("limits", [{}, {"share": 1.0}])
def test_without_a_share_nothing_waits(limits: dict[str, float]) -> None:
    model = Model("learned", PRIOR.weights, scores=bar(5.0))
    by = engine(offer("cheap", value=1.0), model=model, limits=limits)
    assert [o.offer_id for o in decided(by, asked()).offers] == ["cheap"]


def test_a_share_before_anything_is_learned_holds_nothing_back() -> None:
    by = engine(offer("cheap", value=1.0), limits={"share": 0.01})
    assert [o.offer_id for o in decided(by, asked()).offers] == ["cheap"]


def test_the_least_score_is_the_percentile_that_leaves_the_share() -> None:
    model = Model("m", {}, scores=tuple(float(n) for n in range(1, 100)))
    assert model.least_score(0.1) == 90.0
    assert model.least_score(0.996) == 0.0
    assert model.least_score(0.001) == 99.0
    assert model.least_score(None) == 0.0
