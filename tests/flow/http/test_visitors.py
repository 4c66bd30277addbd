"""Visitors of the site over HTTP: proven by the shop, told by push, reading their inbox."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pytest
from rudderstack.analytics.client import Client as RudderClient
from segment.analytics.client import Client as SegmentClient

from infra.local.carriers.push import address, subscription
from tests.machine import Machine, Person, Response

ASKS = "do you have the Trailblazer GTX in a 44?"


def proof_of(user_id: str) -> str:
    """As the shop's own server makes it."""
    return hmac.new(b"local-identity-secret", user_id.encode(), hashlib.sha256).hexdigest()


def logs_in(machine: Machine, person: Person, browser: str, proof: str | None = None) -> Response:
    """The page tells who its visitor is; `proof` None: the right one."""
    given = {"identityProof": proof_of(person.id) if proof is None else proof}
    document = {
        "messageId": f"login-{machine.number()}",
        "userId": person.id,
        "anonymousId": browser,
        "context": given if proof != "" else {},
    }
    answer = machine.tracks("identify", document)
    machine.settled()
    return answer


def subscribes(machine: Machine, person: Person, browser: str, token: str) -> None:
    document = {
        "messageId": f"push-{machine.number()}",
        "userId": person.id,
        "anonymousId": browser,
        "event": "Push Subscribed",
        "properties": {**subscription(token), "wording": "Tell me of my orders and questions"},
        "context": {"identityProof": proof_of(person.id)},
    }
    assert machine.tracks("track", document).status == 200
    machine.settled()


def asks_for_inbox(
    machine: Machine, browser: str, path: str = "/inbox", method: str = "GET"
) -> Response:
    key = base64.b64encode(b"local-write-key:").decode()
    headers = {"Authorization": f"Basic {key}", "X-Anonymous-Id": browser}
    return machine.call(method, path, headers=headers)


def receipt(machine: Machine, interaction_id: str) -> Any:
    (reply,) = machine.dealt_with(interaction_id)["replies"]
    return reply["channel"], reply["receipt"]["status"]


def test_a_proven_visitor_subscribes_and_the_answer_arrives_by_push(machine: Machine) -> None:
    person = machine.somebody(preferences={"service": ["push"]})
    token = f"phone-{person.id}"
    assert logs_in(machine, person, token).status == 200
    subscribes(machine, person, token, token)

    asked = machine.tweets(person.x, ASKS)
    assert receipt(machine, asked) == ("push", "sent")
    (message,) = machine.messages(address(token))
    assert (message["provider"], message["interaction_id"]) == ("push", asked)
    assert "Trailblazer GTX in 44 is in stock" in message["text"]
    _, shown = machine.cloud.carriers.push.shown[-1]
    assert shown["url"].startswith(f"{machine.url}/r/")
    assert shown["url"] not in shown["body"]
    followed = machine.call("GET", shown["url"].removeprefix(machine.url))
    assert followed.status == 302


def test_a_subscription_that_ended_is_not_tried_again(machine: Machine) -> None:
    person = machine.somebody(preferences={"service": ["push"]})
    token = f"gone-{person.id}"
    logs_in(machine, person, token)
    subscribes(machine, person, token, token)
    machine.cloud.carriers.push.end(token)

    machine.dealt_with(machine.tweets(person.x, ASKS))
    machine.settled()
    assert machine.messages(address(token)) == []
    assert machine.customer(person.id)["subscriptions"] == []


@pytest.mark.parametrize("make", [SegmentClient, RudderClient], ids=["segment", "rudderstack"])
def test_a_published_client_hands_the_proof_on(machine: Machine, make: Callable[..., Any]) -> None:
    user, browser = f"proven-{machine.number()}", f"browser-{machine.number()}"
    client = make("local-write-key", host=machine.url)
    context = {"identityProof": proof_of(user)}
    client.identify(user, {"plan": "pro"}, context=context, anonymous_id=browser)
    client.shutdown()
    machine.until(lambda: machine.operate("GET", f"/customers/{user}").status == 200)
    view = machine.customer(user)
    assert view["proven_browsers"] == [f"anonymous:{browser}"]
    assert view["attributes"] == {"plan": "pro"}


def test_a_proven_visitor_reads_the_answer_in_the_inbox_on_the_site(machine: Machine) -> None:
    person = machine.somebody(preferences={"service": ["inbox"]})
    browser = f"laptop-{person.id}"
    logs_in(machine, person, browser)
    assert asks_for_inbox(machine, browser).json() == []

    asked = machine.tweets(person.x, ASKS)
    assert receipt(machine, asked) == ("inbox", "sent")
    answer = asks_for_inbox(machine, browser)
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    (message,) = answer.json()
    assert "Trailblazer GTX in 44 is in stock" in message["text"]
    assert message["read"] is False
    machine.until(lambda: receipt(machine, asked) == ("inbox", "delivered"))

    read = asks_for_inbox(machine, browser, f"/inbox/{message['id']}/read", "POST")
    assert (read.status, read.json()) == (200, {"id": message["id"], "read": True})
    assert asks_for_inbox(machine, browser).json()[0]["read"] is True


def test_whoever_forges_identify_finds_an_empty_inbox(machine: Machine) -> None:
    person = machine.somebody(preferences={"service": ["inbox"]})
    own, attacker = f"own-{person.id}", f"attacker-{person.id}"
    logs_in(machine, person, own)
    assert logs_in(machine, person, attacker, proof="").status == 200
    refused = logs_in(machine, person, attacker, proof=proof_of("somebody-else"))
    assert (refused.status, refused.json()["error"]["code"]) == (401, "signature")

    machine.dealt_with(machine.tweets(person.x, ASKS))
    assert asks_for_inbox(machine, attacker).json() == []
    assert len(asks_for_inbox(machine, own).json()) == 1


def test_a_page_of_any_site_may_ask_for_its_visitor_s_inbox(machine: Machine) -> None:
    preflight = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,x-anonymous-id",
    }
    for path in ("/inbox", f"/inbox/{'a' * 32}/read"):
        answer = machine.call("OPTIONS", path, headers=preflight)
        allowed = answer.headers["Access-Control-Allow-Headers"].lower()
        assert "x-anonymous-id" in allowed
        assert "authorization" in allowed


def test_an_inbox_is_asked_for_with_a_key_and_a_browser(machine: Machine) -> None:
    assert machine.call("GET", "/inbox", headers={"X-Anonymous-Id": "b"}).status == 401
    assert asks_for_inbox(machine, "").status == 400
    assert asks_for_inbox(machine, "b", f"/inbox/{'a' * 32}/read", "POST").status == 404
