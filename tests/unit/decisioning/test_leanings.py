"""What categories' features add to the log-odds: exactly the sum of weights times features."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest

from chalicelib.decisioning.leanings import (
    LARGEST_WEIGHT,
    NAMES,
    PAIRS,
    WEIGHT_STEP,
    Leanings,
    observed_at,
    observed_of,
)
from chalicelib.decisioning.patterns import Floats
from chalicelib.decisioning.tendencies import LARGEST, OF_CATEGORIES, OF_MOMENTS, STEP, Tendencies

WIDTH = 5
CATEGORY = [t.name for t in OF_CATEGORIES]
MOMENT = [t.name for t in OF_MOMENTS]
PRODUCTS = [f"{one}*{other}" for one, other in PAIRS]


def drawn(rng: Random) -> Tendencies:
    """Any features that can be: multiples of a step, up to the largest."""

    def some(*shape: int) -> Floats:
        most = int(LARGEST * STEP)
        flat = [rng.randint(-most, most) / STEP for _ in range(int(np.prod(shape)))]
        return np.array(flat).reshape(shape)

    return Tendencies(some(len(CATEGORY), WIDTH), some(len(MOMENT)))


def exactly(weights: dict[str, float], features: dict[str, float]) -> Fraction:
    """The sum in whole numbers; what has no weight of its own counts for nothing."""
    return sum(
        (
            Fraction(round(weights[name] * WEIGHT_STEP)) / int(WEIGHT_STEP) * Fraction(value)
            for name, value in features.items()
            if name in weights
        ),
        Fraction(),
    )


CHOICES = {
    "all": list(NAMES),
    "single": CATEGORY + MOMENT,
    "products": PRODUCTS,
    "products of categories": [p for p in PRODUCTS if p.split("*")[1] in CATEGORY],
    "products with the moment": [p for p in PRODUCTS if p.split("*")[1] in MOMENT],
    "one product": ["own_rate*goes_with"],
    "one square": ["share*share"],
    "categories": CATEGORY,
    "moment": MOMENT,
    "none": [],
}


@pytest.mark.parametrize("names", CHOICES.values(), ids=list(CHOICES))
def test_parts_and_moment_are_the_sum_of_weights_times_features_to_the_last_bit(
    names: list[str],
) -> None:
    for seed in range(8):
        rng = Random(seed)
        weights = {name: rng.uniform(-LARGEST_WEIGHT, LARGEST_WEIGHT) for name in names}
        leanings, tendencies = Leanings(weights), drawn(rng)
        parts, moment = leanings.parts(tendencies), leanings.moment(tendencies)
        of_moment = {n: w for n, w in weights.items() if n in MOMENT}
        others = {n: w for n, w in weights.items() if n not in MOMENT}
        for place in range(WIDTH):
            features = observed_at(tendencies, place)
            assert Fraction(float(parts[place])) == exactly(others, features)
            assert Fraction(moment) == exactly(of_moment, features)
            assert Fraction(float(parts[place]) + moment) == exactly(weights, features)


def test_every_name_stands_once_and_products_are_of_a_category() -> None:
    assert len(set(NAMES)) == len(NAMES) == len(CATEGORY) + len(MOMENT) + len(PRODUCTS)
    assert all(one in CATEGORY for one, _ in PAIRS)
    assert ("own_rate", "goes_with") in PAIRS
    assert ("goes_with", "own_rate") not in PAIRS
    assert ("share", "much_due") in PAIRS


def test_features_are_told_by_name_and_products_multiplied() -> None:
    tendencies = drawn(Random(1))
    found = observed_at(tendencies, 2)
    assert tuple(found) == NAMES
    for names, values in ((CATEGORY, tendencies.categories[:, 2]), (MOMENT, tendencies.moment)):
        assert [found[name] for name in names] == values.tolist()
    for one, other in PAIRS:
        assert found[f"{one}*{other}"] == found[one] * found[other]


def test_of_no_category_the_moment_alone_is_told() -> None:
    tendencies = drawn(Random(2))
    found = observed_at(tendencies, None)
    assert [found[name] for name in MOMENT] == tendencies.moment.tolist()
    assert not any(found[name] for name in (*CATEGORY, *PRODUCTS))


def test_several_are_told_as_each_by_itself() -> None:
    tendencies, places = drawn(Random(3)), [4, None, 0, 4]
    rows = observed_of(tendencies, places)
    for row, place in zip(rows.tolist(), places, strict=True):
        assert row == list(observed_at(tendencies, place).values())
    assert observed_of(tendencies, []).shape == (0, len(NAMES))


def test_weights_are_rounded_and_cut() -> None:
    ones = Tendencies(np.ones((len(CATEGORY), 1)), np.ones(len(MOMENT)))
    for weight, kept in (
        (1 / 3, round(WEIGHT_STEP / 3) / WEIGHT_STEP),
        (99.0, LARGEST_WEIGHT),
        (-99.0, -LARGEST_WEIGHT),
        (1e-9, 0.0),
    ):
        assert Leanings({"share": weight}).parts(ones).tolist() == [kept]
        assert Leanings({"away": weight}).moment(ones) == kept
        assert Leanings({"share*experience": weight}).parts(ones).tolist() == [kept]
        assert Leanings({"unheard of": weight}).parts(ones).tolist() == [0.0]
