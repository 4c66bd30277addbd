"""Patterns of a sample of customers, and decisions by a model that has them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

import numpy as np
import pytest

from chalicelib.decisioning import LATEST_ORDERS
from chalicelib.model import Customer, Order, OrderLine
from chalicelib.steps import models
from chalicelib.steps.counting import learn_from
from chalicelib.steps.habits import LEAST_ORDERS, patterns_of
from chalicelib.steps.models import RolloutRequest
from chalicelib.steps.offering import DecisionRequest, decide_now
from chalicelib.steps.replaying import replayed
from chalicelib.steps.rooms import Rooms
from tests.stage import NOON, Clock, an_offer, stock_the_shop

ORDERS_EACH = 25
CUSTOMERS = LEAST_ORDERS // ORDERS_EACH
KINDS = ("shoes/trail", "shoes/road", "socks/wool", "tents/light")


def an_order(customer: int, number: int, *categories: str, status: str = "placed") -> Order:
    return Order(
        id=f"o-{customer}-{number}",
        at=NOON - timedelta(days=2 * number + customer % 2, hours=customer % 12),
        total=Decimal(10),
        lines=tuple(OrderLine(category=category, amount=Decimal(5)) for category in categories),
        status=status,
    )


def a_customer(number: int, **changes: object) -> Customer:
    """Who buys socks with shoes, and tents by themselves."""
    rng = Random(number)
    baskets = [
        (rng.choice(KINDS[:2]), "socks/wool") if rng.random() < 0.6 else ("tents/light",)
        for _ in range(ORDERS_EACH)
    ]
    orders = tuple(an_order(number, n, *basket) for n, basket in enumerate(baskets))
    return Customer(
        **{"id": f"c{number}", "identities": (f"user:c{number}",), "orders": orders, **changes}
    )


def many(count: int = CUSTOMERS) -> list[Customer]:
    return [a_customer(number) for number in range(count)]


def test_of_few_orders_nothing_is_said_in_general() -> None:
    assert patterns_of(many(CUSTOMERS - 1)) is None
    assert patterns_of([]) is None


def test_patterns_are_those_of_the_orders_whoever_is_drawn_first() -> None:
    one, other = patterns_of(many()), patterns_of(reversed(many()))
    assert one is not None
    assert other is not None
    assert one.categories == tuple(sorted(KINDS))
    assert one.digest == other.digest
    assert np.exp(one.share)[one.place["socks/wool"]] == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize(
    "changes",
    [
        {"gpc": True},
        {"orders": tuple(an_order(99, n, "boats", status="refunded") for n in range(20))},
    ],
)
def test_who_objected_and_what_was_undone_is_left_out(changes: dict[str, object]) -> None:
    plain, with_more = patterns_of(many()), patterns_of([*many(), a_customer(99, **changes)])
    assert plain is not None
    assert with_more is not None
    assert with_more.digest == plain.digest


def test_a_model_with_patterns_decides_by_the_latest_orders_and_is_replayed(
    rooms: Rooms, clock: Clock
) -> None:
    offers = (
        an_offer(id=k.replace("/", "-"), policy={}, products=(f"category:{k}",)) for k in KINDS
    )
    stock_the_shop(rooms, *offers)
    for customer in many():
        rooms.customers.put_items(rooms.customers.items_of(customer))
    asked = DecisionRequest(identity="user:joe", limit=2)
    made = decide_now(asked, rooms)
    clock.advance(hours=73)
    learn_from([made.id], rooms)

    told = models.learned(rooms)
    assert told["categories"] == len(KINDS)
    assert not rooms.engine().reads_orders
    models.rolled_out(RolloutRequest(share=1), rooms)

    assert rooms.engine().reads_orders
    decision = decide_now(DecisionRequest(identity="user:c1", limit=2), rooms)
    assert decision.versions["model"] == told["learned"]
    kept = rooms.ledger.decision_with_inputs(decision.id)
    assert kept is not None
    assert 0 < len(kept[1].customer.orders) <= LATEST_ORDERS
    assert replayed(decision.id, None, rooms)["identical"]
