"""Validity, purposes, caps, budgets and exclusivity, whatever the rule says."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.model import Offer, Purpose

from .builders import NOW, contact, days, decide, joe, offer, told


def reason(*offers: Offer, **changes: Any) -> str | None:
    """Why the first of the others was not made."""
    found = told(*offers, **changes)
    return found[0].reason if found else None


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        (None, None, None),
        (0, 1, None),
        (-1, None, None),
        (1e-5, None, "date"),
        (None, 0, "date"),
        (None, 1e-5, None),
    ],
)
def test_an_offer_is_valid_from_its_start_until_before_its_end(
    starts: float | None, ends: float | None, expected: str | None
) -> None:
    dated = offer(
        starts_at=None if starts is None else NOW + days(starts),
        ends_at=None if ends is None else NOW + days(ends),
    )
    assert reason(dated) == expected


def test_dates_are_told() -> None:
    assert told(offer(starts_at="2026-12-01T00:00:00Z"))[0].text == ("starts on 2026-12-01")
    assert told(offer(ends_at="2026-11-01T00:00:00Z"))[0].text == "ended on 2026-11-01"


def test_a_purpose_that_may_not_be_served_is_left_out() -> None:
    service = (Purpose.SERVICE,)
    offers = offer("m"), offer("s", purpose="service")
    decision = decide(*offers, purposes=service)
    assert [o.offer_id for o in decision.offers] == ["s"]
    (rejected,) = told(*offers, purposes=service)
    assert rejected.reason == "purpose"
    assert rejected.text == "is for marketing, which may not be said here and now"


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ([], None),
        ([6.999], "cap"),
        ([7], None),
        ([-1], "cap"),
        ([20], None),
        ([20, 25], "cap"),
        ([25, 20], "cap"),
        ([20, 30], None),
    ],
)
def test_a_cap_counts_within_its_sliding_window(ages: list[float], expected: str | None) -> None:
    capped = offer(policy={"per_customer": [{"times": 1, "days": 7}, {"times": 2, "days": 30}]})
    customer = joe(offers=[*(contact("a", age) for age in ages), contact("other", 1)])
    assert reason(capped, customer=customer) == expected


def test_the_cap_that_lasts_longest_is_told() -> None:
    capped = offer(policy={"per_customer": [{"times": 1, "days": 1}, {"times": 2, "days": 30}]})
    customer = joe(offers=[contact("a", 0.5), contact("a", 10)])
    assert told(capped, customer=customer)[0].text == (
        "was made 2 times in the last 30 days, as often as it may be; "
        "possible again from 2026-12-08 00:10 UTC"
    )
    once = offer(policy={"per_customer": [{"times": 1, "days": 1}]})
    assert "was made once in the last day," in told(once, customer=customer)[0].text


def test_caps_count_every_channel() -> None:
    capped = offer(policy={"per_customer": [{"times": 2, "days": 7}]})
    customer = joe(offers=[contact("a", 1, channel="sms"), contact("a", 2, channel="email")])
    assert reason(capped, customer=customer) == "cap"


def test_a_used_up_budget_ends_an_offer() -> None:
    assert reason(offer(), exhausted=("a",)) == "budget"
    assert reason(offer(policy={"budget": 0})) == "budget"
    assert reason(offer(policy={"budget": 1}), exhausted=("b",)) is None


def test_only_the_best_of_an_exclusive_group_stays() -> None:
    group = {"exclusive_group": "shoes"}
    offers = offer("a", policy=group), offer("b", policy=group, value=20), offer("c")
    assert [o.offer_id for o in decide(*offers).offers] == ["b", "c"]
    (rejected,) = told(*offers)
    assert (rejected.offer_id, rejected.reason) == ("a", "exclusive")
    assert rejected.text == "cannot be combined with 'Offer b', which suits better"


def test_an_ineligible_offer_takes_nobodys_place_in_its_group() -> None:
    group = {"exclusive_group": "shoes"}
    decision = decide(offer("a", policy=group), offer("b", policy=group, value=20, rule="1 > 2"))
    assert [o.offer_id for o in decision.offers] == ["a"]


def test_the_first_check_that_fails_is_the_reason() -> None:
    everything: dict[str, Any] = {
        "rule": "customer.age > 99",
        "ends_at": NOW,
        "policy": {"per_customer": [{"times": 1, "days": 7}], "budget": 0},
    }
    service = (Purpose.SERVICE,)
    customer = joe(offers=[contact("a", 1)])

    def first(purposes: tuple[Purpose, ...] = tuple(Purpose), **changes: Any) -> str | None:
        changed = offer(**{**everything, **changes})
        return reason(changed, customer=customer, purposes=purposes)

    assert first(service) == "date"
    assert first(service, ends_at=None) == "purpose"
    assert first(ends_at=None) == "rule"
    assert first(ends_at=None, rule="true") == "cap"
    assert first(ends_at=None, rule="true", policy={"budget": 0}) == "budget"


def held_back(
    *offers: Offer, limits: dict[str, Any], ages: tuple[float, ...] = (), **of: Any
) -> list[str]:
    """The reasons of the offers that are not made to one who was met so many days ago."""
    contacts = [contact(f"x{age}", age, **of) for age in ages]
    found = told(*offers, limits=limits, customer=joe(offers=contacts))
    return [f"{r.offer_id} {r.reason}" for r in found]


A_WEEK: dict[str, Any] = {"times": 2, "days": 7}


@pytest.mark.parametrize(
    ("ages", "refused"),
    [
        ((), False),
        ((1,), False),
        ((1, 6.999999), True),
        ((1, 7), False),
        ((7, 7.1, 7.2), False),
        ((-1, 0), True),
        ((0, 0), True),
    ],
)
@pytest.mark.parametrize(
    "limits",
    [
        {"overall": [A_WEEK]},
        {"channels": {"sms": [A_WEEK]}},
        {"purposes": {"marketing": [A_WEEK]}},
        {"groups": {"shoes": [A_WEEK]}},
    ],
)
def test_each_limit_counts_within_its_sliding_window(
    limits: dict[str, Any], ages: tuple[float, ...], refused: bool
) -> None:
    made = offer(products=["category:Shoes > Trail"])
    met = {"channel": "sms", "groups": ("shoes", "shoes/road")}
    expected = ["a cap"] if refused else []
    assert held_back(made, limits=limits, ages=ages, **met) == expected


@pytest.mark.parametrize(
    ("limits", "of"),
    [
        ({"channels": {"sms": [A_WEEK]}}, {"channel": "email"}),
        ({"channels": {"email": [A_WEEK]}}, {"channel": "email"}),
        ({"purposes": {"marketing": [A_WEEK]}}, {"purpose": "service"}),
        ({"purposes": {"service": [A_WEEK]}}, {"purpose": "service"}),
        ({"groups": {"shoes/trail": [A_WEEK]}}, {"groups": ("shoes", "shoes/road")}),
        ({"groups": {"bags": [A_WEEK]}}, {"groups": ("bags",)}),
    ],
)
def test_a_limit_counts_and_holds_back_only_what_it_is_about(
    limits: dict[str, Any], of: dict[str, Any]
) -> None:
    made = offer(products=["category:shoes/trail"])
    assert held_back(made, limits=limits, ages=(1, 2, 3), **of) == []


def test_what_is_below_a_group_counts_for_it() -> None:
    limits = {"groups": {"Shoes": [{"times": 1, "days": 7}]}}
    shoes = [offer(i, products=[f"category:shoes/{i}"]) for i in "abc"]
    bags = offer("z", products=["category:shoelaces"], value=1)
    assert held_back(*shoes, bags, limits=limits) == ["b cap", "c cap"]
    assert held_back(*shoes, limits=limits, ages=(1,), groups=("shoes", "shoes/x")) == [
        f"{i} cap" for i in "abc"
    ]


def test_one_decision_does_not_exceed_a_limit() -> None:
    offers = [offer(i, purpose="service" if i > "c" else "marketing") for i in "abcde"]

    def made(limits: dict[str, Any], **changes: Any) -> list[str]:
        decision = decide(*offers, **{"limits": limits, "limit": 3, **changes})
        return [o.offer_id for o in decision.offers]

    assert made({"overall": [A_WEEK]}) == ["a", "b"]
    assert made({"channels": {"sms": [A_WEEK]}}) == ["a", "b"]
    assert made({"purposes": {"marketing": [A_WEEK]}}) == ["a", "b", "d"]
    assert made({"overall": [A_WEEK]}, customer=joe(offers=[contact("x", 3)])) == ["a"]
    assert made({"overall": [A_WEEK]}, limit=1) == ["a"]


def test_every_reason_of_a_limit_is_told() -> None:
    shoes, once = offer(products=["category:shoes"]), {"times": 1, "days": 1}
    met = joe(offers=[contact("x", 0.5, channel="sms", groups=("shoes",))])
    again = "; possible again from 2026-11-18 12:10 UTC"

    def text(limits: dict[str, Any], **changes: Any) -> str:
        (found,) = told(shoes, limits=limits, **{"customer": met, **changes})
        assert found.reason == "cap"
        return found.text

    told_of = "1 {} were made in the last day, as many as there may be" + again
    assert text({"overall": [once]}) == told_of.format("offers in all")
    assert text({"channels": {"sms": [once]}}) == told_of.format("offers by text message")
    assert text({"purposes": {"marketing": [once]}}) == told_of.format("marketing offers")
    assert text({"groups": {"shoes": [once]}}) == told_of.format("offers about shoes")
    longer = {"overall": [once], "groups": {"shoes": [{"times": 1, "days": 30}]}}
    assert text(longer) == (
        "1 offers about shoes were made in the last 30 days, as many as there may be; "
        "possible again from 2026-12-17 12:10 UTC"
    )


def test_an_offer_passed_over_for_a_limit_leaves_its_place_to_the_next() -> None:
    limits = {"groups": {"shoes": [{"times": 1, "days": 7}]}}
    best, second = (offer(i, value=20, products=["category:shoes"]) for i in "ab")
    decision = decide(best, second, offer("c"), limits=limits, limit=2)
    assert [o.offer_id for o in decision.offers] == ["a", "c"]


def test_without_a_channel_no_limit_of_a_channel_counts() -> None:
    limits = {"channels": {"sms": [{"times": 1, "days": 7}]}}
    customer = joe(offers=[contact("x", 1, channel="sms"), contact("y", 1)])
    decision = decide(offer(), limits=limits, customer=customer, context={})
    assert [o.offer_id for o in decision.offers] == ["a"]
