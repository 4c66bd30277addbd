"""The account of the offers that were not made, and what a customer could be made at all."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.decisioning import Account
from chalicelib.model import Customer, RejectedOffer

from .builders import NOW, asked, contact, days, decided, engine, joe, offer

OFFERS = [
    offer("a", value=50),
    offer("b", value=40),
    offer("c", value=30, policy={"exclusive_group": "g"}),
    offer("d", value=45, policy={"exclusive_group": "g"}),
    offer("z", rule="customer.age > 99"),
    offer("y", ends_at=NOW),
    offer("x", policy={"budget": 0}),
    offer("w", policy={"per_customer": [{"times": 1, "days": 7}]}),
]
INPUTS = asked(joe(offers=[contact("w", 1)]), limit=2)


def an_account() -> Account:
    by = engine(*OFFERS)
    return by.account(INPUTS, decided(by, INPUTS))


def test_the_eligible_come_first_then_the_others_by_id() -> None:
    assert [(r.offer_id, r.reason) for r in an_account()] == [
        ("b", "score"),
        ("c", "exclusive"),
        ("w", "cap"),
        ("x", "budget"),
        ("y", "date"),
        ("z", "rule"),
    ]


def test_an_account_is_a_sequence() -> None:
    account = an_account()
    everything = list(account)
    assert len(account) == len(everything) == 6
    assert account[:2] == tuple(everything[:2])
    assert account[4:99] == tuple(everything[4:])
    assert account[::-1] == tuple(reversed(everything))
    assert (account[-1], account[0]) == (everything[-1], everything[0])
    assert account[6:] == ()
    with pytest.raises(IndexError):
        account[6]


def test_one_offer_can_be_asked_about() -> None:
    account = an_account()
    assert (found := account.of("z"))
    assert found.reason == "rule"
    assert (account.of("a"), account.of("none")) == (None, None)


def test_a_reason_is_worked_out_when_it_is_read() -> None:
    asked_for: list[str] = []

    def teller(offer_id: str) -> Any:
        def tell() -> RejectedOffer:
            asked_for.append(offer_id)
            return RejectedOffer(offer_id=offer_id, reason="rule", text="")

        return tell

    account = Account({i: teller(i) for i in "abcdef"})
    assert (len(account), asked_for) == (6, [])
    assert [r.offer_id for r in account[2:4]] == ["c", "d"]
    assert account.of("f")
    assert asked_for == ["c", "d", "f"]


def test_an_account_is_of_the_moment_of_the_decision() -> None:
    by = engine(offer("a", ends_at=NOW + days(1)), offer("b", starts_at=NOW + days(1)))
    early, late = (decided(by, asked(), now=at) for at in (NOW, NOW + days(1)))
    assert [r.offer_id for r in by.account(asked(), early)] == ["b"]
    assert [r.offer_id for r in by.account(asked(), late)] == ["a"]


@pytest.mark.parametrize(
    ("rule", "reachable"),
    [
        ("context.channel == 'email'", True),
        ("context.channel != 'sms' && context.hour > 30", True),
        ("request.intent == 'price' && 'x' in request.products", True),
        ("!('x' in context.basket) && !('x' in request.categories)", True),
        ("context.basket.exists(i, i == 'a')", True),
        ("!(context.basket.exists(i, i == 'a'))", True),
        ("context.hour + 1 > 50", True),
        ("customer.order_count > context.hour", True),
        ("context.channel == 'email' && customer.age > 99", False),
        ("context.channel == 'email' || customer.age > 99", True),
        ("customer.age > 99", False),
        ("customer.age + 1 > 99", False),
        ("customer.age > 99 ? context.channel == 'sms' : customer.tier == 'silver'", False),
        ("customer.age < 99 ? context.channel == 'email' : customer.tier == 'silver'", True),
        ("customer.missing == 1 && context.store == 'soho'", False),
        ("'yoga' in customer.interests && 'x' in context.basket", False),
        ("'running' in customer.interests && 'x' in context.basket", True),
        ("!('running' in customer.interests)", False),
        ("days_since(customer.last_purchase['shoes']) < 100", False),
        ("days_since(customer.last_purchase['shoes']) < 300", True),
        ("context.time < timestamp('2020-01-01T00:00:00Z')", False),
        ("customer.interests.exists(i, i == 'yoga')", False),
        ("customer.interests.exists(i, i == context.store)", True),
    ],
)
def test_context_and_request_are_left_open_and_the_customer_is_not(
    rule: str, reachable: bool
) -> None:
    by = engine(offer("a", rule=rule), offer("b", rule=f"!({rule})"), offer("c", rule="1 > 2"))
    found = by.reachable(joe(), NOW)
    assert ("a" in found) is reachable
    assert found & {"a", "b"}
    assert "c" not in found


def test_dates_are_not_left_open_and_purposes_are() -> None:
    by = engine(
        offer("old", ends_at=NOW),
        offer("soon", starts_at=NOW + days(1)),
        offer("service", purpose="service"),
        offer("marketing"),
        offer("gone", policy={"budget": 0}),
    )
    assert by.reachable(Customer(id="c"), NOW) == {"service", "marketing"}
    assert by.reachable(Customer(id="c"), NOW + days(1)) == {"service", "marketing", "soon"}
