"""Caps of one person and budgets of all hold when decisions are made at the same time."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.ledger import Budgets, Ledger
from chalicelib.model import Cap, Channel, ContactLimits, Decision, OfferContact, Purpose
from chalicelib.steps import reading, stocking
from chalicelib.steps.offering import DecisionRequest, decide_now
from chalicelib.steps.rooms import Rooms
from tests.stage import JOE, an_event, an_offer, put_customer, stock_the_shop

BROWSER = "anonymous:browser-1"


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    """Three offers, each once in a week, and of all that is about shoes two in a week."""
    stock_the_shop(rooms, *(an_offer(id=f"o-{n}", rule="true") for n in range(3)))
    rooms.limits.put(ContactLimits(groups={"shoes": (Cap(times=2, days=7),)}))
    stocking.publish_catalog(stocking.PublishRequest(), rooms)
    return rooms


def asked(rooms: Rooms, identity: str = "user:joe", **other: Any) -> Decision:
    return decide_now(DecisionRequest.model_validate({"identity": identity, **other}), rooms)


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object], times: int = 1) -> None:
    """Do `act` between the next read of a decision and its commit, `times` over."""
    commit, left = Ledger.commit, [times]

    def late(ledger: Ledger, writes: Any) -> None:
        if left[0]:
            left[0] -= 1
            act()
        commit(ledger, writes)

    monkeypatch.setattr(Ledger, "commit", late)


def made(rooms: Rooms, customer_id: str = "joe") -> list[OfferContact]:
    return list(reading.customer(customer_id, rooms).offers)


def test_a_contact_says_all_that_limits_count(shop: Rooms) -> None:
    decision = asked(shop, context={"channel": "sms"})
    (contact,) = made(shop)

    assert contact.decision_id == decision.id
    assert (contact.channel, contact.purpose) == (Channel.SMS, Purpose.MARKETING)
    assert contact.groups == ("shoes", "shoes/trail")


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_decisions_that_overlap_never_exceed_a_cap_or_a_limit(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    nested: list[Decision] = []
    meanwhile(monkeypatch, lambda: nested.append(asked(shop, limit=limit)), times=3)
    outer = asked(shop, limit=limit)

    contacts = made(shop)
    assert len(contacts) == 2
    assert len({c.offer_id for c in contacts}) == 2
    assert sum(len(d.offers) for d in (outer, *nested)) == 2


def test_under_whichever_identity_they_come_it_is_one_person(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, lambda: asked(shop, "phone:+15551230001", limit=3))
    decision = asked(shop, "email:joe@example.com", limit=3)

    assert decision.offers == ()
    assert len(made(shop)) == 2


def test_a_browser_that_is_on_record_has_its_caps_too(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.respond(an_event("page", BROWSER), shop)
    owner = shop.customers.resolve([BROWSER])[BROWSER]
    meanwhile(monkeypatch, lambda: asked(shop, BROWSER, limit=3))
    assert asked(shop, BROWSER, limit=3).offers == ()

    assert len(made(shop, owner)) == 2


def test_a_merge_between_read_and_commit_loses_no_contact(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_customer(shop, "ann", {"identities": ["email:ann@example.com"]})
    asked(shop, "user:ann", limit=3)

    def merge() -> None:
        put_customer(shop, "joe", {**JOE, "identities": ["email:ann@example.com", "x:1234"]})

    meanwhile(monkeypatch, merge)
    assert asked(shop, limit=3).offers == ()
    assert len(made(shop)) == 2


def test_a_budget_is_never_overspent_by_decisions_that_overlap(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = 5
    stock_the_shop(rooms, an_offer(rule="true", policy={"budget": budget}))
    for n in range(4):
        put_customer(rooms, f"c{n}", {})
    decisions: list[Decision] = []

    def others() -> None:
        for n in range(4):
            # Each in a container that knows nothing of what the others found spent.
            fresh = rooms.but(budgets=Budgets(rooms.ledger.table, random.Random(n)))
            decisions.append(asked(fresh, f"user:c{n}"))

    meanwhile(monkeypatch, others, times=3)
    decisions.append(asked(rooms))
    decisions.append(asked(rooms, "anonymous:nobody"))

    assert sum(len(d.offers) for d in decisions) == budget
    assert rooms.budgets.used(rooms.dynamodb, "trail-10") == budget


def test_somebody_unknown_takes_from_a_budget_and_leaves_no_contact(rooms: Rooms) -> None:
    stock_the_shop(rooms, an_offer(rule="true", policy={"budget": 1}))

    assert len(asked(rooms, "anonymous:nobody").offers) == 1
    assert asked(rooms, "anonymous:nobody").offers == ()
    assert rooms.customers.resolve(["anonymous:nobody"]) == {}
    told = reading.explanation(asked(rooms, "anonymous:nobody").id, rooms)
    assert [r["reason"] for r in told["rejected"]] == ["budget"]


def test_no_request_walks_the_catalog(shop: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = shop.engine().catalog

    def refuse(*_: Any) -> None:
        raise AssertionError("the whole catalog was listed")

    monkeypatch.setattr(type(catalog), "ids", refuse)
    assert len(asked(shop).offers) == 1
