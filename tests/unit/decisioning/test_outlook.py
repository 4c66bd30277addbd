"""A model with patterns decides, by every way of ranking, as the plain sum of its features would.

Catalogs and customers come from `worlds`, with orders, a basket and questions besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from chalicelib.decisioning import FEATURES, PRIOR, Engine, Model
from chalicelib.decisioning.features import OF_PURCHASES
from chalicelib.decisioning.leanings import NAMES, WEIGHT_STEP
from chalicelib.decisioning.learning import Aged, learn
from chalicelib.decisioning.outlook import places_of
from chalicelib.decisioning.packing import pack_model, read_model
from chalicelib.decisioning.past import known_places, read_past
from chalicelib.decisioning.patterns import Patterns
from chalicelib.decisioning.scoring import Scorer, probability
from chalicelib.decisioning.situation import Situation, Target
from chalicelib.decisioning.statistics import Statistics
from chalicelib.decisioning.tendencies import OF_CATEGORIES, OF_MOMENTS, measure
from chalicelib.errors import PermanentError
from chalicelib.model import Offer, Understanding

from .builders import NOW, asked, contact, decided, engine, joe, offer, product
from .shoppers import counted, order
from .ways import SQUEEZES, WAYS, ranked, squeezed
from .worlds import PATHS, World, a_world, plain_order

KNOWN = ("bags", "food/bread", "food/jam", "shoes", "shoes/road", "shoes/trail")
"""Not `hats` at all, and `bags/small` only as bags."""
ALL_WAYS = (*WAYS, "by_score")


def some_patterns() -> Patterns:
    rng = Random(8)
    days = (
        (f"c{rng.randrange(9)}", n // 3, rng.sample(KNOWN, rng.choice((1, 2, 4))))
        for n in range(240)
    )
    return counted(days, KNOWN).patterns()  # fmt: skip


PATTERNS = some_patterns()
LEARNED = learn([], PRIOR, rng=Random(1), patterns=PATTERNS, scores=(0.01,) * 99)


def a_wild_one(seed: int) -> Model:
    """Every weight there can be, of either sign, in the steps that learning has."""
    rng = Random(seed)
    of_products = dict.fromkeys((n for n in NAMES if "*" in n), 0.05)
    names = [f.name for f in FEATURES if f.name not in OF_PURCHASES]
    weights = {
        name: round(rng.gauss(0, of_products.get(name, 0.4)) * WEIGHT_STEP) / WEIGHT_STEP
        for name in (*names, *NAMES, "offer.discount", "offer.x")
    }
    return Model("wild", weights | {"repeated": 0.75}, patterns=PATTERNS)


WILD = a_wild_one(3)
DETACHED = replace(WILD, name="detached", weights={n: -abs(w) for n, w in WILD.weights.items()})
"""Nothing speaks for anything."""


def a_world_of_shoppers(rng: Random, limit: int | None = None) -> World:
    """One in which things were bought together, views count, and a question may name a category."""
    world = a_world(rng, limit)
    orders = [
        order(f"o{n}", rng.uniform(-5, 200), *rng.sample((*PATHS, *KNOWN), 3))
        for n in range(rng.choice((0, 3, 12)))
    ]
    customer = world.inputs.customer.model_copy(update={"orders": tuple(orders)})
    wish = Understanding(
        intent="price", confidence=1, slots={"category": rng.choice((*PATHS, "Shoes > Trail > XL"))}
    )
    changes: dict[str, Any] = {"customer": customer}
    if rng.random() < 0.3:
        changes["understanding"] = wish
    return replace(world, inputs=world.inputs.model_copy(update=changes))


def situation_of(world: World) -> Situation:
    inputs = world.inputs
    known = {p.id: p for p in inputs.products}
    return Situation(inputs.customer, inputs.context, inputs.understanding, known, NOW)


def by_brute_force(world: World, model: Model) -> list[tuple[str, float]]:
    """Every eligible offer by itself, best first, ties by id."""
    scorer = Scorer(model, situation_of(world))
    found = [
        (-probability(scorer.log_odds(Target.of(o), o.features)) * (o.value * o.weight), o.id)
        for _, o in plain_order(world, model)
    ]
    return [(offer_id, -minus) for minus, offer_id in sorted(found)]


def feature_by_feature(world: World, model: Model, of: Offer) -> float:
    """The log-odds as a sum over names, the category being that which speaks most for the offer."""
    situation, target = situation_of(world), Target.of(of)
    tendencies = measure(
        PATTERNS, read_past(situation, PATTERNS), known_places(situation, PATTERNS), situation.local
    )
    moment = dict(zip((t.name for t in OF_MOMENTS), tendencies.moment.tolist(), strict=True))

    def weighed(features: Mapping[str, float]) -> float:
        return sum(model.weights.get(name, 0.0) * value for name, value in features.items())

    def of_category(place: int) -> float:
        column = tendencies.categories[:, place].tolist()
        own = dict(zip((t.name for t in OF_CATEGORIES), column, strict=True))
        both, products = own | moment, (n.split("*") for n in NAMES if "*" in n)
        return weighed(own | {f"{a}*{b}": own[a] * both[b] for a, b in products})

    plain = {f.name: f.measure(situation, target) for f in FEATURES if f.name not in OF_PURCHASES}
    found = weighed(plain) + weighed(moment)
    found += weighed({f"offer.{name}": value for name, value in of.features.items()})
    return found + max(map(of_category, places_of(target.categories, PATTERNS)), default=0.0)


@pytest.mark.parametrize("squeeze", SQUEEZES)
@pytest.mark.parametrize(
    ("model", "compiled_for"),
    [(LEARNED, LEARNED), (WILD, WILD), (LEARNED, PRIOR), (DETACHED, WILD)],
    ids=lambda model: str(model.name),
)
def test_every_way_ranks_and_scores_as_brute_force_does(
    squeeze: str, model: Model, compiled_for: Model
) -> None:
    for seed in (0, 1, 5, 9, 13):
        world = a_world_of_shoppers(Random(seed))
        expected = by_brute_force(world, model)
        with squeezed(squeeze):
            by = world.engine(model, compiled_for)
            for way in (*ALL_WAYS, *ALL_WAYS):  # the second time more is compiled
                found = ranked(by, way, world.inputs)
                assert [(c.offer_id, c.score) for c in found] == expected, (seed, way)


def test_a_larger_catalog_is_ranked_alike_in_several_rounds() -> None:
    """More than are scored at once, many of them equal, and some much better or much worse than
    they look, for what became of them before."""
    rng = Random(6)
    world = a_world_of_shoppers(rng)
    while len(world.offers) < 400:
        more = [o.model_copy(update={"id": f"{o.id}-{len(world.offers)}"}) for o in world.offers]
        world.offers.extend(more)
    made = [
        contact(o.id, 5, response=rng.choice(("clicked", "ignored")))
        for o in rng.sample(world.offers, 60)
    ]
    customer = world.inputs.customer.model_copy(update={"offers": tuple(made)})
    world = replace(world, inputs=world.inputs.model_copy(update={"customer": customer}))
    by = world.engine(WILD, PRIOR)
    for clicked, repeated in ((6.0, -30.0), (-6.0, 30.0)):
        answers = {"clicked": clicked, "repeated": repeated}
        model = replace(WILD, weights={**WILD.weights, **answers})
        expected = by_brute_force(world, model)
        assert len(expected) > 100
        for way in ALL_WAYS:
            found = ranked(by.under(model), way, world.inputs)
            assert [(c.offer_id, c.score) for c in found] == expected, way


def test_the_worlds_have_something_of_everything() -> None:
    """What is compared above is not the same few offers without history."""
    worlds = [a_world_of_shoppers(Random(seed)) for seed in range(30)]
    inputs = [world.inputs for world in worlds]
    targets = [Target.of(o).categories for world in worlds for o in world.offers]
    several = [len(places_of(categories, PATTERNS)) for categories in targets]
    assert {0, 1, 2} <= set(several)
    assert any(categories and not n for categories, n in zip(targets, several, strict=True))
    assert sum(bool(each.customer.orders) for each in inputs) > 9
    assert sum(bool(each.exhausted) for each in inputs) > 9
    assert sum(bool(each.customer.interests) for each in inputs) > 9
    assert sum(bool(each.customer.aggregates.last_view) for each in inputs) > 9
    assert sum(bool(each.context.basket) for each in inputs) > 9
    assert any(len(by_brute_force(world, WILD)) > 20 for world in worlds)


@pytest.mark.parametrize("model", [LEARNED, WILD], ids=lambda model: str(model.name))
def test_what_is_observed_and_what_contributes_add_up_to_the_log_odds(model: Model) -> None:
    checked = 0
    for seed in range(10):
        world = a_world_of_shoppers(Random(seed), limit=4)
        by, offers = world.engine(model, PRIOR), {o.id: o for o in world.offers}
        decision = decided(by, world.inputs)
        observed = by.observed(world.inputs, decision)
        contributions = by.contributions(world.inputs, decision)
        slates = by.slates(world.inputs, now=NOW)
        assert set(observed) == set(contributions) == {o.offer_id for o in decision.offers}
        for made in decision.offers:
            seen = observed[made.offer_id]
            plain = feature_by_feature(world, model, offers[made.offer_id])
            assert seen.log_odds == pytest.approx(plain, abs=1e-9)
            weighed = (model.weights.get(n, 0.0) * v for n, v in seen.features.items())
            assert sum(weighed) == pytest.approx(seen.log_odds, abs=1e-9)
            parts = contributions[made.offer_id].values()
            assert sum(parts) == pytest.approx(seen.log_odds, abs=1e-9)
            assert made.probability == probability(seen.log_odds)
            assert OF_PURCHASES.isdisjoint(seen.features)
            if slates.seen and made.offer_id in slates.window:
                assert slates.observed(made.offer_id) == seen
            checked += 1
    assert checked > 20


def test_of_several_categories_the_one_that_speaks_most_for_the_offer_is_told() -> None:
    both = offer("both", products=["category:shoes", "category:bags", "category:hats"])
    shoes, bags = (offer(c, products=[f"category:{c}"]) for c in ("shoes", "bags"))
    by = engine(shoes, bags, both, model=WILD)
    inputs = asked(joe(), limit=3, purposes=("marketing",))
    seen = by.observed(inputs, decided(by, inputs))
    best = max(("shoes", "bags"), key=lambda name: seen[name].log_odds)
    named = [name for name in seen["both"].features if name in NAMES]
    assert named
    assert all(seen["both"].features[name] == seen[best].features.get(name) for name in named)


def test_what_is_below_a_known_category_is_taken_for_it() -> None:
    def places(*categories: str) -> list[int]:
        return list(places_of(categories, PATTERNS))

    assert places("bags/small/red") == places("bags") == [0]
    assert places("bags/small", "bags", "hats", "shoes/trail") == [0, 5]
    assert places("hats", "food") == places() == []


def test_a_model_is_packed_with_its_patterns_and_decides_alike() -> None:
    for model in (LEARNED, WILD):
        packed = pack_model(model)
        read = read_model(packed)
        assert (read.version, pack_model(read)) == (model.version, packed)
        for seed in range(3):
            world = a_world_of_shoppers(Random(seed), limit=3)
            one, other = (world.engine(each, PRIOR) for each in (model, read))
            assert _bytes(one, world, seed) == _bytes(other, world, seed)
    with pytest.raises(PermanentError):
        read_model(packed[:-1])
    assert replace(WILD, patterns=None).version != WILD.version


def test_the_same_inputs_and_seed_give_the_same_bytes() -> None:
    for seed in range(4):
        world = a_world_of_shoppers(Random(seed), limit=3)
        by = world.engine(LEARNED, LEARNED)
        first = _bytes(by, world, seed)
        decided(by, asked(joe()))
        assert _bytes(by, world, seed) == first  # after another customer
        assert _bytes(world.engine(LEARNED, PRIOR), world, seed) == first


def _bytes(by: Engine, world: World, seed: int) -> bytes:
    decision = decided(by, world.inputs, seed=seed)
    told = [each.model_dump_json() for each in by.account(world.inputs, decision)]
    return "\n".join([decision.model_dump_json(), *told]).encode()


def test_what_a_customer_buys_after_the_decision_does_not_change_it() -> None:
    for seed in range(4):
        rng = Random(seed)
        world = a_world_of_shoppers(rng, limit=3)
        customer = world.inputs.customer
        noise = [order(f"x{n}", -rng.uniform(0.001, 60), *rng.sample(KNOWN, 3)) for n in range(50)]
        changed = customer.model_copy(update={"orders": (*noise, *customer.orders)})
        other = replace(world, inputs=world.inputs.model_copy(update={"customer": changed}))
        by = world.engine(replace(WILD, ensemble=LEARNED.ensemble), PRIOR)
        assert _bytes(by, world, seed) == _bytes(by, other, seed)


def test_what_is_in_the_basket_moves_what_goes_with_it() -> None:
    together = [("c", n, ["food/bread", "food/jam", "bags", "shoes"]) for n in range(50)]
    apart = [("d", n, ["shoes/trail", "shoes/road", "bags", "shoes"]) for n in range(50)]
    patterns = counted(sorted(together + apart, key=lambda each: each[1]), KNOWN).patterns()
    by = engine(
        offer("jam", products=["category:food/jam"]),
        offer("road", products=["category:shoes/road"]),
        model=replace(LEARNED, ensemble={}, patterns=patterns),
    )
    for path, best in (("food/bread", "jam"), ("shoes/trail", "road")):
        inputs = asked(
            joe(aggregates={}), context={"basket": ["p"]}, products=(product("p", path),), limit=1
        )
        assert [o.offer_id for o in decided(by, inputs).offers] == [best]


def test_a_model_that_knows_patterns_does_not_learn_of_purchases_by_category() -> None:
    sums = Statistics(("bias", "due", "bought_often", "own_rate", "goes_with"))
    features = {"bias": 1.0, "due": 0.5, "bought_often": 1.0, "own_rate": 2.0, "goes_with": -1.0}
    sums.observe(features, -1.0, answered=True)
    model = learn([Aged(sums)], PRIOR, rng=Random(1), patterns=PATTERNS)
    for told in (LEARNED, model):
        assert set(told.weights) == set(told.ensemble)
        assert set(told.weights) == (set(PRIOR.weights) | set(NAMES)) - OF_PURCHASES
        assert told.patterns is PATTERNS
    assert model.weights["own_rate"] > LEARNED.weights["own_rate"] > 0
    assert model.weights["goes_with"] < LEARNED.weights["goes_with"]
    plain = learn([Aged(sums)], PRIOR, rng=Random(1))
    assert set(plain.weights) >= OF_PURCHASES
