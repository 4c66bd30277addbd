"""Where a person may be, by what is known of them."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.model import Customer, Profile
from chalicelib.zones import calling_countries, is_zone, places


def zones(*identities: str, **profile: Any) -> set[str]:
    customer = Customer(id="someone", identities=identities, profile=Profile(**profile))
    return {p.zone for p in places(customer)}


def test_a_stated_zone_settles_it() -> None:
    found = places(
        Customer(
            id="joe",
            identities=("phone:+15551230001",),
            profile=Profile(country="US", time_zone="America/New_York"),
        )
    )
    assert [(p.zone, p.country) for p in found] == [("America/New_York", "US")]


def test_a_stated_zone_tells_its_country() -> None:
    customer = Customer(id="j", profile=Profile(time_zone="Europe/Paris"))
    assert [p.country for p in places(customer)] == ["FR"]


def test_a_country_leaves_all_its_zones_open() -> None:
    assert {"America/New_York", "Pacific/Honolulu"} <= zones(country="US")
    assert zones(country="FR") == {"Europe/Paris"}


def test_a_number_leaves_the_zones_of_its_calling_code_open() -> None:
    assert zones("phone:+33612345678") == {"Europe/Paris"}
    found = zones("phone:+15551230001")
    assert {"America/Los_Angeles", "America/Toronto"} <= found
    assert "Pacific/Guam" not in found


def test_address_and_number_that_agree_narrow_each_other() -> None:
    found = zones("phone:+15551230001", country="CA")
    assert "America/Toronto" in found
    assert "America/New_York" not in found


def test_address_and_number_that_disagree_are_both_kept() -> None:
    assert zones("phone:+33612345678", country="JP") == {"Europe/Paris", "Asia/Tokyo"}


@pytest.mark.parametrize("language", ["ja-JP", "ja_JP", "ja-Jpan-JP"])
def test_a_locale_counts_only_when_nothing_else_is_known(language: str) -> None:
    assert zones(language=language) == {"Asia/Tokyo"}
    assert zones(language=language, country="FR") == {"Europe/Paris"}


def test_nothing_known_is_nowhere() -> None:
    assert zones() == set()
    assert zones("email:joe@example.com", language="en") == set()


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "Europe", "", "/UTC"])
def test_what_is_no_zone_is_not_believed(name: str) -> None:
    assert not is_zone(name)
    assert zones(time_zone=name, country="FR") == {"Europe/Paris"}


def test_a_satellite_number_says_nothing_of_the_place() -> None:
    assert calling_countries("+8816123456789") == ()
