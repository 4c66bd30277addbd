"""Features of every category at one moment, against their formulas worked out for one past."""

from __future__ import annotations

from datetime import datetime
from math import exp, log, log1p, sqrt
from random import Random
from typing import Any

import numpy as np
import pytest

from chalicelib.decisioning.past import known_places, most_particular, read_past
from chalicelib.decisioning.situation import LATEST_ORDERS
from chalicelib.decisioning.tendencies import (
    LARGEST,
    OF_CATEGORIES,
    OF_MOMENTS,
    STEP,
    Past,
    Tendencies,
    measure,
)
from chalicelib.model import Customer, Understanding

from .builders import NOW, days, product
from .shoppers import (
    BREAD,
    CATEGORIES,
    JAM,
    SHOES,
    TEA,
    a_past,
    met,
    nothing_bought,
    order,
    shopper,
    tables,
)

SATURDAY = datetime(2026, 11, 21, 11, 30)
TUESDAY = datetime(2026, 11, 17, 20, 0)
TABLES = tables()
CHANCE = (0.8, 0.6, 0.5, 0.4)


def at(known: tuple[int, ...] = (BREAD,), past: Past | None = None, **changes: Any) -> Tendencies:
    made = {"patterns": TABLES, "local": SATURDAY, **changes}
    return measure(past=a_past() if past is None else past, known=known, **made)


def of(name: str, place: int, **changes: Any) -> float:
    """A category's feature, as it was before it was scaled."""
    number = [t.name for t in OF_CATEGORIES].index(name)
    found = at(**changes).categories[number, place]
    assert abs(found) < LARGEST
    return float(found * OF_CATEGORIES[number].scale + OF_CATEGORIES[number].centre)


def of_moment(name: str, **changes: Any) -> float:
    number = [t.name for t in OF_MOMENTS].index(name)
    found = at(**changes).moment[number]
    assert abs(found) < LARGEST
    return float(found * OF_MOMENTS[number].scale + OF_MOMENTS[number].centre)


def scale_of(name: str) -> float:
    return next(t.scale for t in (*OF_CATEGORIES, *OF_MOMENTS) if t.name == name)


FADED = exp(-3 / 60), exp(-20 / 60)
LIKE = 1.1 / sqrt(4) * exp(-3 / 120), 1.1 / sqrt(5) * exp(-20 / 120)
MEANT = -log(0.8)
LIKEST = tuple(
    (0.15 + 0.15 * MEANT**2) / (size + 4) * exp(-age / 200) for age, size in ((3, 1), (20, 2))
)
USUAL = (5 + 5 * sum(CHANCE)) / 11
LIFTS = TABLES.lifts


@pytest.mark.parametrize(
    ("name", "place", "expected"),
    [
        ("own_rate", BREAD, log((4 + 4 * 0.8) / 10)),
        ("own_rate", SHOES, log(4 * 0.5 / 10)),
        ("own_lately", BREAD, log((sum(FADED) + 2 * 0.8) / (sum(FADED) + 2))),
        ("own_lately", JAM, log((FADED[1] + 2 * 0.6) / (sum(FADED) + 2))),
        ("own_count", BREAD, log(5)),
        ("own_count", TEA, 0),
        ("new_to_them", JAM, 0),
        ("new_to_them", TEA, 1),
        ("renewal", BREAD, TABLES.again[12, 2]),
        ("renewal", JAM, TABLES.again[1, 6]),
        ("renewal", TEA, log(0.4 * 0.3)),
        ("own_pace", BREAD, TABLES.pace[BREAD, 2]),
        ("own_pace", SHOES, 0),
        ("overdue", BREAD, log(4 / 21)),  # usually after 20 days
        ("overdue", JAM, 0),
        ("together", BREAD, log((sum(LIKE) + 0.5 * 0.8) / (sum(LIKE) + 0.5))),
        ("together", JAM, log((LIKE[1] + 0.5 * 0.6) / (sum(LIKE) + 0.5))),
        ("goes_with", SHOES, LIFTS[BREAD, SHOES]),
        ("near_rate", JAM, log(4.2 / 10)),
        ("near_rate", BREAD, log(1.2 / 10)),
        ("near_rate", TEA, log(0.2 / 10)),
        ("near_gap", JAM, log1p(3)),
        ("near_gap", TEA, log1p(200)),
        ("same_kind", JAM, 1),
        ("same_kind", SHOES, 0),
        ("share", JAM, log(0.08)),
        ("trend_weeks", SHOES, TABLES.trends[0, SHOES]),
        ("trend_days", SHOES, TABLES.trends[1, SHOES]),
        ("hour", TEA, TABLES.hours[1, TEA]),
        ("weekend_or_not", TEA, TABLES.weekend[1, TEA]),
    ],
)
def test_a_feature_of_a_category_is_what_it_is_said_to_be(
    name: str, place: int, expected: float
) -> None:
    assert of(name, place) == pytest.approx(expected, abs=scale_of(name) / STEP)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("usual_size", log(USUAL)),
        ("size_lately", log((FADED[0] + 2 * FADED[1] + 2 * USUAL) / (sum(FADED) + 2))),
        (
            "size_of_like",
            (LIKEST[1] * log(2) + 0.03 * log(USUAL)) / (sum(LIKEST) + 0.03),
        ),
        ("like_orders", log1p(10 * MEANT * (LIKEST[0] / 5 + LIKEST[1] / 6))),
        ("more_to_come", 0.1),
        ("more_at_most", 0.1),
        ("away", log(4)),
        ("away_longer", log(4 / (64 / 7))),
        ("experience", log(7)),
        ("variety", log(3 / 7)),
        ("knows_these", log((4 + 4 * 0.8) / 10)),
        ("much_due", log(exp(TABLES.again[12, 2]) + exp(TABLES.again[1, 6]) + 0.5)),
        ("orders_a_day", 6 / 70),
    ],
)
def test_a_feature_of_the_moment_is_what_it_is_said_to_be(name: str, expected: float) -> None:
    assert of_moment(name) == pytest.approx(expected, abs=scale_of(name) / STEP)


def test_of_several_known_things_lifts_are_added_and_the_ends_told() -> None:
    several, more = (BREAD, TEA), {"known": (BREAD, TEA)}
    lifts = [float(LIFTS[k, SHOES]) for k in several]
    for name, expected in (
        ("goes_with", sum(lifts)),
        ("goes_with_most", max(lifts)),
        ("goes_with_least", min(lifts)),
    ):
        assert of(name, SHOES, **more) == pytest.approx(expected, abs=scale_of(name) / STEP)
    assert of_moment("more_to_come", **more) == pytest.approx(0.5, abs=0.003)
    assert of_moment("more_at_most", **more) == pytest.approx(0.4, abs=0.002)


def test_the_customers_own_clock_tells_hour_and_weekend() -> None:
    made = {"local": TUESDAY}
    assert of("hour", TEA, **made) == pytest.approx(TABLES.hours[3, TEA], abs=0.001)
    assert of("weekend_or_not", TEA, **made) == pytest.approx(TABLES.weekend[0, TEA], abs=0.001)


def test_customers_of_like_habits_are_found_by_the_factors() -> None:
    weights = [sqrt(4 / 11) * 0.5, sqrt(1 / 11) * 0.75]
    factors = TABLES.factors[:, :4]
    mine = weights[0] * factors[BREAD] + weights[1] * factors[JAM]
    for place in range(4):
        found = log(float(factors[place] @ mine) / float(TABLES.rarity[place]))
        assert of("alike", place) == pytest.approx(found, abs=1.5 / STEP)
    opposite = tables(factors=TABLES.factors - 0.5 * (TABLES.factors > 0))
    assert of("alike", TEA, patterns=opposite) == pytest.approx(log(0.002), abs=1.5 / STEP)


def test_features_rise_with_what_speaks_for_them() -> None:
    more = a_past(counts=np.array([5.0, 1.0]))
    assert of("own_rate", BREAD, past=more) > of("own_rate", BREAD)
    later = a_past(gaps=np.array([40.0, 20.0]))
    assert of("overdue", BREAD, past=later) > 0 > of("overdue", BREAD)
    assert of("near_gap", JAM, past=later) > of("near_gap", JAM)
    away = a_past(since=50.0)
    assert of_moment("away", past=away) > of_moment("away")
    assert of_moment("away_longer", past=away) > 0 > of_moment("away_longer")
    assert of("together", JAM, known=(JAM,)) > of("together", JAM)
    assert of_moment("like_orders", known=(JAM, BREAD)) > of_moment("like_orders")


def test_of_a_customer_without_history_everybodys_habits_are_told() -> None:
    made: dict[str, Any] = {"past": nothing_bought(), "known": ()}
    found = at(**made)
    assert np.isfinite(found.categories).all()
    assert np.isfinite(found.moment).all()
    for place in range(4):
        assert of("own_rate", place, **made) == pytest.approx(log(CHANCE[place]), abs=0.003)
        assert of("own_lately", place, **made) == pytest.approx(log(CHANCE[place]), abs=0.003)
        assert of("new_to_them", place, **made) == 1
        assert of("goes_with", place, **made) == pytest.approx(0, abs=0.002)
        assert of("near_gap", place, **made) == pytest.approx(log1p(200), abs=0.003)
    assert of_moment("experience", **made) == pytest.approx(0, abs=0.002)
    assert of_moment("usual_size", **made) == pytest.approx(log(sum(CHANCE)), abs=0.002)
    assert of_moment("away", **made) == pytest.approx(log(8), abs=0.002)
    assert of_moment("knows_these", **made) == -2.5


def test_a_customer_without_history_is_told_by_the_basket() -> None:
    made: dict[str, Any] = {"past": nothing_bought(), "known": (JAM,)}
    assert of("goes_with", TEA, **made) == pytest.approx(LIFTS[JAM, TEA], abs=0.002)
    assert of_moment("knows_these", **made) == pytest.approx(log(0.6), abs=0.003)
    assert of_moment("more_to_come", **made) == pytest.approx(0.2, abs=0.002)


def test_features_are_multiples_of_a_step_and_none_is_extreme() -> None:
    extreme = tables(share=np.full(4, -200.0), lifts=1000 * LIFTS, pace=-1000 * TABLES.pace)
    for made in (at(), at(patterns=extreme), at(patterns=extreme, past=nothing_bought(), known=())):
        for values in made:
            assert np.array_equal(values * STEP, np.rint(values * STEP))
            assert np.abs(values).max() <= LARGEST
    ends = at(patterns=extreme).categories
    assert (ends.min(), ends.max()) == (-LARGEST, LARGEST)


def same(one: Tendencies, other: Tendencies) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def told(customer: Customer, **changes: Any) -> Tendencies:
    situation = met(customer, product("b", "food/bread"), **changes)
    known = known_places(situation, TABLES)
    return measure(TABLES, read_past(situation, TABLES), known, situation.local)


ORDERS = [
    order(f"o{n}", 3 + 2.7 * n, *CATEGORIES[n % 3 :: 1 + n % 2], "unknown") for n in range(25)
]


def test_the_single_customer_view_is_read_as_numbers() -> None:
    view = shopper(order("1", 3, "food/bread", "hats"), order("2", 20, "food/bread", "food/jam"))
    found, made = read_past(met(view), TABLES), a_past()
    for name in Past._fields:
        assert np.array_equal(getattr(found, name), getattr(made, name)), name


def test_what_stands_in_an_order_several_times_counts_once() -> None:
    view = shopper(order("1", 3, "tea", "food/jam", "hats", "tea"), order("2", 4, "tea"))
    found = read_past(met(view), TABLES)
    assert found.bought.tolist() == [JAM, TEA, TEA]
    assert found.order_of.tolist() == [0, 0, 1]
    assert found.sizes.tolist() == [2, 1]


def test_it_does_not_matter_in_what_order_things_are_kept() -> None:
    rng, before = Random(4), told(shopper(*ORDERS))
    kept = shopper().aggregates
    for _ in range(20):
        orders = [
            each.model_copy(update={"lines": tuple(rng.sample(each.lines, len(each.lines)))})
            for each in rng.sample(ORDERS, len(ORDERS))
        ]
        shuffled = {
            name: dict(rng.sample(sorted(getattr(kept, name).items()), 3))
            for name in ("purchase_count", "last_purchase")
        }
        view = shopper(*orders, aggregates=kept.model_copy(update=shuffled))
        assert same(told(view), before)


def test_nothing_is_known_of_orders_that_are_yet_to_come() -> None:
    before, rng = told(shopper(*ORDERS)), Random(5)
    future = [
        order(f"f{n}", -rng.uniform(0.0001, 90), *rng.sample(CATEGORIES, 3)) for n in range(60)
    ]
    assert same(told(shopper(*future, *ORDERS)), before)
    assert not same(told(shopper(*future, *ORDERS), now=NOW + days(90)), before)


def test_what_was_bought_at_this_very_moment_is_known() -> None:
    assert not same(told(shopper(order("0", 0, "tea"), *ORDERS)), told(shopper(*ORDERS)))


def test_of_very_many_orders_only_the_latest_are_looked_at() -> None:
    many = [order(f"o{n}", n, "food/jam") for n in range(LATEST_ORDERS + 9)]
    assert len(read_past(met(shopper(*many)), TABLES).sizes) == LATEST_ORDERS
    assert same(told(shopper(*many)), told(shopper(*many[:LATEST_ORDERS])))


def test_what_is_known_is_the_basket_and_the_question() -> None:
    milk, jam = product("m", "Food/Milk"), product("j", "food > jam > strawberry")
    tea, shoes = product("t", "tea"), product("s", "SHOES")
    assert known_places(met(shopper(), jam, tea, milk), TABLES) == [JAM, TEA]
    question = Understanding(
        intent="price", confidence=1, products=[{"product_id": "s", "confidence": 1}]
    )
    asked = met(shopper(), tea, understanding=question)
    assert known_places(asked, TABLES) == [TEA]  # shoes are not among the products it knows
    by_id = {each.id: each for each in (tea, shoes)}
    asked = met(shopper(), tea, understanding=question, products=by_id)
    assert known_places(asked, TABLES) == [SHOES, TEA]
    wish = Understanding(intent="price", confidence=1, slots={"category": "food/bread/rye"})
    assert known_places(met(shopper(), tea, understanding=wish), TABLES) == [TEA, BREAD]
    assert known_places(met(shopper()), TABLES) == []


def test_the_most_particular_known_category_stands_for_what_is_below_it() -> None:
    place = {"a": 0, "a/b": 1}
    assert most_particular(("a", "a/b", "a/b/c"), place) == 1
    assert most_particular(("a", "a/x"), place) == 0
    assert most_particular(("x", "x/a"), place) is None
    assert most_particular((), place) is None
