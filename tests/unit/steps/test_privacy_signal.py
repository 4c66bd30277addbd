"""Global Privacy Control from the browser's event to the decision, its explanation and replay."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.model import Customer, Identification, WebEvent
from chalicelib.steps import reading
from chalicelib.steps.explaining import UNPROFILED
from chalicelib.steps.offering import DecisionRequest, decide_now
from chalicelib.steps.replaying import replayed
from chalicelib.steps.rooms import Rooms
from tests.stage import Recorder, a_message, an_event, an_offer, stock_the_shop

LOOKED = an_offer(id="looked", rule="customer.view_count['shoes/trail'] >= 1", value=90)


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    stock_the_shop(rooms, an_offer(), LOOKED)
    return rooms


def joe(shop: Rooms) -> Customer:
    return reading.customer("joe", shop)


def looks(shop: Rooms, number: str, *, gpc: bool = False, **properties: Any) -> None:
    seen = {"product_id": "tb-gtx-44", **properties}
    event = an_event("product_viewed", "user:joe", "anonymous:home", number=number)
    body = WebEvent(name="product_viewed", properties=seen, gpc=gpc)
    assert pipeline.respond(event.model_copy(update={"body": body}), shop) is not None


def best(shop: Rooms) -> tuple[str, list[str]]:
    decision = decide_now(DecisionRequest(identity="user:joe", limit=2), shop)
    return decision.id, [offer.offer_id for offer in decision.offers]


def test_one_signal_ends_profiling_by_browsing_and_the_explanation_says_so(shop: Rooms) -> None:
    looks(shop, "1")
    before, offers = best(shop)
    assert "looked" in offers
    assert reading.explanation(before, shop)["profiling"] is None

    looks(shop, "2", gpc=True)
    assert joe(shop).gpc
    assert len(joe(shop).recent) == 1
    after, offers = best(shop)
    assert "looked" not in offers
    told = reading.explanation(after, shop)
    assert told["profiling"] == UNPROFILED
    (rejected,) = [r for r in told["rejected"] if r["offer_id"] == "looked"]
    assert (rejected["reason"], rejected["failed"][0]["value"]) == ("rule", None)


def test_a_decision_from_before_and_one_from_after_are_replayed_alike(shop: Rooms) -> None:
    looks(shop, "1")
    before, _ = best(shop)
    looks(shop, "2", gpc=True)
    after, _ = best(shop)
    for decision_id in (before, after):
        assert replayed(decision_id, None, shop)["identical"] is True


def test_the_signal_comes_with_whoever_is_identified_and_never_wears_off(shop: Rooms) -> None:
    event = an_event("x", "anonymous:new", number="1")
    claim = event.model_copy(update={"body": Identification(traits={"plan": "pro"}, gpc=True)})
    pipeline.respond(claim, shop)
    looks(shop, "2")
    pipeline.respond(
        an_event("page", "user:joe", "anonymous:new", number="3"),
        shop,
    )
    assert joe(shop).gpc
    assert "plan" not in joe(shop).attributes
    looks(shop, "4")
    assert "looked" not in best(shop)[1]


def test_what_it_means_is_not_guessed_from_what_they_looked_at(
    shop: Rooms, recorder: Recorder
) -> None:
    looks(shop, "1")
    asked = a_message("do you have it in 44?", number="1")
    pipeline.respond(asked, shop)
    looks(shop, "2", gpc=True)
    pipeline.respond(asked.model_copy(update={"id": "x:2"}), shop)
    by_browsing, without = (reading.interaction(f"x:{n}", shop) for n in (1, 2))
    assert [p["product_id"] for p in by_browsing["understanding"]["products"]][:1] == ["tb-gtx-44"]
    assert without["understanding"]["products"] == []


def test_what_they_bought_still_answers_what_they_ask(shop: Rooms) -> None:
    looks(shop, "1", gpc=True)
    order = {"order_id": "o-1", "total": 129.9, "products": [{"product_id": "tb-gtx-44"}]}
    event = an_event("order_completed", "user:joe", number="2")
    body = WebEvent(name="order_completed", properties=order, gpc=True)
    record = pipeline.respond(event.model_copy(update={"body": body}), shop)
    assert record is not None
    assert record.interaction.body == body
    assert joe(shop).aggregates.purchase_count["shoes/trail"] == 1
    pipeline.respond(a_message("where is my order o-1?", number="3"), shop)
    told = reading.interaction("x:3", shop)
    assert told["understanding"]["intent"] == "order_status"
