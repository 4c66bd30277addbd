from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.coupons import choices, households, judging, learned, plain
from tests.benchmarks.coupons.contest import Occasion, Results, hold
from tests.benchmarks.coupons.journey import Array, Journey, confirms, day_of, read_journey
from tests.benchmarks.coupons.judging import Draws, Ranked
from tests.benchmarks.coupons.matching import match
from tests.benchmarks.coupons.report import Report

_HOUSEHOLDS = 40
_COUPONS = 6
_STARTS = ("2017-05-01", "2017-06-01", "2017-07-01", "2017-08-10", "2017-09-20")


def _tables(names: Sequence[str] = (), *, seed: int = 3) -> dict[str, Any]:
    """Each household likes one product, buys it, and half of them redeem the coupon for it."""
    rng = np.random.default_rng(seed)
    people = range(1, _HOUSEHOLDS + 1)
    bought = [
        (person, basket, (person if rng.random() < 0.7 else rng.integers(99)) % _COUPONS, day)
        for person in people
        for basket, day in enumerate(np.sort(rng.integers(0, 270, 25)))
    ]
    redeemed = [
        (person, 5 * 10**10 + person % _COUPONS, number, pd.Timestamp(start) + pd.Timedelta("3D"))
        for number, start in enumerate(_STARTS)
        for person in people
        if person % 2 and rng.random() < 0.8
    ]
    starts = pd.to_datetime(pd.Series(_STARTS))
    return {
        "transactions": pd.DataFrame(
            {
                "household_id": [person for person, *_ in bought],
                "basket_id": [person * 1000 + basket for person, basket, *_ in bought],
                "product_id": [100 + product for _, _, product, _ in bought],
                "sales_value": 2.0,
                "retail_disc": 0.5,
                "coupon_disc": [0.25 * (person % 2) for person, *_ in bought],
                "transaction_timestamp": [
                    pd.Timestamp("2017-01-02 15:00") + pd.Timedelta(days=int(day))
                    for *_, day in bought
                ],
            }
        ),
        "products": pd.DataFrame(
            {
                "product_id": [100 + product for product in range(_COUPONS)],
                "product_type": ["tea", "tea", "jam", "jam", "rye", None],
            }
        ),
        "demographics": pd.DataFrame({"household_id": [1, 2], "age": ["25-34", "65+"]}),
        "campaigns": pd.DataFrame(
            [(n, person) for n in range(len(_STARTS)) for person in people],
            columns=["campaign_id", "household_id"],
        ),
        "campaign_descriptions": pd.DataFrame(
            {
                "campaign_id": range(len(_STARTS)),
                "campaign_type": "Type A",
                "start_date": starts,
                "end_date": starts + pd.Timedelta("20D"),
            }
        ),
        "coupons": pd.DataFrame(
            [
                (5 * 10**10 + coupon, 100 + coupon, n)
                for n in range(len(_STARTS))
                for coupon in range(_COUPONS)
            ],
            columns=["coupon_upc", "product_id", "campaign_id"],
        ),
        "coupon_redemptions": pd.DataFrame(
            redeemed, columns=["household_id", "coupon_upc", "campaign_id", "redemption_date"]
        ),
    }


@pytest.fixture(scope="module")
def journey() -> Journey:
    return read_journey(_tables)


@pytest.fixture(scope="module")
def results(journey: Journey) -> Results:
    return hold(journey, seed=1, say=lambda text: None)


def test_a_purchase_belongs_to_its_day_in_new_york() -> None:
    tables = _tables()
    at = pd.to_datetime(pd.Series(["2017-07-02 03:59", "2017-07-02 04:00"]))
    tables["transactions"] = tables["transactions"][:2].assign(transaction_timestamp=at)
    found = read_journey(lambda names: tables).purchases.day.tolist()
    assert found == [day_of("2017-07-01"), day_of("2017-07-02")]


def test_what_comes_from_the_start_on_changes_no_feature(journey: Journey) -> None:
    campaign = journey.campaigns[3]
    bought, redeemed = journey.purchases, journey.redemptions
    since, after = bought.day >= campaign.start, redeemed.day >= campaign.start
    noise = replace(
        journey,
        purchases=replace(
            bought,
            product=np.where(since, 0, bought.product),
            value=np.where(since, 1e6, bought.value),
            with_coupon=bought.with_coupon ^ since,
        ),
        redemptions=redeemed.only(~after),
        campaigns=(*journey.campaigns[:3], replace(campaign, end=10**4)),
    )
    seen, unmoved = Occasion.of(journey, campaign), Occasion.of(noise, campaign)
    assert since.any()
    assert after.any()
    assert seen.rows(households.NAMES).tobytes() == unmoved.rows(households.NAMES).tobytes()
    assert seen.which.tobytes() == unmoved.which.tobytes()
    for name, scores in seen.rungs.items():
        assert scores.tobytes() == unmoved.rungs[name].tobytes()


def test_what_happened_before_the_start_is_seen(journey: Journey) -> None:
    campaign = journey.campaigns[3]
    nothing = np.zeros(len(journey.redemptions.day), bool)
    without = replace(journey, redemptions=journey.redemptions.only(nothing))
    seen, fewer = Occasion.of(journey, campaign), Occasion.of(without, campaign)
    assert seen.who["redeemed"].sum() > fewer.who["redeemed"].sum() == 0
    assert (seen.who["ignored"] < fewer.who["ignored"]).any()


def test_matches_count_the_households_own_lines(journey: Journey) -> None:
    campaign = journey.campaigns[4]
    past = journey.before(campaign.start)
    found, bought = match(past, campaign), past.purchases
    own = bought.household == 7
    last = bought.day[own].max()
    for coupon in range(_COUPONS):
        lines = own & (bought.product == coupon)
        assert found.lines[7, coupon] == lines.sum()
        assert found.spend[7, coupon] == pytest.approx(2.0 * lines.sum())
        assert found.last_trip[7, coupon] == (lines & (bought.day == last)).sum()
        assert found.lines_lately[7, coupon] == (lines & (bought.day >= campaign.start - 91)).sum()
        assert found.share[coupon] == (bought.product == coupon).mean()
    assert found.type_lines[7, 0] == found.lines[7, :2].sum()
    assert found.household_lines[7] == own.sum()
    assert found.segment_lines[0].tolist() == found.lines[0].tolist()


def test_the_learner_ends_where_the_penalised_likelihood_is_greatest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(4)
    rows = np.exp(rng.normal(size=(900, 3)))
    answered = rng.random(900) < 1 / (1 + np.exp(4 - rows @ np.array([1.0, 0.5, -0.5])))
    monkeypatch.setattr(plain, "_RIDGE", learned.UNSURE**-2)
    ours, peer = learned.fit(("a", "b", "c"), rows, answered, seed=1), plain.fit(rows, answered)
    assert ours.weights == pytest.approx(peer.weights, abs=1e-2)
    assert ours.log_odds(rows) == pytest.approx(peer.log_odds(rows), abs=0.05)


def test_an_auc_counts_pairs_and_ties_for_half() -> None:
    scores, good = np.array([3.0, 2.0, 2.0, 1.0]), np.array([True, True, False, False])
    ranked = Ranked(scores, good)
    assert ranked.auc(np.ones(4)) == (1 + 1 + 0.5 + 1) / 4
    assert ranked.auc(np.array([1.0, 0.0, 1.0, 1.0])) == 1.0


def test_the_best_are_a_tenth_and_those_of_equal_score_share() -> None:
    good = np.arange(20) < 1
    assert Ranked(-np.arange(20.0), good).best(np.ones(20)) == 0.5
    assert Ranked(-np.arange(20.0), good).lift(np.ones(20)) == pytest.approx(10.0)
    assert Ranked(np.zeros(20), good).best(np.ones(20)) == pytest.approx(0.05)


def test_a_household_is_drawn_with_all_of_its_rows() -> None:
    draws = Draws(np.array([4, 9, 4, 4]), seed=1)
    seen: list[list[float]] = []

    def figure(weights: Array) -> float:
        seen.append(weights.tolist())
        return 1.0

    found = draws.estimate(figure)
    assert found.value == 1.0
    assert all(one[0] == one[2] == one[3] and one[0] + one[1] == 2 for one in seen)
    assert {one[0] for one in seen[1:]} == {0.0, 1.0, 2.0}


def test_ours_finds_who_redeems_and_what_they_like(results: Results) -> None:
    ours, random = results.which["ours"], results.which["random"]
    who = results.who["ours"]
    assert len(who.scores) == 2 * _HOUSEHOLDS
    assert Ranked(who.scores, who.succeeded).auc(np.ones(len(who.scores))) > 0.8
    assert ours.succeeded.mean() > 4 * random.succeeded.mean()
    assert random.succeeded.mean() == pytest.approx(who.succeeded.mean() / _COUPONS)


def test_answers_of_others_make_ours_no_better_than_chance(journey: Journey) -> None:
    redeemed, rng = journey.redemptions, np.random.default_rng(2)
    person = np.arange(_HOUSEHOLDS)
    hands = rng.permuted(np.tile(person, (len(_STARTS), 1)), axis=1)
    swapped = replace(redeemed, household=hands[redeemed.campaign, redeemed.household])
    found = hold(replace(journey, redemptions=swapped), seed=1, say=lambda text: None)
    who = found.who["ours"]
    assert 0.35 < Ranked(who.scores, who.succeeded).auc(np.ones(len(who.scores))) < 0.65


def test_a_run_is_the_same_again_and_reports_one_set_of_households(
    journey: Journey, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "DRAWS", 20)
    again = hold(journey, seed=1, say=lambda text: None)
    kept = np.arange(_HOUSEHOLDS) < 25
    first = Report(results, kept, "confirm", 1)
    assert first.summary() == Report(again, kept, "confirm", 1).summary()
    assert first.summary()["households"] == "confirm"
    assert "confirm households: 50 rows of 25 households" in str(first.tables()[0].title)
    assert "calls the data simulated" in first.notes()[-1]
    assert "84.51" in first.notes()[-1]


def test_a_fifth_of_the_households_confirms() -> None:
    assert [number for number in range(1, 31) if confirms(number)] == [1, 14, 18, 24]


def test_every_feature_of_a_choice_has_a_name(journey: Journey) -> None:
    campaign = journey.campaigns[4]
    matches = match(journey.before(campaign.start), campaign)
    assert choices.measure(campaign, matches).shape == (_HOUSEHOLDS, _COUPONS, len(choices.NAMES))
