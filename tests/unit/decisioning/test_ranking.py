"""The best offers by every way equal brute force, ties included."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chalicelib.decisioning import PRIOR, Model
from chalicelib.decisioning.expressions import Holds, Values, Walk
from chalicelib.model import ContactLimits, Customer, DecisionInputs

from .builders import NOW, asked, decided, engine, joe, offer
from .ways import SQUEEZES, WAYS, ranked, squeezed
from .worlds import BIASED, LEARNED, World, a_world, plain_choice, plain_order

pytestmark = pytest.mark.no_cover
"""Thousands of cases: tracing every line of them says nothing new and takes as long again."""

QUICK = settings(
    max_examples=20,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
worlds = st.integers(0, 2**40).map(Random)
MODELS = [
    (PRIOR, PRIOR),
    (BIASED, BIASED),
    (LEARNED, LEARNED),
    (LEARNED, PRIOR),
]
named = pytest.mark.parametrize(
    ("model", "compiled_for"), MODELS, ids=lambda model: str(model.name)
)  # fmt: skip


@named
@pytest.mark.parametrize("squeeze", SQUEEZES)
def test_every_way_ranks_as_brute_force_does(
    squeeze: str, model: Model, compiled_for: Model
) -> None:
    @QUICK
    @given(worlds)
    def ranks_alike(rng: Random) -> None:
        world = a_world(rng)
        order = plain_order(world, model)
        with squeezed(squeeze):
            by = world.engine(model, compiled_for)
            for way in (*WAYS, *WAYS):  # the second time more is compiled
                found = ranked(by, way, world.inputs)
                assert [c.offer_id for c in found] == [o.id for _, o in order], way
                scores = [-minus for minus, _ in order]
                assert [c.score for c in found] == pytest.approx(scores, rel=1e-9, abs=1e-10)
            decision = decided(by, world.inputs)
            account = by.account(world.inputs, decision)
        chosen = [o.offer_id for o in decision.offers]
        assert chosen == plain_choice(world, order)
        others = [o.id for _, o in order if o.id not in chosen]
        told = [reason.offer_id for reason in account]
        assert told[: len(others)] == others
        assert told[len(others) :] == sorted(told[len(others) :])
        assert sorted(told + chosen) == sorted(o.id for o in world.offers)

    ranks_alike()


def test_worlds_leave_something_to_choose() -> None:
    """What is compared above is not empty lists."""
    sizes = [len(plain_order(a_world(Random(n)), PRIOR)) for n in range(100)]
    chosen = [
        len(plain_choice(world, plain_order(world, PRIOR)))
        for world in (a_world(Random(n)) for n in range(100))
    ]
    assert sum(size > 10 for size in sizes) > 20
    assert sum(count > 2 for count in chosen) > 20


@pytest.mark.parametrize("limit", [0, 1, 2, 5, 10])
def test_a_larger_catalog_is_chosen_from_as_brute_force_does(limit: int) -> None:
    """With the bounds as they are: beyond them the topics, the rules and the index take turns."""
    rng = Random(limit)
    world = a_world(rng, limit)
    while len(world.offers) < 1500:
        more = [o.model_copy(update={"id": f"{o.id}-{len(world.offers)}"}) for o in world.offers]
        world.offers.extend(more)
    by = world.engine(PRIOR, PRIOR)
    order = plain_order(world, PRIOR)
    for _ in range(12):  # each time more is compiled
        chosen = [o.offer_id for o in decided(by, world.inputs).offers]
        assert chosen == plain_choice(world, order)
    for way in WAYS:
        assert [c.offer_id for c in ranked(by, way, world.inputs)] == [o.id for _, o in order]


def test_offers_that_earn_nothing_come_last_but_come() -> None:
    worthless = [offer(f"z{n:03}", value=0, products=["category:shoes"]) for n in range(300)]
    by = engine(*worthless, offer("y", value=1, products=["category:shoes"]))
    assert [o.offer_id for o in decided(by, asked(joe())).offers] == ["y", "z000", "z001"]
    none = engine(*worthless)
    for _ in range(15):  # until all rules are compiled
        assert [o.offer_id for o in decided(none, asked(joe())).offers] == ["z000", "z001", "z002"]
    assert len(none.eligible(asked(joe()), NOW)) == 300


def test_no_offer_is_lost_where_many_are_singled_out() -> None:
    """More of them than one decision compiles, and no topic to go by."""
    meant = [offer(f"s{n:03}", title="running deal", value=100 + n) for n in range(40)]
    by = engine(*meant, *(offer(f"o{n:03}", value=1) for n in range(300)))
    runner = Customer(id="runner", interests=("running",))
    for _ in range(9):
        decided(by, asked(Customer(id="anon"), limit=340))
    best = [o.offer_id for o in decided(by, asked(runner, limit=40)).offers]
    assert best == [o.id for o in reversed(meant)]


def test_an_offer_beyond_many_equal_ones_is_not_passed_over() -> None:
    """They stand before it, for most customers would rather have them; this one would not."""
    alike = [offer(f"a{n:03}", value=10, features={"discount": 5}) for n in range(600)]
    dear = offer("dear", value=300, features={"discount": -2})
    model = Model("usual", {"bias": 2.0, "offer.discount": 1.5})
    everyone = DecisionInputs(customer=Customer(id="c"))
    by = World([*alike, dear], ContactLimits(), everyone).engine(model, model)
    assert {way: ranked(by, way, everyone)[0].offer_id for way in WAYS} == dict.fromkeys(
        WAYS, "dear"
    )


def test_one_that_is_singled_out_keeps_its_place_among_equals() -> None:
    """It is found apart from the others, and found first."""
    flat = [offer(f"o{n:02}", title="Running" if n in (7, 19) else "Offer") for n in range(30)]
    model = Model("deaf to interests", {"bias": -3.0})
    runner = DecisionInputs(customer=Customer(id="c", interests=("running",)))
    for squeeze in SQUEEZES:
        with squeezed(squeeze):
            by = World(flat, ContactLimits(), runner).engine(model, model)
            for way in WAYS:
                assert [c.offer_id for c in ranked(by, way, runner)] == [o.id for o in flat]


def test_one_that_is_singled_out_far_down_keeps_nothing_waiting() -> None:
    """Among equals every other rule would be tried before it."""
    flat = [offer(f"o{n:03}", title="Running" if n == 299 else "Offer") for n in range(300)]
    by = engine(*flat)
    for _ in range(5):
        by.warm()
    tried: list[int] = []

    def told(walk: Walk, end: int) -> Walk:
        def walked(values: Values, holds: Holds) -> list[int]:
            tried.append(end)
            return walk(values, holds)

        return walked

    by._ranking._whole = [(told(*each), each[1]) for each in by._ranking.stretches()]
    terms = by.terms(DecisionInputs(customer=Customer(id="c", interests=("running",))), now=NOW)
    assert next(by.best_first(terms))[1] == "o299"
    assert tried == [64]
