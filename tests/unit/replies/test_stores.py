"""Which store, and when it is open."""

from __future__ import annotations

from datetime import datetime

import pytest

from chalicelib.replies.stores import distance_km, opening

from .shop import BROADWAY, NOW, SOHO, answer, by, joe, means, product, say, shop, store

LATE = store("late", hours={"fri": "18:00-02:00", "sat": "10:00-24:00"})


def new_york(day: int, hour: int, minute: int = 0) -> datetime:
    """November 2026 on New York's clocks (UTC-5)."""
    return datetime.fromisoformat(f"2026-11-{day:02}T{hour:02}:{minute:02}:00-05:00")


def test_distance_is_that_of_the_great_circle() -> None:
    paris, london = (48.8566, 2.3522), (51.5074, -0.1278)
    assert distance_km(paris, london) == pytest.approx(343.6, abs=0.5)
    assert distance_km(paris, paris) == 0
    assert distance_km((0, 0), (0, 180)) == pytest.approx(20015.1, abs=0.1)


def test_open_tells_until_when() -> None:
    assert opening(BROADWAY, NOW) == {
        "known": True,
        "open": True,
        "until": "20:00",
        "today": "10:00-20:00",
    }


@pytest.mark.parametrize(
    ("at", "day", "opens"),
    [
        (new_york(18, 9), "today", "10:00"),  # Wednesday
        (new_york(18, 20), "fri", "10:00"),
        (new_york(19, 12), "tomorrow", "10:00"),
        (new_york(20, 21), "wed", "10:00"),
    ],
)
def test_closed_tells_when_it_opens(at: datetime, day: str, opens: str) -> None:
    found = opening(BROADWAY, at)
    assert (found["open"], found["opens_day"], found["opens_at"]) == (False, day, opens)


def test_a_store_open_one_day_opens_again_next_week() -> None:
    weekly = store("weekly", hours={"wed": "10:00-12:00"})
    assert opening(weekly, new_york(18, 13))["opens_day"] == "wed"


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (new_york(20, 19), "02:00"),
        (new_york(21, 1), "02:00"),
        (new_york(21, 2), None),
        (new_york(21, 23, 59), "24:00"),
        (new_york(22, 0), None),
    ],
)
def test_hours_may_run_past_midnight(at: datetime, until: str | None) -> None:
    assert opening(LATE, at).get("until") == until


@pytest.mark.parametrize("zone", [None, "Mars/Olympus"])
def test_without_a_zone_nothing_is_said_of_this_moment(zone: str | None) -> None:
    found = opening(BROADWAY.model_copy(update={"time_zone": zone}), NOW)
    assert found["open"] is None
    assert found["week"] == (("wed", "10:00-20:00"), ("fri", "10:00-20:00"))


def test_the_named_store_is_told_of() -> None:
    said = say(answer(means("store_info", store_id="broadway")))
    assert said.text == "Hi Joe, Broadway, 1 Broadway, New York is open until 20:00."


def test_else_the_nearest_to_their_home() -> None:
    assert answer(means("store_info")).facts["store"]["name"] == "Soho"


def test_or_the_one_in_their_postcode() -> None:
    ann = joe(profile={"location": None, "postcode": "10012"})
    assert answer(means("store_info"), ann).facts["store"]["name"] == "Soho"


def test_else_which_store_they_mean() -> None:
    nowhere = joe(profile={"location": None})
    found = answer(means("store_info"), nowhere)
    assert found.kind == "which_store"
    assert found.question is not None
    assert say(found).text == "Hi Joe, which store do you mean? We are at Broadway and Soho."


def test_in_public_no_store_near_home_is_named() -> None:
    assert answer(means("store_info"), preference=by("x_reply")).kind == "which_store"


def test_the_only_store_is_meant() -> None:
    alone = shop(stores=[SOHO.model_copy(update={"phone": "+1 555 000 1111"})])
    found = answer(means("store_info"), assortment=alone, preference=by("x_reply"))
    said = say(found, by("x_reply")).text
    assert said == "You find us at Soho, 2 Spring Street, New York 10012. Phone: +1 555 000 1111."


def test_many_stores_are_named_in_part() -> None:
    many = shop(stores=[store(f"s{n}") for n in range(9)])
    said = say(answer(means("store_info"), joe(), many))
    assert said.text.endswith("We are at S0, S1, S2 and elsewhere.")


def test_a_shop_without_stores_hands_over() -> None:
    assert answer(means("store_info"), assortment=shop(stores=[])).handover == "no_store_known"


def test_closed_and_zoneless_stores_are_worded() -> None:
    closed = shop(stores=[LATE])
    said = say(answer(means("store_info"), assortment=closed)).text
    assert said == "Hi Joe, Late is closed just now and opens Friday at 18:00."
    zoneless = shop(stores=[LATE.model_copy(update={"time_zone": None})])
    said = say(answer(means("store_info"), assortment=zoneless)).text
    assert said.endswith("Open Friday 18:00-02:00, Saturday 10:00-24:00.")


def test_the_nearest_store_that_has_it_is_named() -> None:
    stocked = shop(product("tb-44", stock={"broadway": 9, "soho": 1}))
    found = answer(means("availability", "tb-44", size="44"), assortment=stocked)
    assert found.facts["store"]["name"] == "Soho"


def test_without_a_home_the_store_with_most_of_it_is_named() -> None:
    stocked = shop(product("tb-44", stock={"broadway": 9, "soho": 1}))
    nowhere = joe(profile={"location": None})
    found = answer(means("availability", "tb-44", size="44"), nowhere, stocked)
    assert found.facts["store"]["name"] == "Broadway"
