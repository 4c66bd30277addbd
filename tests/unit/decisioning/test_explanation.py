"""Why an offer was not made: the conditions at fault and the words for them."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.model import FailedCondition, Profile

from .builders import NOW, days, joe, offer, told


def explained(text: str, **customer: Any) -> tuple[str, list[FailedCondition]]:
    (rejected,) = told(offer(rule=text), customer=joe(**customer))
    assert rejected.reason == "rule"
    return rejected.text, list(rejected.failed)


def test_a_failed_condition_has_its_text_its_value_and_what_is_needed() -> None:
    text, failed = explained("customer.age >= 50")
    assert text == "needs an age of at least 50; the customer is 40"
    assert failed == [
        FailedCondition(condition="customer.age >= 50", value=40, needed="at least 50")
    ]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("customer.age < 18", "needs an age of less than 18; the customer is 40"),
        ("18 > customer.age", "needs an age of less than 18; the customer is 40"),
        ("!(18 <= customer.age)", "needs an age of less than 18; the customer is 40"),
        ("customer.age in [1, 2]", "needs an age of one of 1, 2; the customer is 40"),
        ("customer.tier == 'silver'", "needs tier to be silver; it is gold"),
        ("customer.tier != 'gold'", "needs tier to be anything but gold; it is gold"),
        ("!(customer.tier == 'gold')", "needs tier to be anything but gold; it is gold"),
        ("customer.tier in ['a', 'b']", "needs tier to be one of a, b; it is gold"),
        ("!(customer.tier in ['a', 'gold'])", "needs tier to be none of a, gold; it is gold"),
        ("customer.score > 1.5", "needs score to be more than 1.5; it is not known"),
        ("has(customer.score)", "needs score to be known; it is not known"),
        ("!has(customer.tier)", "needs tier not to be known; it is gold"),
        ("customer.vip", "needs vip to be true; it is not known"),
        ("!(customer.tier.startsWith('g'))", "needs tier not to start with g; it is gold"),
        ("customer.tier.endsWith('x')", "needs tier to end with x; it is gold"),
        ("customer.tier.contains('x')", "needs tier to contain x; it is gold"),
        ("'go'.contains(customer.tier)", "needs tier to be part of go; it is gold"),
        ("'yoga' in customer.interests",
         "needs the interests to include yoga; there is running"),
        ("!('running' in customer.interests)",
         "needs the interests not to include running; there is running"),
        ("'bags' in customer.last_purchase",
         "needs the categories bought to include bags; there is shoes, shoes/trail"),
        ("'a' in context.basket", "needs the basket to include a; there is nothing"),
        ("days_since(customer.last_purchase['shoes']) < 100",
         "needs the days since the last purchase in shoes to be less than 100; it is 200"),
        ("days_since(customer.last_purchase['bags']) < 100",
         "needs the days since the last purchase in bags to be less than 100; there is none"),
        ("customer.last_purchase_at > timestamp('2026-11-01T00:00:00Z')",
         "needs the last purchase to be after 2026-11-01; it is 2026-05-02 00:10 UTC"),
        ("customer.spend['shoes'] >= 300.5",
         "needs the amount spent in shoes to be at least 300.5; it is 300"),
        ("customer.household_size > customer.needed",
         "needs household size to be more than needed, which is not known; it is 3"),
        ("customer.household_size > customer.order_count",
         "needs household size to be more than the number of orders, which is 4; it is 3"),
        ("size(customer.interests) > 1",
         "needs the number of the interests to be more than 1; it is 1"),
        ("customer.order_count + 1 > 9",
         "needs the number of orders + 1 to be more than 9; it is 5"),
        ("context.time.getHours('UTC') > 9",
         "needs the hours of the time in UTC to be more than 9; it is 0"),
        ("customer.tags[1] == 'a'", "needs tags at 1 to be a; it is not known"),
        ("customer.address.city == 'Rome'", "needs address city to be Rome; it is not known"),
        ("customer.interests.all(i, i == 'a')",
         "needs the interests to meet customer.interests.all(i, i == 'a'); there is running"),
        ("customer.tier == ['a']", "needs tier to be one of a; it is gold"),
        ("context.time - customer.last_seen_at < duration('1h')",
         "needs the time - the last visit to be less than 1:00:00; it is not known"),
        ("(customer.tier == 'x') == true",
         "needs customer.tier == 'x' to be true; it is false"),
        ("1 > 2", "another rule: this one never holds"),
    ],
)  # fmt: skip
def test_a_condition_is_told_in_plain_words(rule: str, text: str) -> None:
    assert explained(rule)[0] == text


def test_an_unknown_age_is_said_to_be_unknown() -> None:
    text, failed = explained("customer.age >= 18", profile=Profile())
    assert text == "needs an age of at least 18; the customer's age is not known"
    assert failed[0].value is None


def test_every_failing_condition_is_named_and_no_other() -> None:
    text, failed = explained("customer.age >= 50 && customer.tier == 'gold' && customer.vip")
    assert [f.condition for f in failed] == ["customer.age >= 50", "customer.vip"]
    assert text == (
        "needs an age of at least 50 (the customer is 40) and vip to be true (it is not known)"
    )


def test_alternatives_are_told_as_such() -> None:
    text, failed = explained("customer.vip && (customer.age < 18 || customer.age > 65)")
    assert len(failed) == 3
    assert text == (
        "needs vip to be true (it is not known) and either an age of less than 18 "
        "(the customer is 40) or an age of more than 65 (the customer is 40)"
    )


def test_a_denied_combination_is_undone_by_any_of_its_parts() -> None:
    text, _ = explained("!(customer.age > 18 && customer.tier == 'gold')")
    assert text == (
        "needs either an age of at most 18 (the customer is 40) "
        "or tier to be anything but gold (it is gold)"
    )
    text, failed = explained("!(customer.age > 18 || customer.vip)")
    assert text == "needs an age of at most 18; the customer is 40"
    assert len(failed) == 1


def test_the_branch_that_was_taken_is_explained() -> None:
    text, _ = explained("customer.tier == 'gold' ? customer.age > 50 : customer.age > 60")
    assert text == "needs an age of more than 50; the customer is 40"
    text, _ = explained("customer.tier == 'x' ? customer.age > 50 : customer.age > 60")
    assert text == "needs an age of more than 60; the customer is 40"


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("customer.last_purchase_at > context.time", (NOW - days(200)).isoformat()),
        ("context.time - customer.last_purchase_at < duration('1h')", "200 days, 0:00:00"),
        ("'x' in customer.purchase_count", ["shoes", "shoes/trail"]),
        ("'x' in customer.many", list(range(20))),
        ("customer.household_size > 9", 3),
    ],
)
def test_values_are_kept_as_json(rule: str, value: Any) -> None:
    attributes = {"many": list(range(100)), "household_size": 3}
    assert explained(rule, attributes=attributes)[1][0].value == value
