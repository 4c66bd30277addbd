"""Over HTTP: some customers are made no offers, what the groups do is told beside one another, and
the next model waits in shadow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

import app as application
from chalicelib.settings import Settings
from chalicelib.steps.groups import CONTROL, in_control
from chalicelib.steps.rooms import Rooms
from infra.local.front import refuse
from infra.local.gateway import Gateway, LambdaContext
from infra.local.server import HttpServer
from tests.flow.test_hidden_tastes import MINUTE, TOKEN, Shop
from tests.stage import Aws, Clock, Recorder, a_stage

PEOPLE = [f"c-{number}" for number in range(8)]
HALF = 0.5
OFFER = {
    "title": "A tenth off",
    "rule": "customer.age >= 18",
    "value": 5,
    "products": ["category:shoes"],
    "wording": {"default": "A tenth off."},
}


@pytest.fixture
def settings(aws: Aws) -> Settings:
    stated = {"control_share": HALF, "snapshot_least_decisions": len(PEOPLE)}
    return a_stage(aws.outputs["ArtifactsBucket"]).model_copy(update=stated)


@pytest.fixture
def shop(aws: Aws, rooms: Rooms, clock: Clock, recorder: Recorder) -> Iterator[Shop]:
    server = HttpServer(lambda request: gateway.answer(request), refuse)
    gateway = Gateway(application.app, token=TOKEN, domain=server.url.partition("://")[2])
    server.start()
    made = Shop(aws, rooms, clock, recorder.sent, server.url)
    yield made
    made.close()
    server.stop()


def decided(shop: Shop, who: str) -> dict[str, Any]:
    answer = shop.operate("POST", "/decisions", {"identity": f"user:{who}"})
    told: dict[str, Any] = answer.json()
    return told


def orders(shop: Shop, who: str) -> None:
    order = {"order_id": f"o-{who}", "total": 40, "currency": "USD"}
    told = {"type": "track", "userId": who, "event": "Order Completed", "properties": order}
    shop.hears([{**told, "timestamp": shop.clock().isoformat()}])


def test_what_offers_do_is_told_by_those_who_are_made_none(shop: Shop) -> None:
    shop.operate("PUT", "/offers/tenth", OFFER)
    shop.operate("POST", "/catalog/publish", {})
    for who in PEOPLE:
        shop.operate("PUT", f"/customers/{who}", {"profile": {"birth_date": "1990-01-01"}})
    inside = [who for who in PEOPLE if in_control(who, HALF)]
    made = {who: decided(shop, who) for who in PEOPLE}
    assert {who for who, told in made.items() if not told["offers"]} == {*inside}
    explained = shop.operate("GET", f"/decisions/{made[inside[0]]['decision_id']}").json()
    assert explained["group"] == {"name": "control", "text": CONTROL}
    orders(shop, inside[0])
    shop.passes(timedelta(hours=73))
    application.handle_snapshot(MINUTE, LambdaContext())
    told = shop.operate("GET", "/models").json()
    groups = {row["group"]: row for row in told["groups"]}

    assert groups["control"]["decisions"] == groups["control"]["customers"] == len(inside)
    assert groups["control"]["offers"] == 0
    assert groups["control"]["orders_per_decision"]["value"] == pytest.approx(
        1 / len(inside), abs=1e-6
    )
    assert groups["live"]["offers"] == len(PEOPLE) - len(inside)
    assert groups["live"]["to_control"]["revenue_per_decision"]["value"] == pytest.approx(
        -40 / len(inside), abs=1e-6
    )
    assert told["candidate"] == groups["candidate"]["model"] != told["live"]
    assert (told["share"], groups["candidate"]["decisions"]) == (0, 0)
