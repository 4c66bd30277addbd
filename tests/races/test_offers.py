"""What is scarce, asked for by many at once: budgets that all share, and one person's caps."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from chalicelib.model import Channel, Customer
from chalicelib.steps import reading
from chalicelib.steps.offering import DecisionRequest, decide_now
from chalicelib.steps.rooms import Rooms
from tests.races.crowd import Crowd, at_once
from tests.stage import JOE, Recorder, a_message, an_offer, put_customer, stock_the_shop

ASKS = "do you have the Trailblazer GTX in a 44?"
BUDGET = 10
CUSTOMERS = 40

pytestmark = pytest.mark.races


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    """With one offer, that only ten may get."""
    stock_the_shop(
        rooms, an_offer(policy={"budget": BUDGET, "per_customer": [{"times": 1, "days": 7}]})
    )
    return rooms


def customers(shop: Rooms) -> list[Customer]:
    """Forty like Joe, each with a number of their own."""
    put_customer(shop, "like-joe", {**JOE, "identities": []})
    like_joe = reading.customer("like-joe", shop)
    made = [
        like_joe.model_copy(
            update={"id": f"c{n}", "identities": (f"user:c{n}", f"phone:+1555999{n:04}")}
        )
        for n in range(CUSTOMERS)
    ]
    shop.customers.put_items(item for one in made for item in shop.customers.items_of(one))
    return made


def test_forty_people_at_once_share_a_budget_of_ten_to_the_last_unit(
    crowd: Crowd, shop: Rooms, recorder: Recorder
) -> None:
    people = customers(shop)
    crowd.work_on(
        [
            a_message(ASKS, number=one.id, channel=Channel.SMS, sender=one.identities[1])
            for one in people
        ]
    )

    made = [len(reading.customer(one.id, shop).offers) for one in people]
    assert sum(made) == BUDGET
    assert max(made) == 1
    assert shop.budgets.used(shop.dynamodb, "trail-10") == BUDGET
    assert len(recorder.sent) == CUSTOMERS
    assert sum("10% off" in reply.text for reply in recorder.sent) == BUDGET


def test_eight_decisions_at_once_hold_one_person_s_cap(crowd: Crowd, shop: Rooms) -> None:
    asked = DecisionRequest(identity="user:joe", placement="till")
    decisions = at_once([partial(decide_now, asked, each) for each in crowd.containers(8)])

    assert Counter(len(decision.offers) for decision in decisions) == {1: 1, 0: 7}
    empty = [reading.explanation(d.id, shop) for d in decisions if not d.offers]
    assert [told["rejected"][0]["reason"] for told in empty] == ["cap"] * 7
    assert len(reading.customer("joe", shop).offers) == 1
    assert shop.budgets.used(shop.dynamodb, "trail-10") == 1
