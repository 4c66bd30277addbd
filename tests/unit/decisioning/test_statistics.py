"""Sums of outcomes: added in any order, taken back, kept as bytes, all of it exact."""

from __future__ import annotations

import random
import zlib
from math import exp

import numpy as np
import pytest

from chalicelib.decisioning.statistics import (
    BINS,
    LARGEST,
    UNIT,
    Statistics,
    merged,
    read_statistics,
)
from chalicelib.errors import PermanentError

NAMES = ("bias", "due", "viewed")
Seen = tuple[dict[str, float], float, bool]


def outcomes(count: int, seed: int = 3) -> list[Seen]:
    rng = random.Random(seed)
    return [
        (
            {"bias": 1.0, "due": rng.gauss(0, 3), "viewed": rng.random()},
            rng.gauss(-1, 2),
            rng.random() < 0.3,
        )
        for _ in range(count)
    ]


def counted(some: list[Seen]) -> Statistics:
    sums = Statistics(NAMES)
    for features, log_odds, answered in some:
        sums.observe(features, log_odds, answered=answered)
    return sums


def test_the_order_of_outcomes_changes_no_byte() -> None:
    some = outcomes(200)
    shuffled = random.Random(1).sample(some, len(some))
    assert counted(some).to_bytes() == counted(shuffled).to_bytes()


def test_any_number_of_learners_added_in_any_order_change_no_byte() -> None:
    some, rng = outcomes(120), random.Random(2)
    parts = [counted(some[start::7]) for start in range(7)]
    rng.shuffle(parts)
    together = Statistics(NAMES)
    for part in parts:
        together.add(part)
    assert together.to_bytes() == counted(some).to_bytes() == merged(parts).to_bytes()


def test_what_is_withdrawn_leaves_nothing() -> None:
    some = outcomes(60)
    sums = counted(some)
    for features, log_odds, answered in reversed(some[20:]):
        sums.withdraw(features, log_odds, answered=answered)
    assert sums.to_bytes() == counted(some[:20]).to_bytes()
    for features, log_odds, answered in some[:20]:
        sums.withdraw(features, log_odds, answered=answered)
    assert sums.to_bytes() == Statistics(NAMES).to_bytes()


def test_a_late_answer_equals_one_in_time_and_can_be_taken_back() -> None:
    features, log_odds = {"bias": 1.0, "due": -2.3}, -0.7
    late, silent = Statistics(NAMES), Statistics(NAMES)
    for sums in (late, silent):
        sums.observe(features, log_odds, answered=False)
    before = silent.to_bytes()
    late.answer(features, log_odds)
    assert late.to_bytes() == counted([(features, log_odds, True)]).to_bytes()
    late.answer(features, log_odds, times=-1)
    assert late.to_bytes() == before


def test_one_outcome_adds_the_expansion_of_its_likelihood() -> None:
    sums = counted([({"bias": 1.0, "due": 2.0}, -1.0, True)])
    chance, row = 1 / (1 + exp(1)), np.array([1.0, 2.0, 0.0])
    sure = chance * (1 - chance)
    assert sums.information * UNIT == pytest.approx(sure * np.outer(row, row), abs=UNIT)
    assert sums.evidence * UNIT == pytest.approx((1 - chance - sure) * row, abs=2 * UNIT)


def test_reliability_counts_by_predicted_probability() -> None:
    sums = counted([({}, -9.0, False), ({}, 0.1, True), ({}, 0.1, False), ({}, 900.0, True)])
    assert (sums.observations, sums.answers) == (4, 2)
    rows = {place: tuple(row) for place, row in enumerate(sums.reliability.tolist()) if row[0]}
    chance = int(1 / (1 + exp(-0.1)) / UNIT)
    assert rows == {
        0: (1, int(1 / (1 + exp(9)) / UNIT), 0),
        BINS // 2: (2, 2 * chance, 1),
        BINS - 1: (1, int(1 / UNIT), 1),
    }


def test_no_feature_counts_beyond_the_largest_and_none_without_a_name() -> None:
    drowning = counted([({"due": 1e9, "viewed": -1e9, "stranger": 5.0}, 0.3, True)])
    assert (
        drowning.to_bytes()
        == counted([({"due": LARGEST, "viewed": -LARGEST}, 0.3, True)]).to_bytes()
    )


def test_bytes_come_back_as_what_they_were() -> None:
    sums = counted(outcomes(50))
    back = read_statistics(sums.to_bytes())
    assert back.names == sums.names
    assert (back.information == sums.information).all()
    assert (back.evidence == sums.evidence).all()
    assert (back.reliability == sums.reliability).all()
    back.observe({"due": 1.0}, 0.0, answered=True)


def test_the_order_of_names_changes_no_byte() -> None:
    assert Statistics(reversed(NAMES)).to_bytes() == Statistics([*NAMES, "due"]).to_bytes()


@pytest.mark.parametrize(
    "corrupt",
    [
        b"",
        b"not compressed",
        counted(outcomes(5)).to_bytes()[:-3],
        counted(outcomes(5)).to_bytes()[:20] + b"\0" + counted(outcomes(5)).to_bytes()[21:],
        zlib.compress(b""),
        zlib.compress(b"7\n"),
        zlib.compress(b'["due"]\n' + bytes(8)),
        zlib.compress(b'["due"]\n' + bytes(8 * (2 + 3 * BINS) + 1)),
        zlib.compress(b'["due"]\n' + bytes(8 * (3 + 3 * BINS))),
    ],
)
def test_corrupt_bytes_are_refused(corrupt: bytes) -> None:
    with pytest.raises(PermanentError):
        read_statistics(corrupt)


def test_sums_about_other_features_are_not_added_but_merged() -> None:
    one, other = Statistics(["bias", "due"]), Statistics(["due", "viewed"])
    one.observe({"bias": 1.0, "due": 2.0}, 0.0, answered=True)
    other.observe({"due": 3.0, "viewed": 1.0}, 0.0, answered=False)
    with pytest.raises(ValueError, match="other features"):
        one.add(other)
    both = merged([one, other])
    assert both.names == NAMES
    assert (both.information * UNIT).tolist() == [
        [0.25, 0.5, 0],
        [0.5, 3.25, 0.75],
        [0, 0.75, 0.25],
    ]
    assert (both.evidence * UNIT).tolist() == [0.5, -0.5, -0.5]
    assert (both.observations, both.answers) == (2, 1)
