"""A person writes to the brand over HTTP, and the stand-in carriers are given the answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.machine import NOON, Machine, Response
from tests.outsiders import account_mention, mention, signed_by_twilio

ASKS = "@retailerxyz do you have the Trailblazer GTX in a 44?"
JOE_X, JOE_PHONE = "1234", "+15551230001"
DEADLINE_SECONDS = 2


@pytest.mark.parametrize("write", [mention, account_mention])
def test_joe_tweets_and_has_a_text_with_the_answer_and_one_offer_within_two_seconds(
    machine: Machine, write: Callable[..., bytes]
) -> None:
    post_id = machine.x_id()
    body = write(post_id, JOE_X, ASKS, machine.cloud.clock())
    before = len(machine.messages())
    assert machine.deliver_x(body).status == 200
    (text,) = machine.until(lambda: machine.messages()[before:], DEADLINE_SECONDS)

    assert (text["channel"], text["provider"], text["to"]) == ("sms", "twilio", JOE_PHONE)
    for fact in ("Trailblazer GTX in 44 is in stock at Broadway", "3 left", "129.90 USD"):
        assert fact in text["text"]
    known = machine.dealt_with(f"x:{post_id}")
    assert known["status"] == "answered"
    assert [(r["channel"], r["to"]) for r in known["replies"]] == [("sms", JOE_PHONE)]
    assert (known["customer_id"], known["understanding"]["intent"]) == ("joe", "availability")
    decision = machine.told(f"/decisions/{known['decision_id']}")
    assert len(decision["carried"]) == len(decision["chosen"]) == 1
    assert text["text"].count(f"{machine.url}/r/") == 1
    machine.settled()
    assert len(machine.messages()) == before + 1


def test_a_direct_message_is_answered_where_the_customer_prefers(machine: Machine) -> None:
    person = machine.somebody()
    known = machine.dealt_with(machine.sends_dm(person.x, "Trailblazer GTX in 44?"))

    (reply,) = known["replies"]
    assert (reply["channel"], reply["to"]) == ("sms", person.phone)
    assert "129.90 USD" in reply["text"]


def test_a_stranger_on_x_is_answered_in_public_with_nothing_personal(machine: Machine) -> None:
    stranger = f"8{machine.number():05d}"
    known = machine.dealt_with(machine.tweets(stranger, ASKS))

    (reply,) = known["replies"]
    assert reply["channel"] == "x_reply"
    assert "Trailblazer GTX" in reply["text"]
    assert "Broadway" not in reply["text"]
    assert machine.told(f"/decisions/{known['decision_id']}")["carried"] == []
    (post,) = machine.messages(stranger)
    assert post["text"] == reply["text"]


def test_a_text_is_answered_by_text(machine: Machine) -> None:
    person = machine.somebody()
    known = machine.dealt_with(machine.texts(person.phone, "how much is the Tempo 5 in 43?"))

    assert (known["status"], known["customer_id"]) == ("answered", person.id)
    assert known["understanding"]["intent"] == "price"
    (text,) = machine.messages(person.phone)
    assert "139.00 USD" in text["text"]


def test_what_became_of_a_text_stands_with_its_interaction(machine: Machine) -> None:
    person, lost = machine.somebody(), machine.somebody()
    machine.cloud.carriers.twilio.unreachable(lost.phone)
    ids = [machine.texts(p.phone, "Trailblazer GTX in 44?") for p in (person, lost)]

    def receipt(interaction_id: str, status: str) -> Any:
        (reply,) = machine.dealt_with(interaction_id)["replies"]
        return reply["receipt"] if reply["receipt"]["status"] == status else None

    delivered = machine.until(lambda: receipt(ids[0], "delivered"))
    assert (delivered["provider"], delivered["code"]) == ("twilio", None)
    assert machine.until(lambda: receipt(ids[1], "failed"))["code"] == "30003"
    assert machine.customer(person.id)["reach"]["sms"]["last_delivered_at"]
    assert machine.customer(lost.id)["reach"]["sms"]["last_failed_at"]


def test_a_late_receipt_takes_nothing_back(machine: Machine) -> None:
    person = machine.somebody()
    asked = machine.texts(person.phone, "Trailblazer GTX in 44?")
    machine.settled()
    (text,) = (m for m in machine.cloud.mailbox.messages("sms") if m.to == person.phone)
    late = {"MessageSid": text.provider_id, "MessageStatus": "failed"}
    answer = machine.deliver_twilio(f"/webhooks/twilio/status?key={text.key}", late)
    assert answer.status == 200
    machine.settled()

    known = machine.told(f"/interactions/twilio:{text.provider_id}:failed")
    assert (known["status"], known["customer_id"]) == ("received", person.id)
    (reply,) = machine.dealt_with(asked)["replies"]
    assert reply["receipt"]["status"] == "delivered"


def test_a_link_is_counted_once_it_is_followed_and_leads_to_the_offer(machine: Machine) -> None:
    person = machine.somebody()
    known = machine.dealt_with(machine.tweets(person.x, ASKS))
    (offered,) = machine.told(f"/decisions/{known['decision_id']}")["carried"]
    link = next(w for w in known["replies"][0]["text"].split() if w.startswith(machine.url))
    answer = machine.call("GET", urlsplit(link).path)

    assert answer.status == 302
    offer = machine.told(f"/offers/{offered}")
    assert answer.headers["Location"] == offer["link"]
    machine.settled()
    (contact,) = machine.customer(person.id)["offers"]
    assert (contact["offer_id"], contact["response"]) == (offered, "clicked")
    assert machine.call("GET", "/r/nobodyknow").status == 404


def test_stop_start_and_help_are_kept_to(machine: Machine) -> None:
    person = machine.somebody()

    def says(text: str) -> int:
        before = len(machine.messages(person.phone))
        machine.dealt_with(machine.texts(person.phone, text))
        return len(machine.messages(person.phone)) - before

    assert says("STOP") == 1
    (confirmation,) = machine.messages(person.phone)
    assert "RetailerXYZ" in confirmation["text"]
    assert "/r/" not in confirmation["text"]
    assert says("Stop.") == 0
    machine.dealt_with(machine.tweets(person.x, ASKS))
    assert len(machine.messages(person.phone)) == 1
    refused = machine.customer(person.id)["consents"]
    assert {(c["channel"], c["state"]) for c in refused} == {("sms", "denied")}
    assert says("HELP") == 1
    assert "STOP" in machine.messages(person.phone)[-1]["text"]
    assert says("START") == 1
    assert says("Trailblazer GTX in 44?") == 1
    assert "Broadway" in machine.messages(person.phone)[-1]["text"]


def test_who_waits_for_a_product_is_told_when_it_is_back(machine: Machine) -> None:
    person = machine.somebody()
    product = machine.told("/products/glide-44")

    def stock(**stores: int) -> None:
        changed = {**product, "stock": {**dict.fromkeys(product["stock"], 0), **stores}}
        assert machine.operate("PUT", "/products/glide-44", changed).status == 200

    stock()
    asked = machine.dealt_with(machine.tweets(person.x, "Glide Plus in a 44, anything left?"))
    (reply,) = asked["replies"]
    assert "out of stock" in reply["text"]
    assert alternatives(reply["text"], but="Glide Plus") != []
    machine.dealt_with(machine.texts(person.phone, "yes"))
    assert len(machine.messages(person.phone)) == 2
    stock(soho=2)
    notice = machine.until(lambda: machine.messages(person.phone)[2:])
    machine.settled()

    assert "Glide Plus" in notice[0]["text"]
    assert "back" in notice[0]["text"]
    stock(soho=4)
    machine.settled()
    assert len(machine.messages(person.phone)) == 3


def alternatives(text: str, but: str) -> list[str]:
    """The other running shoes of the demo shop that a reply names."""
    shoes = ("Glide Plus", "Tempo 5", "Trailblazer GTX", "Ridgerunner GTX", "Mudlark")
    return [shoe for shoe in shoes if shoe != but and shoe in text]


def at_once(*deliveries: Callable[[], Response]) -> list[int]:
    with ThreadPoolExecutor(len(deliveries)) as threads:
        return [done.status for done in threads.map(lambda deliver: deliver(), deliveries)]


def in_turn(*deliveries: Callable[[], Response]) -> list[int]:
    return [deliver().status for deliver in deliveries]


@pytest.mark.parametrize("how", [at_once, in_turn])
def test_a_message_that_is_delivered_five_times_has_one_reply(
    machine: Machine, how: Callable[..., list[int]]
) -> None:
    person = machine.somebody()
    body = mention(machine.x_id(), person.x, ASKS, NOON)
    fields = machine.text_message(person.phone, "how much is the Tempo 5 in 43?")
    path = "/webhooks/twilio/messages"

    assert how(*[lambda: machine.deliver_x(body)] * 5) == [200] * 5
    assert how(*[lambda: machine.deliver_twilio(path, fields)] * 5) == [200] * 5
    machine.settled()
    assert len(machine.messages(person.phone)) == 2
    assert machine.customer(person.id)["aggregates"]["interaction_count"] == 2


def test_a_json_message_of_twilio_is_taken_by_its_hash(machine: Machine) -> None:
    fields = machine.text_message(machine.somebody().phone, ASKS)
    body = json.dumps(fields).encode()
    path = f"/webhooks/twilio/messages?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = signed_by_twilio(machine.url + path, {})
    headers = {"Content-Type": "application/json", "X-Twilio-Signature": signature}
    assert machine.call("POST", path, body + b" ", headers).status == 401
    assert machine.call("POST", path, body, headers).status == 200
    assert machine.dealt_with(f"twilio:{fields['MessageSid']}")["status"] == "answered"
