"""Rejoinder itself on one machine, with the demo shop, over HTTP."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from chalicelib.model import Channel
from infra.local import callers
from infra.local.__main__ import _data
from infra.local.machine import LocalCloud

JOE = "+15551230001"
ASKS = "do you have the Trailblazer GTX in a 44?"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    state: Path = tmp_path_factory.mktemp("local")
    with LocalCloud(state_dir=state, data=_data("shop")) as machine:
        ask(machine, "POST", "/local/clock", {"now": "2026-11-18T17:00:00Z"})
        yield machine


def ask(machine: LocalCloud, method: str, path: str, said: Any = None, **headers: str) -> Any:
    """The answer's document, where it is a success."""
    answer = send(machine, method, path, said, **headers)
    assert answer.status == 200, answer.data
    return json.loads(answer.data)


def send(
    machine: LocalCloud, method: str, path: str, said: Any = None, **headers: str
) -> urllib3.BaseHTTPResponse:
    body = said if isinstance(said, bytes) or said is None else json.dumps(said).encode()
    stated = {"Authorization": f"Bearer {machine.token}", **headers}
    return urllib3.request(
        method, machine.url + path, body=body, headers=stated, retries=False, redirect=False
    )


def until(asked: Callable[[], Any], seconds: float = 10) -> Any:
    end, pause = time.monotonic() + seconds, threading.Event()
    while not (answer := asked()) and time.monotonic() < end:
        pause.wait(0.02)
    return answer


def replies(machine: LocalCloud, interaction_id: str) -> list[dict[str, Any]]:
    messages = ask(machine, "GET", "/local/messages")
    return [m for m in messages if m["interaction_id"] == interaction_id]


def test_joes_tweet_is_answered_by_text_within_two_seconds_and_nothing_goes_to_x(
    machine: LocalCloud,
) -> None:
    begun = time.monotonic()
    asked = ask(machine, "POST", "/local/tweet", {"from": "1234", "text": ASKS})
    interaction_id = asked["interaction_id"]

    (reply,) = until(lambda: replies(machine, interaction_id))

    assert time.monotonic() - begun < 2
    assert (reply["channel"], reply["provider"], reply["to"]) == ("sms", "twilio", JOE)
    for fact in ("Trailblazer GTX", "44", "in stock", "129.90"):
        assert fact in reply["text"]
    found = ask(machine, "GET", f"/interactions/{interaction_id.replace(':', '%3A')}")
    assert (found["status"], found["customer_id"]) == ("answered", "joe")
    assert all(m["provider"] != "x" for m in replies(machine, interaction_id))


def test_a_strangers_post_signed_straight_to_the_webhook_is_answered_on_x(
    machine: LocalCloud,
) -> None:
    """The stand-in for X accepts replies to posts that it knows of: the front tells it."""
    assert machine.rooms is not None
    now = machine.clock.now()
    call = callers.tweet(machine.settings, "777", ASKS, now=now, rng=machine.rooms.rng)
    answers = [send(machine, "POST", call.path, call.body, **call.headers) for _ in range(5)]

    (reply,) = until(lambda: replies(machine, call.interaction_id))

    assert {answer.status for answer in answers} == {200}
    assert (reply["channel"], reply["to"]) == (Channel.X_REPLY, "777")
    last = ask(machine, "POST", "/local/text", {"from": "+15551230003", "text": "store hours?"})
    assert until(lambda: replies(machine, last["interaction_id"]))
    assert len(replies(machine, call.interaction_id)) == 1


def test_a_click_is_counted_and_the_clock_moves(machine: LocalCloud) -> None:
    said = {"user_id": "joe", "product_id": "tb-gtx-44", "event": "Product Viewed"}
    clicked = ask(machine, "POST", "/local/click", said)["interaction_id"]

    assert until(lambda: send(machine, "GET", f"/interactions/{clicked}").status == 200)
    ask(machine, "POST", "/local/clock", {"now": "2026-11-18T17:30:00Z"})
    assert ask(machine, "GET", "/local/clock")["now"].startswith("2026-11-18T17:30")


def test_a_zipped_batch_and_a_preflight_come_through(machine: LocalCloud) -> None:
    event = {"type": "track", "event": "Product Viewed", "userId": "joe", "messageId": "zipped-1"}
    batch = gzip.compress(json.dumps({"batch": [event], "writeKey": "local-write-key"}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/x-www-form-urlencoded"}
    url = f"{machine.url}/v1/batch"

    answer = urllib3.request("POST", url, body=batch, headers=headers, retries=False)
    preflight = urllib3.request(
        "OPTIONS", url, headers={"Origin": "https://shop.example"}, retries=False
    )

    assert json.loads(answer.data)["accepted"] == 1
    assert preflight.status == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"


def test_forged_and_unauthorised_requests_are_refused(machine: LocalCloud) -> None:
    forged = send(machine, "POST", "/webhooks/x", b"{}", **{"x-twitter-webhooks-signature": "x"})

    assert forged.status == 401
    assert send(machine, "GET", "/customers/joe", Authorization="Bearer wrong").status == 401
    assert send(machine, "GET", "/customers/joe").status == 200
    assert send(machine, "GET", "/console", Authorization="").status == 200
    assert send(machine, "GET", "/nothing").status == 404
