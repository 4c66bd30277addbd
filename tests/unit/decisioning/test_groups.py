"""Sums of groups: exact in any order, and intervals that hold what they promise."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from chalicelib.decisioning.groups import (
    MEASURES,
    Estimate,
    Groups,
    Tally,
    difference,
    level,
    merged,
    read_groups,
)
from chalicelib.errors import PermanentError

ORDERS = MEASURES["orders_per_decision"]


def counted(moments: Iterable[tuple[str, str, Tally]]) -> Groups:
    found = Groups()
    for group, customer_id, tally in moments:
        found.count(group, customer_id, tally)
    return found


def town(rng: random.Random, group: str, people: int, chance: float, moments: int = 4) -> Groups:
    """Customers who differ in how often they order, each with some moments."""
    found = Groups()
    for number in range(people):
        likes = chance * rng.choice((0.2, 1.8))
        orders = sum(rng.random() < likes for _ in range(moments))
        found.count(group, f"{group}-{number}", Tally(moments, moments, 0, orders))
    return found


def test_sums_are_the_same_bytes_in_any_order_and_however_they_are_split() -> None:
    rng = random.Random(3)
    moments = [
        (rng.choice("ab"), f"c-{rng.randrange(40)}", Tally(1, 1, rng.randrange(2), 1, 1290))
        for _ in range(200)
    ]
    whole = counted(moments).to_bytes()
    rng.shuffle(moments)

    assert merged([counted(moments[:70]), counted(moments[70:])]).to_bytes() == whole
    assert merged([read_groups(whole), Groups()]).to_bytes() == whole


def test_what_is_taken_back_leaves_the_bytes_that_would_be_without_it() -> None:
    bought, refunded = Tally(1, 1, 1, 1, 999), Tally(1, 1, 0, 0, 0)
    once = counted([("live", "joe", bought), ("live", "joe", refunded.plus(bought, times=-1))])

    assert once.to_bytes() == counted([("live", "joe", refunded)]).to_bytes()


@pytest.mark.parametrize("people", [0, 1, 7, 300, 3_000])
def test_customers_are_told_however_often_they_come(people: int) -> None:
    found = counted(("a", f"c-{n}", Tally(1)) for n in range(people) for _ in range(2))

    assert abs(found.customers("a") - people) <= people * 0.08
    assert found.total("a").moments == 2 * people


def test_what_is_no_sums_is_refused() -> None:
    for nonsense in (b"", b"nonsense", Groups().to_bytes()[:-3]):
        with pytest.raises(PermanentError):
            read_groups(nonsense)


def test_a_level_is_a_mean_in_its_own_unit() -> None:
    day = counted(("a", f"c-{n}", Tally(1, 2, n % 2, 1, 1050)) for n in range(40))

    rate = level([day], "a", MEASURES["answer_rate"])
    assert rate is not None
    assert rate.low is not None
    assert rate.high is not None
    assert rate.value == 0.25
    assert 0.0 <= rate.low < 0.25 < rate.high
    assert level([day], "a", MEASURES["revenue_per_decision"]) == Estimate(10.5)
    assert level([day], "nobody", ORDERS) is None


def test_intervals_hold_the_truth_nineteen_times_in_twenty() -> None:
    rng, held, zero = random.Random(8), 0, 0
    for _ in range(100):
        day = merged([town(rng, "a", 150, 0.3), town(rng, "b", 400, 0.3)])
        found, apart = level([day], "a", ORDERS), difference([day], "a", "b", ORDERS)
        assert found is not None
        assert apart is not None
        held += (found.low or 1.0) <= 0.3 <= (found.high or 0.0)
        zero += (apart.low or 1.0) <= 0.0 <= (apart.high or -1.0)

    assert held >= 89
    assert zero >= 89


def test_an_effect_is_told_from_none() -> None:
    rng = random.Random(1)
    day = merged([town(rng, "a", 600, 0.4), town(rng, "b", 600, 0.2)])
    found = difference([day], "a", "b", ORDERS)

    assert found is not None
    assert found.low is not None
    assert found.low > 0.1
    assert found.value == pytest.approx(0.2, abs=0.06)


def test_a_group_that_grew_in_a_good_season_is_no_better_for_it() -> None:
    """Nobody differs: on the first day few order, and few are in the group; then both turn."""
    rng = random.Random(2)
    bad = merged([town(rng, "a", 60, 0.05), town(rng, "b", 600, 0.05)])
    good = merged([town(rng, "a", 600, 0.5), town(rng, "b", 60, 0.5)])
    alone = town(rng, "a", 300, 0.5)
    days = [bad, good, alone]
    a, b = level(days, "a", ORDERS), level(days, "b", ORDERS)
    apart = difference(days, "a", "b", ORDERS)

    assert a is not None
    assert b is not None
    assert a.value - b.value > 0.2
    assert apart is not None
    assert apart.low is not None
    assert apart.high is not None
    assert apart.low < 0 < apart.high
    assert abs(apart.value) < 0.1


def test_of_few_customers_or_of_no_order_no_interval_is_told() -> None:
    few = counted(("a", f"c-{n}", Tally(1, orders=n)) for n in range(4))
    none = counted(("b", f"c-{n}", Tally(1)) for n in range(50))
    some = counted(("c", f"c-{n}", Tally(1, orders=n % 2)) for n in range(50))
    day = merged([few, none, some])

    assert level([day], "a", ORDERS) == Estimate(1.5)
    assert level([day], "b", ORDERS) == Estimate(0.0)
    apart = difference([day], "c", "b", ORDERS)
    assert apart is not None
    assert (apart.value, apart.low) == (0.5, None)
    assert difference([few, some], "a", "c", ORDERS) is None
