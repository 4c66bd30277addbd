"""Deciding at once, for a page, a till or an agent."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.model import Decision
from chalicelib.steps import reading, replaying, stocking
from chalicelib.steps.offering import DecisionRequest, decide_now
from chalicelib.steps.rooms import Rooms
from tests.stage import Clock, an_offer, stock_the_shop


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    stock_the_shop(rooms)
    return rooms


def asked(rooms: Rooms, identity: str = "user:joe", **other: Any) -> Decision:
    return decide_now(DecisionRequest.model_validate({"identity": identity, **other}), rooms)


def reasons(decision: Decision, rooms: Rooms) -> list[str]:
    return [told["reason"] for told in reading.explanation(decision.id, rooms)["rejected"]]


def test_a_till_gets_the_offer_and_the_cap_counts_it(shop: Rooms, clock: Clock) -> None:
    first = asked(shop, placement="till")
    second = asked(shop, placement="till")

    assert [o.offer_id for o in first.offers] == ["trail-10"]
    assert first.context.placement == "till"
    assert reasons(second, shop) == ["cap"]
    clock.advance(days=8)
    assert [o.offer_id for o in asked(shop).offers] == ["trail-10"]


def test_somebody_unknown_is_decided_for_and_leaves_no_customer(shop: Rooms) -> None:
    decision = asked(shop, "anonymous:nobody")

    assert decision.customer_id is None
    assert reasons(decision, shop) == ["rule"]
    assert shop.customers.resolve(["anonymous:nobody"]) == {}
    assert reading.decision(decision.id, shop) == decision


def test_on_a_channel_without_leave_marketing_is_left_out(shop: Rooms) -> None:
    decision = asked(shop, context={"channel": "email"})

    assert reasons(decision, shop) == ["purpose"]
    assert decision.preference is not None
    assert decision.preference.chosen is None


def test_a_replay_with_another_catalog_shows_what_would_have_been(shop: Rooms) -> None:
    decision = asked(shop)
    shop.offers.put(an_offer(id="better", value=500))
    published = stocking.publish_catalog(stocking.PublishRequest(), shop)

    same = replaying.replayed(decision.id, None, shop)
    other = replaying.replayed(decision.id, published["version"], shop)
    assert same["identical"]
    assert not other["identical"]
    assert [o["offer_id"] for o in other["offers"]] == ["better"]


def test_a_decision_before_anything_is_published_is_empty_and_replays(rooms: Rooms) -> None:
    decision = asked(rooms)

    assert (decision.offers, reasons(decision, rooms)) == ((), [])
    assert replaying.replayed(decision.id, None, rooms)["identical"]


def test_two_at_once_hold_the_cap_between_them(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    living, others = shop.customers.living, [None]

    def slowly(customer_id: str, **how: Any) -> Any:
        seen = living(customer_id, **how)
        if others:
            others.pop()
            asked(shop)
        return seen

    monkeypatch.setattr(shop.customers, "living", slowly)
    decision = asked(shop)

    assert reasons(decision, shop) == ["cap"]
    assert len(reading.customer("joe", shop).offers) == 1


def test_rolling_back_puts_the_older_catalog_live(shop: Rooms) -> None:
    first = shop.engine().versions["catalog"]
    shop.offers.put(an_offer(id="other"))
    stocking.publish_catalog(stocking.PublishRequest(), shop)
    told = stocking.publish_catalog(stocking.PublishRequest(rollback=True), shop)

    assert told["version"] == first == shop.engine().versions["catalog"]
    assert told["removed"] == ["other"]
