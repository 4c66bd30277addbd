"""From orders to tables: what is bought how often, when again, with what; and the tables as bytes.

Expected numbers are worked out by hand from the few orders that a test names.
"""

from __future__ import annotations

import json
import zlib
from math import exp, log
from random import Random

import numpy as np
import pytest

from chalicelib.decisioning.habits import FACTORS, Habits
from chalicelib.decisioning.patterns import (
    GAPS,
    daypart,
    gap_class,
    rate_class,
    read_patterns,
)
from chalicelib.errors import PermanentError

from .shoppers import BREAD, CATEGORIES, JAM, SHOES, TEA, counted, tables

ROUNDING = 1e-6
WIDER = (*CATEGORIES, "milk", "eggs")


def test_a_share_is_that_of_all_orders_drawn_to_a_small_one() -> None:
    made = counted([("a", 1, ["tea"]), ("b", 1, ["tea", "shoes"]), ("a", 2, ["shoes"])]).patterns()
    assert made.share[[BREAD, SHOES, TEA]] == pytest.approx(
        [log(0.1 / 103), log(2.1 / 103), log(2.1 / 103)], abs=ROUNDING
    )
    assert made.chance == pytest.approx(np.exp(made.share))


def test_things_bought_together_lift_each_other_and_things_never_together_the_opposite() -> None:
    meals = [["food/bread", "food/jam", "milk", "eggs"], ["shoes", "tea", "milk", "eggs"]]
    made = counted([("a", n, meals[n % 2]) for n in range(60)], WIDER).patterns()
    assert made.lifts[BREAD, JAM] > 0.3
    assert made.lifts[JAM, BREAD] > 0.3
    assert made.lifts[BREAD, SHOES] < -0.3
    assert made.lifts[TEA, JAM] < -0.3
    assert made.lifts[BREAD, JAM] > made.lifts[BREAD, WIDER.index("milk")] > 0


def test_a_lift_is_what_three_known_things_say_of_the_others() -> None:
    """Of four things each is known in three of four draws, and each other one is then the one that
    is left in a third of these: in a quarter of all draws."""
    made = counted([("a", n, CATEGORIES) for n in range(8)]).patterns()
    others = (8 / 4 + 0.05) / (8 + 50)
    lift = (8 / 4 + 10 * others) / (8 * 3 / 4 + 10) / others
    assert made.others == pytest.approx(log(others), abs=ROUNDING)
    assert made.lifts[BREAD, TEA] == pytest.approx(log(lift), abs=ROUNDING)
    assert (np.diag(made.lifts) < 0).all()


def test_orders_of_fewer_than_three_things_say_nothing_of_what_goes_together() -> None:
    made = counted([("a", n, ["food/bread", "food/jam"]) for n in range(9)]).patterns()
    assert made.lifts == pytest.approx(0, abs=ROUNDING)


def test_what_stands_in_large_orders_tells_of_more_to_come() -> None:
    small, large = ["shoes", "tea", "milk"], ["food/bread", "food/jam", "milk", "eggs"]
    made = counted([("a", n, large if n % 2 else small) for n in range(40)], WIDER).patterns()
    assert made.more[BREAD] > 0.2
    assert made.more[SHOES] < -0.2


def test_renewal_is_counted_by_how_long_ago_the_last_purchase_was() -> None:
    """Bread on every seventh day, something else on every day between."""
    bought = [("a", n, ["food/bread"] if n % 7 == 0 else ["tea"]) for n in range(700)]
    made = counted(bought).patterns()
    often = int(rate_class(np.array([50.0]), 350)[0])
    again = np.exp(made.again[often])
    assert again[gap_class(np.array([1.0, 2.0, 4.0]))] == pytest.approx(0, abs=0.01)
    assert again[gap_class(np.array([7.0]))] == pytest.approx(1 / 3, abs=0.01)  # of 5, 6 and 7


def test_a_category_is_bought_again_sooner_or_later_than_others_are() -> None:
    """Everybody has tea every day, and bread just once."""
    orders = [(who, day, ["tea"]) for day in range(20) for who in "abc"]
    once = [(who, 0, ["food/bread", "tea"]) for who in "def"]
    made = counted(sorted(once + orders, key=lambda each: each[1])).patterns()
    at_once = gap_class(np.array([1.0]))
    assert made.pace[TEA, at_once] >= 0
    waiting = [(who, day, ["tea"]) for day in range(1, 20) for who in "def"]
    made = counted(sorted(once + orders + waiting, key=lambda each: each[1])).patterns()
    assert made.pace[BREAD].min() < -0.05 < 0 < made.pace[TEA].max()


def test_the_first_order_of_a_customer_renews_nothing() -> None:
    made = counted([(f"c{n}", n, CATEGORIES) for n in range(9)]).patterns()
    assert made.again == pytest.approx(log(0.03), abs=ROUNDING)
    assert made.pace == pytest.approx(0, abs=ROUNDING)


def test_a_trend_is_what_rises_of_late() -> None:
    """Shoes for a year, then tea for ten days: the shorter memory has seen more of that."""
    made = counted(
        [(who, n, ["shoes"] if n < 365 else ["tea"]) for n in range(375) for who in "abcd"]
    ).patterns()
    (shoes, tea), (shoes_of_days, tea_of_days) = made.trends[:, [SHOES, TEA]]
    assert shoes_of_days < shoes < 0 < tea < tea_of_days


def test_weekends_and_times_of_day_have_their_own_lifts() -> None:
    week = [("a", n, ["tea", "shoes"] if n % 7 >= 5 else ["tea"]) for n in range(700)]
    made = counted(week, hour=9).patterns()
    assert made.weekend[0, SHOES] < -0.3 < 0.3 < made.weekend[1, SHOES]
    assert made.weekend[:, TEA] == pytest.approx(0, abs=0.1)
    assert made.hours[1] == pytest.approx(0, abs=ROUNDING)
    evening = counted([("a", 1, ["tea"])] * 300, hour=20)
    for _ in range(300):
        evening.count("b", np.array([SHOES]), day=1, hour=7, is_weekend=False)
    made = evening.patterns()
    assert made.hours[daypart(20), TEA] > 0.3 > -0.3 > made.hours[daypart(7), TEA]


def test_customers_and_categories_are_alike_by_what_is_bought_together() -> None:
    made = counted(
        [(f"c{n}", 1, ["food/bread", "food/jam"] if n % 2 else ["shoes"]) for n in range(40)]
    ).patterns()
    near = made.factors @ made.factors.T
    assert made.factors.shape == (4, FACTORS)
    assert near == pytest.approx(np.eye(4), abs=1e-6)  # four factors tell four apart
    assert made.rarity[TEA] > made.rarity[SHOES] > 0


def test_categories_directly_below_one_path_are_of_a_kind() -> None:
    made = Habits(("a/x/1", "a/y", "b", "a/x/2", "a/z", "c")).patterns()
    assert made.parents.tolist() == [0, 1, 2, 0, 1, 5]


def test_without_any_orders_nothing_is_out_of_the_ordinary() -> None:
    made = Habits(CATEGORIES).patterns()
    for table in (made.trends, made.lifts, made.more, made.pace, made.hours, made.weekend):
        assert table == pytest.approx(0, abs=ROUNDING)
    assert made.share == pytest.approx(log(0.1 / 100), abs=ROUNDING)
    assert not made.factors.any()


def test_what_takes_longest_can_be_worked_out_before() -> None:
    habits = counted([("a", 1, ["tea", "shoes"])])
    before = habits.alike()
    habits.count("b", np.array([BREAD]), day=2, hour=12, is_weekend=False)
    made = habits.patterns(before)
    assert made.rarity == pytest.approx(before[1], abs=ROUNDING)
    assert made.share[BREAD] > made.share[JAM]


def test_classes_of_gaps_and_rates_have_the_ends_they_are_said_to_have() -> None:
    assert gap_class(GAPS.astype(float)).tolist() == list(range(len(GAPS)))
    assert gap_class(np.array([0.0, 1.5, 111.0])).tolist() == [0, 1, len(GAPS)]
    rates = rate_class(np.array([1.0, 1.0, 2.0, 2.0, 99.0]), 95.0)
    assert rates.tolist() == [0, 0, 5, 5, 12]
    assert rate_class(np.array([1.0, 2.0]), 5.0).tolist() == [1, 11]
    assert [daypart(hour) for hour in (0, 9, 10, 13, 14, 17, 18, 21, 22, 23)] == [
        0, 0, 1, 1, 2, 2, 3, 3, 4, 4,
    ]  # fmt: skip


def a_few() -> Habits:
    return counted([(f"c{n % 3}", n, CATEGORIES[n % 2 :]) for n in range(30)])


def test_tables_come_back_from_bytes_as_they_were() -> None:
    made = a_few().patterns()
    read = read_patterns(made.to_bytes())
    assert (read.digest, read.categories) == (made.digest, made.categories)
    assert read.to_bytes() == made.to_bytes()
    for name in ("lifts", "again", "parents", "share"):
        assert np.array_equal(getattr(read, name), getattr(made, name))
        assert getattr(read, name).dtype == getattr(made, name).dtype


def test_equal_orders_give_equal_bytes_and_other_orders_another_digest() -> None:
    made = a_few()
    assert made.patterns().to_bytes() == a_few().patterns().to_bytes()
    digest = made.patterns().digest
    made.count("c0", np.array([TEA]), day=30, hour=1, is_weekend=False)
    assert made.patterns().digest != digest
    assert tables(categories=("x", *CATEGORIES[1:])).digest != tables().digest


def test_damaged_tables_are_refused() -> None:
    made, rng = a_few().patterns().to_bytes(), Random(3)
    digest = a_few().patterns().digest
    for cut in (0, 1, 10, len(made) // 2, len(made) - 1):
        with pytest.raises(PermanentError):
            read_patterns(made[:cut])
    refused = 0
    for _ in range(200):
        damaged = bytearray(made)
        damaged[rng.randrange(len(made))] ^= 1 << rng.randrange(8)
        try:
            assert read_patterns(bytes(damaged)).digest == digest  # deflate has some idle bits
        except PermanentError:
            refused += 1
    assert refused > 180


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{}\n", b"[]\n", b"7\n", b"null\n", b"no json", b"\xff\xfe\n",
        b'{"categories": [], "shapes": []}\n',
        b'{"categories": ["a"], "shapes": 3}\n',
        json.dumps({"categories": ["a"], "shapes": [[9, 9]] * 12}).encode() + b"\nshort",
        json.dumps({"categories": [], "shapes": [[0]] * 12}).encode() + b"\nlong",
        json.dumps({"categories": [], "shapes": [[-1]] * 12}).encode() + b"\n1234",
    ],
)  # fmt: skip
def test_foreign_bytes_are_refused(content: bytes) -> None:
    for packed in (content, zlib.compress(content)):
        with pytest.raises(PermanentError, match="corrupt"):
            read_patterns(packed)


def test_lately_fades_by_the_days_that_pass() -> None:
    """28 days take the longer memory to 1 / e."""
    made = counted([("a", 0, ["tea"])] * 50 + [("a", 28, ["shoes"])] * 50).patterns()
    share, old = 50.1 / 200, 50 * exp(-1)
    lift = (old + 20 * share) / (old + 50 + 20) / share
    assert made.trends[0, TEA] == pytest.approx(log(lift), abs=ROUNDING)
