"""Validity, purposes, caps, budgets and exclusivity, whatever the rule says."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.model import Decision, Purpose

from .builders import NOW, contact, days, decide, joe, offer


def reason(decision: Decision) -> str | None:
    return decision.rejected[0].reason if decision.rejected else None


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
    assert reason(decide(dated)) == expected


def test_dates_are_told() -> None:
    assert decide(offer(starts_at="2026-12-01T00:00:00Z")).rejected[0].text == (
        "starts on 2026-12-01"
    )
    assert decide(offer(ends_at="2026-11-01T00:00:00Z")).rejected[0].text == "ended on 2026-11-01"


def test_a_purpose_that_may_not_be_served_is_left_out() -> None:
    service = frozenset({Purpose.SERVICE})
    decision = decide(offer("m"), offer("s", purpose="service"), purposes=service)
    assert [o.offer_id for o in decision.offers] == ["s"]
    assert reason(decision) == "purpose"
    assert decision.rejected[0].text == "is for marketing, which may not be said here and now"


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
    assert reason(decide(capped, customer=customer)) == expected


def test_the_cap_that_lasts_longest_is_told() -> None:
    capped = offer(policy={"per_customer": [{"times": 1, "days": 1}, {"times": 2, "days": 30}]})
    customer = joe(offers=[contact("a", 0.5), contact("a", 10)])
    assert decide(capped, customer=customer).rejected[0].text == (
        "was made 2 times in the last 30 days, as often as it may be; "
        "possible again from 2026-12-08 00:10 UTC"
    )
    once = offer(policy={"per_customer": [{"times": 1, "days": 1}]})
    assert "was made once in the last day," in decide(once, customer=customer).rejected[0].text


def test_caps_count_every_channel() -> None:
    capped = offer(policy={"per_customer": [{"times": 2, "days": 7}]})
    customer = joe(offers=[contact("a", 1, channel="sms"), contact("a", 2, channel="email")])
    assert reason(decide(capped, customer=customer)) == "cap"


def test_a_used_up_budget_ends_an_offer() -> None:
    assert reason(decide(offer(), exhausted=frozenset({"a"}))) == "budget"
    assert reason(decide(offer(policy={"budget": 0}))) == "budget"
    assert reason(decide(offer(policy={"budget": 1}), exhausted=frozenset({"b"}))) is None


def test_only_the_best_of_an_exclusive_group_stays() -> None:
    group = {"exclusive_group": "shoes"}
    decision = decide(
        offer("a", policy=group), offer("b", policy=group, value=20), offer("c"), limit=3
    )
    assert [o.offer_id for o in decision.offers] == ["b", "c"]
    assert (decision.rejected[0].offer_id, decision.rejected[0].reason) == ("a", "exclusive")
    assert decision.rejected[0].text == "cannot be combined with 'Offer b', which suits better"


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
    service = frozenset({Purpose.SERVICE})
    customer = joe(offers=[contact("a", 1)])

    def first(purposes: frozenset[Purpose] = frozenset(Purpose), **changes: Any) -> str | None:
        changed = offer(**{**everything, **changes})
        return reason(decide(changed, customer=customer, purposes=purposes))

    assert first(service) == "date"
    assert first(service, ends_at=None) == "purpose"
    assert first(ends_at=None) == "rule"
    assert first(ends_at=None, rule="true") == "cap"
    assert first(ends_at=None, rule="true", policy={"budget": 0}) == "budget"
