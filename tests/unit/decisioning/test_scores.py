"""From counts of scores to the score that a share of moments lies below."""

from __future__ import annotations

import random

from chalicelib.decisioning.scores import NONE, WIDTH, bin_of, counted, percentiles


def test_percentiles_are_those_of_the_scores_to_a_bin() -> None:
    rng = random.Random(5)
    scores = [rng.expovariate(1.0) for _ in range(5000)]
    found = percentiles([(counted(scores, {}), 1.0)])

    exact = sorted(scores)
    assert len(found) == 99
    for percent in (1, 10, 50, 90, 99):
        assert abs(found[percent - 1] / exact[50 * percent - 1] - 1) < WIDTH
    assert list(found) == sorted(found)


def test_counts_add_up_in_any_order() -> None:
    scores = [0.1, 2.0, 2.01, 0.0, 30.0]

    assert counted(scores[:2], counted(scores[2:], {})) == counted(reversed(scores), {})
    assert list(counted(scores, {})) == sorted(counted(scores, {}))


def test_older_counts_weigh_less() -> None:
    low, high = counted([1.0] * 10, {}), counted([9.0] * 10, {})

    assert percentiles([(low, 1.0), (high, 1.0)])[59] > 8
    assert percentiles([(low, 1.0), (high, 0.25)])[59] < 2


def test_what_scores_nothing_is_counted_as_nothing() -> None:
    assert bin_of(0.0) == bin_of(-1.0) == NONE
    assert percentiles([({NONE: 3}, 1.0)]) == (0.0,) * 99
    assert percentiles([]) == percentiles([({}, 1.0)]) == ()
