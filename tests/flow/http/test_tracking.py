"""Published clients of the Segment HTTP API track, and the customer view shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from rudderstack.analytics.client import Client as RudderClient
from segment.analytics.client import Client as SegmentClient

from tests.machine import NOON, Machine

SHOE = {"product_id": "tb-gtx-44", "category": "anything"}


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("make", [SegmentClient, RudderClient], ids=["segment", "rudderstack"])
def test_a_python_clients_calls_arrive_in_the_customer_view(
    machine: Machine, make: Callable[..., Any], zipped: bool
) -> None:
    user, browser = f"visitor-{machine.number()}", f"browser-{machine.number()}"
    client = make("local-write-key", host=machine.url, gzip=zipped)
    client.track(None, "Product Viewed", SHOE, anonymous_id=browser)
    client.identify(user, {"firstName": "Vic", "email": "vic@example.com", "plan": "pro"})
    client.track(user, "Product Shared", SHOE)
    client.page(user, "Shoes", "Trailblazer GTX", {"url": "https://shop.example/p/tb-gtx"})
    client.alias(browser, user)
    client.shutdown()

    view = arrived(machine, user, 5)
    assert set(view["identities"]) == {f"user:{user}", f"anonymous:{browser}"}
    assert view["profile"]["first_name"] == "Vic"
    assert view["attributes"] == {"plan": "pro", "claimed_email": "vic@example.com"}
    done = {b["name"]: b for b in view["recent"]}
    assert set(done) == {"product_viewed", "product_shared", "page"}
    assert done["product_shared"]["product_id"] == "tb-gtx-44"
    assert view["aggregates"]["view_count"] == {"shoes": 1, "shoes/trail": 1}
    # The clients' clock is not ours: what counts is how long before sending it happened.
    times = [datetime.fromisoformat(b["at"]) for b in view["recent"]]
    assert all(NOON <= at < NOON + timedelta(hours=1) for at in times)


def arrived(machine: Machine, user: str, interactions: int) -> Any:
    """The view of a customer, once that many interactions of theirs are in it."""
    machine.until(lambda: machine.operate("GET", f"/customers/{user}").status == 200)
    machine.until(lambda: machine.customer(user)["aggregates"]["interaction_count"] == interactions)
    return machine.customer(user)


def test_interactions_of_one_customer_at_once_lose_nothing_of_each_other(
    machine: Machine,
) -> None:
    person = machine.somebody()
    events = [
        {"messageId": f"at-once-{person.id}-{n}", "userId": person.id, "event": "Product Viewed"}
        for n in range(10)
    ]
    sends: list[Callable[[], object]] = [
        partial(machine.tracks, "track", {**event, "properties": SHOE}) for event in events
    ]
    sends += [partial(machine.texts, person.phone, "Trailblazer GTX in 44?") for _ in range(3)]
    sends += [partial(machine.tweets, person.x, "is the Tempo 5 there in 43?") for _ in range(3)]
    with ThreadPoolExecutor(len(sends)) as threads:
        list(threads.map(lambda send: send(), sends))
    machine.settled()

    view = machine.customer(person.id)
    assert view["aggregates"]["interaction_count"] == 16
    assert view["aggregates"]["view_count"] == {"shoes": 10, "shoes/trail": 10}
    assert len(view["recent"]) == 10
    assert view["reach"]["sms"]["last_inbound_at"]
    assert view["reach"]["x_reply"]["last_inbound_at"]
    assert view["reach"]["sms"]["last_delivered_at"]
    assert len(machine.messages(person.phone)) == 6
    put = Counter(contact["offer_id"] for contact in view["offers"])
    assert {
        offer: times for offer, times in put.items() if times > allowed_in_a_week(machine, offer)
    } == {}


def allowed_in_a_week(machine: Machine, offer_id: str) -> int:
    """The demo shop's offers have caps per week, or per longer times."""
    caps = machine.told(f"/offers/{offer_id}")["policy"]["per_customer"]
    return min((cap["times"] for cap in caps), default=1000)


def test_an_order_counts_once_however_often_it_is_told(machine: Machine) -> None:
    person = machine.somebody()
    line = {"product_id": "tempo-43", "price": 139, "quantity": 2}
    order = {"order_id": f"order-{person.id}", "total": 278, "currency": "USD", "products": [line]}
    for n in range(3):
        said = {"userId": person.id, "event": "Order Completed", "properties": order}
        machine.tracks("track", {**said, "messageId": f"order-{person.id}-{n}"})
    machine.settled()

    view = machine.customer(person.id)
    assert len(view["orders"]) == view["aggregates"]["order_count"] == 1
    assert float(view["aggregates"]["spend"]["shoes/running"]) == 278


def test_a_batch_with_one_bad_event_keeps_the_good_ones_and_names_the_bad(
    machine: Machine,
) -> None:
    person = machine.somebody()
    events: list[Any] = [
        {"type": "track", "event": "Product Viewed", "userId": person.id, "properties": SHOE},
        {"type": "dance", "userId": person.id, "messageId": f"bad-{person.id}"},
        {"type": "page", "userId": person.id, "name": "Home"},
        "not an event",
    ]
    answer = machine.tracks("batch", {"batch": events})

    assert (answer.status, answer.json()["accepted"]) == (200, 2)
    unknown, no_object = answer.json()["rejected"]
    assert (unknown["index"], unknown["message_id"]) == (1, f"bad-{person.id}")
    assert "identify, track, page" in unknown["reason"]
    assert (no_object["index"], no_object["message_id"]) == (3, None)
    assert len(arrived(machine, person.id, 2)["recent"]) == 2


@pytest.mark.parametrize("path", ["/v1/t", "/v1/track"])
def test_a_beacons_text_with_the_key_in_it_arrives(machine: Machine, path: str) -> None:
    person = machine.somebody()
    body = f'{{"writeKey": "local-write-key", "userId": "{person.id}", "event": "Cart Viewed"}}'
    headers = {"Content-Type": "text/plain;charset=UTF-8", "Origin": "https://shop.example"}
    answer = machine.call("POST", path, body.encode(), headers)

    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert arrived(machine, person.id, 1)["recent"][0]["name"] == "cart_viewed"


def test_a_browser_may_ask_first_and_global_privacy_control_is_honoured(machine: Machine) -> None:
    person = machine.somebody()
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "anonymousid,authorization,content-type,sentat",
    }
    allowed = machine.call("OPTIONS", "/v1/page", headers=asked)
    assert allowed.status == 200
    names = allowed.headers["Access-Control-Allow-Headers"].lower().split(",")
    assert {"anonymousid", "authorization", "content-type", "sentat"} <= set(names)
    event = f'{{"writeKey": "local-write-key", "userId": "{person.id}", "name": "Home"}}'.encode()
    assert machine.call("POST", "/v1/p", event, {"Sec-GPC": "1"}).status == 200
    machine.settled()

    view = machine.customer(person.id)
    assert view["gpc"] is True
    assert view["recent"] == []
