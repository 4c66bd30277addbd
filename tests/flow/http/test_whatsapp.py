"""WhatsApp over HTTP: a question in, the answer out, receipts back; and what must not come in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.inbound.whatsapp_events import interaction_id
from tests.machine import Machine, Response
from tests.outsiders import PAYLOADS, signed_by_whatsapp, whatsapp_message, whatsapp_statuses

ASKS = "do you have the Trailblazer GTX in a 44?"
PATH = "/webhooks/whatsapp"
CHALLENGE = {
    "hub.mode": "subscribe",
    "hub.verify_token": "local-whatsapp-verify-token",
    "hub.challenge": "1158201444",
}


def a_stranger(machine: Machine) -> str:
    return f"+1555888{machine.number():04d}"


def receipt_of(machine: Machine, interaction_id: str) -> Any:
    machine.settled()
    (reply,) = machine.dealt_with(interaction_id)["replies"]
    return reply["receipt"]


def test_a_question_on_whatsapp_is_answered_on_whatsapp_and_seen(machine: Machine) -> None:
    stranger = a_stranger(machine)
    asked = machine.writes_on_whatsapp(stranger, ASKS)
    known = machine.dealt_with(asked)

    assert (known["status"], known["understanding"]["intent"]) == ("answered", "availability")
    (answer,) = machine.messages(stranger)
    assert (answer["channel"], answer["provider"]) == ("whatsapp", "whatsapp")
    assert answer["interaction_id"] == asked
    assert "Trailblazer GTX" in answer["text"]
    assert "129.90 USD" in answer["text"]
    receipt = receipt_of(machine, asked)
    assert (receipt["status"], receipt["provider"]) == ("read", "whatsapp")
    told = [
        t for t in machine.cloud.carriers.whatsapp.callbacks.told if t[0] == receipt["provider_id"]
    ]
    assert [(status, answered) for _, status, answered in told] == [
        ("sent", 200),
        ("delivered", 200),
        ("read", 200),
    ]
    assert machine.customer(known["customer_id"])["reach"]["whatsapp"]["last_delivered_at"]


def test_who_prefers_whatsapp_and_wrote_there_today_is_answered_there(machine: Machine) -> None:
    person = machine.somebody(preferences={"service": ["whatsapp"]})
    machine.dealt_with(machine.writes_on_whatsapp(person.phone, "thanks!"))
    known = machine.dealt_with(machine.tweets(person.x, f"@retailerxyz {ASKS}"))

    (reply,) = known["replies"]
    assert (reply["channel"], reply["to"]) == ("whatsapp", person.phone)


def test_the_same_delivery_again_and_again_is_answered_once(machine: Machine) -> None:
    stranger = a_stranger(machine)
    message_id = f"wamid.AGAIN{machine.number()}="
    body = whatsapp_message(message_id, stranger, ASKS, machine.cloud.clock())
    for _ in range(5):
        assert machine.deliver_whatsapp(body).status == 200
    machine.settled()

    assert machine.dealt_with(interaction_id(message_id))["status"] == "answered"
    assert len(machine.messages(stranger)) == 1


def test_receipts_out_of_order_and_twice_take_nothing_back(machine: Machine) -> None:
    standin = machine.cloud.carriers.whatsapp
    stranger = a_stranger(machine)
    # The stand-in says nothing of its own: here the statuses come as the test wants them.
    standin._webhook, webhook = None, standin._webhook
    try:
        asked = machine.writes_on_whatsapp(stranger, ASKS)
        message_id = receipt_of(machine, asked)["provider_id"]
    finally:
        standin._webhook = webhook
    assert receipt_of(machine, asked)["status"] == "sent"
    now = machine.cloud.clock()
    for words in (["read", "sent"], ["sent", "delivered", "read"], ["read", "read"], ["sent"]):
        answer = machine.deliver_whatsapp(whatsapp_statuses(message_id, words, now))
        assert answer.status == 200
        assert answer.json()["accepted"] == len(set(words))
        assert receipt_of(machine, asked)["status"] == "read"
    assert len(machine.messages(stranger)) == 1


def test_an_answer_whose_sending_was_in_doubt_is_known_again_by_our_key(machine: Machine) -> None:
    stranger = a_stranger(machine)
    machine.cloud.carriers.whatsapp.lose_next_answer()
    asked = machine.writes_on_whatsapp(stranger, ASKS)
    receipt = receipt_of(machine, asked)
    assert (receipt["status"], receipt["provider"]) == ("read", "whatsapp")
    assert receipt["provider_id"]
    assert len(machine.messages(stranger)) == 1


def test_who_stopped_our_marketing_with_whatsapp_is_known_to_have_refused(
    machine: Machine,
) -> None:
    stranger = a_stranger(machine)
    machine.cloud.carriers.whatsapp.fail(stranger, 131050)
    asked = machine.writes_on_whatsapp(stranger, ASKS)
    known = machine.dealt_with(asked)
    machine.settled()

    (reply, *_) = machine.dealt_with(asked)["replies"]
    assert (reply["receipt"]["status"], reply["receipt"]["code"]) == ("failed", "131050")
    consents = machine.customer(known["customer_id"])["consents"]
    refused = {(c["channel"], c["purpose"]) for c in consents if c["state"] == "denied"}
    assert ("whatsapp", "marketing") in refused


def test_the_switch_in_whatsapp_s_settings_refuses_marketing_there_and_nothing_else(
    machine: Machine,
) -> None:
    person = machine.somebody()
    document = json.loads((PAYLOADS / "whatsapp/user_preferences.json").read_bytes())
    (change,) = document["entry"][0]["changes"]
    change["value"]["user_preferences"][0]["wa_id"] = person.phone.removeprefix("+")
    assert machine.deliver_whatsapp(json.dumps(document).encode()).status == 200
    machine.settled()

    consents = machine.customer(person.id)["consents"]
    states = {(c["channel"], c["purpose"]): c["state"] for c in consents}
    assert states["whatsapp", "marketing"] == "denied"
    assert states["sms", "marketing"] == "granted"
    assert states.get(("whatsapp", "service")) != "denied"
    assert machine.messages(person.phone) == []


def test_a_message_taken_back_leaves_no_words(machine: Machine) -> None:
    stranger = a_stranger(machine)
    message_id = f"wamid.TAKEN{machine.number()}="
    body = whatsapp_message(message_id, stranger, ASKS, machine.cloud.clock())
    assert machine.deliver_whatsapp(body).status == 200
    asked = interaction_id(message_id)
    machine.settled()
    document = json.loads((PAYLOADS / "whatsapp/revoke.json").read_bytes())
    (message,) = document["entry"][0]["changes"][0]["value"]["messages"]
    message["revoke"]["original_message_id"] = message_id
    message.update({"from": stranger.removeprefix("+"), "id": f"wamid.BACK{machine.number()}="})
    assert "Trailblazer" in json.dumps(record_of(machine, asked))
    assert machine.deliver_whatsapp(json.dumps(document).encode()).status == 200
    machine.settled()
    assert ASKS not in json.dumps(record_of(machine, asked))


def record_of(machine: Machine, interaction_id: str) -> Any:
    """What the ledger itself keeps of an interaction."""
    assert machine.cloud.rooms is not None
    record = machine.cloud.rooms.ledger.interaction(interaction_id)
    assert record is not None
    return record.model_dump(mode="json")


# --- what must not come in


@contextmanager
def nothing_queued(machine: Machine) -> Iterator[None]:
    machine.settled()
    with machine.queueing() as calls:
        yield
    assert calls == []


def refused(answer: Response, status: int, code: str) -> None:
    assert (answer.status, answer.json()["error"]["code"]) == (status, code)


def test_the_challenge_is_echoed_as_plain_text_to_who_knows_the_token(machine: Machine) -> None:
    answer = machine.call("GET", f"{PATH}?{urlencode(CHALLENGE)}")
    assert (answer.status, answer.data) == (200, b"1158201444")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    wrong = CHALLENGE | {"hub.verify_token": "guessed"}
    refused(machine.call("GET", f"{PATH}?{urlencode(wrong)}"), 401, "signature")
    refused(machine.call("GET", PATH), 401, "signature")
    script = CHALLENGE | {"hub.challenge": "<script>alert(1)</script>"}
    refused(machine.call("GET", f"{PATH}?{urlencode(script)}"), 400, "payload")


def test_what_whatsapp_did_not_sign_is_refused_and_not_queued(machine: Machine) -> None:
    now = machine.cloud.clock()
    body, another = (whatsapp_message(f"wamid.{n}=", "+15558889999", ASKS, now) for n in (1, 2))
    signature = signed_by_whatsapp(body)
    forged = (
        "",
        signature[:-4],
        signature.removeprefix("sha256="),
        signed_by_whatsapp(another),
        signed_by_whatsapp(body, "guessed"),
        f"sha1={signature[7:47]}",
    )
    with nothing_queued(machine):
        for wrong in forged:
            refused(machine.deliver_whatsapp(body, wrong), 401, "signature")
        refused(machine.call("POST", PATH, body), 401, "signature")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "payload"),
        (b"[]", 400, "payload"),
        (b'{"hello": "world"}', 400, "payload"),
        (b'{"object": "whatsapp_business_account", "entry": {}}', 400, "payload"),
        (b'{"object": "whatsapp_business_account", "entry": [{"changes": [{}]}]}', 400, "payload"),
        (b'{"object": "whatsapp_business_account", "ent', 400, "payload"),
        (b'{"object": "' + b"w" * 3 * 1024 * 1024 + b'"}', 413, "too_large"),
    ],
    ids=["empty", "list", "no envelope", "no list", "no value", "cut off", "too large"],
)
def test_a_delivery_that_cannot_be_read_is_refused_with_the_reason(
    machine: Machine, body: bytes, status: int, code: str
) -> None:
    with nothing_queued(machine):
        refused(machine.deliver_whatsapp(body), status, code)


def test_what_is_not_for_us_is_acknowledged_and_not_queued(machine: Machine) -> None:
    text = (PAYLOADS / "whatsapp/text.json").read_bytes()
    others = text.replace(b"106540352242922", b"106540352242999")
    with nothing_queued(machine):
        for body in (others, (PAYLOADS / "whatsapp/reaction.json").read_bytes()):
            answer = machine.deliver_whatsapp(body)
            assert answer.status == 200
            assert answer.json() == {"success": True, "accepted": 0, "ignored": 1}
