"""Calls over HTTP: who agreed to calls is called, and ends them by a key; what must not come in."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from tests.machine import Machine, Person, Response

ASKS = "@retailerxyz do you have the Trailblazer GTX in a 44?"
VOICE, CALLS = "/webhooks/twilio/voice", "/webhooks/twilio/calls"
AGREED = {"channel": "voice", "purpose": "service", "state": "granted", "source": "web form"}


@pytest.fixture
def caller(machine: Machine) -> Person:
    """Somebody who prefers calls, agreed to them, and also takes texts."""
    return machine.somebody(
        preferences={"service": ["voice", "sms"]},
        consents=[{**AGREED, "at": "2026-03-01T10:00:00Z"}],
    )


def a_call(number: str, **other: str) -> dict[str, str]:
    fields = {"CallSid": "CA1", "AccountSid": "AC1", "From": "+15550009999", "To": number}
    return {**fields, "Direction": "outbound-api", "CallStatus": "in-progress", **other}


def said_by(answer: Response) -> tuple[str | None, str]:
    """The language and the words of an answer, which must end the call."""
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/xml")
    document = ElementTree.fromstring(answer.data)  # noqa: S314 - our own app wrote it
    assert [node.tag for node in document] == ["Say", "Hangup"]
    return document[0].get("language"), document[0].text or ""


def replies(machine: Machine, interaction_id: str) -> list[Any]:
    machine.settled()
    found: list[Any] = machine.dealt_with(interaction_id)["replies"]
    return found


def refused_of(machine: Machine, person: Person) -> set[tuple[str, str]]:
    machine.settled()
    consents = machine.customer(person.id)["consents"]
    return {(c["channel"], c["purpose"]) for c in consents if c["state"] == "denied"}


def test_who_agreed_to_calls_and_prefers_them_is_called(machine: Machine, caller: Person) -> None:
    asked = machine.tweets(caller.x, ASKS)
    (reply,) = replies(machine, asked)
    (call,) = machine.messages(caller.phone)
    assert (call["channel"], call["provider"]) == ("voice", "twilio_voice")
    assert call["interaction_id"] == asked
    assert "Trailblazer GTX" in call["text"]
    assert "http" not in call["text"]
    assert call["text"].endswith("press 9 and we will not call again.")
    assert (reply["receipt"]["status"], reply["receipt"]["provider"]) == (
        "delivered",
        "twilio_voice",
    )
    assert machine.customer(caller.id)["reach"]["voice"]["last_delivered_at"]


def test_a_call_whose_answer_was_lost_is_known_again_by_its_status(
    machine: Machine, caller: Person
) -> None:
    machine.cloud.carriers.twilio.lose_next_answer()
    (reply,) = replies(machine, machine.tweets(caller.x, ASKS))
    assert (reply["receipt"]["status"], len(machine.messages(caller.phone))) == ("delivered", 1)


def test_without_consent_to_calls_nobody_is_called(machine: Machine) -> None:
    person = machine.somebody(preferences={"service": ["voice", "sms"]})
    (reply,) = replies(machine, machine.tweets(person.x, ASKS))
    assert reply["channel"] == "sms"


def test_the_key_nine_ends_calls_at_once_and_for_good(machine: Machine, caller: Person) -> None:
    machine.cloud.carriers.twilio.calls.press(caller.phone, "9")
    replies(machine, machine.tweets(caller.x, ASKS))
    assert refused_of(machine, caller) == {("voice", "service"), ("voice", "marketing")}
    (again,) = replies(machine, machine.tweets(caller.x, ASKS))
    assert again["channel"] == "sms"
    assert [m["channel"] for m in machine.messages(caller.phone)] == ["voice", "sms"]


def test_a_call_that_nobody_takes_goes_by_text(machine: Machine, caller: Person) -> None:
    machine.cloud.carriers.twilio.calls.end(caller.phone, "no-answer")
    asked = machine.tweets(caller.x, ASKS)
    call, text = replies(machine, asked)
    assert (call["receipt"]["status"], call["receipt"]["code"]) == ("failed", "no-answer")
    assert text["channel"] == "sms"


@pytest.mark.parametrize(
    ("language", "voice", "words"),
    [
        ("", "en-US", "not call you again"),
        ("?language=en", "en-US", "not call you again"),
        ("?language=es", "es-ES", "No volveremos a llamarte"),
        ("?language=fr", "fr-FR", "Nous ne vous appellerons plus"),
        ("?language=de", "de-DE", "Wir rufen Sie nicht mehr an"),
        ("?language=xx", "en-US", "not call you again"),
    ],
)
def test_the_call_confirms_in_its_own_language_and_ends(
    machine: Machine, language: str, voice: str, words: str
) -> None:
    number = machine.number()
    fields = a_call(f"+1555666{number:04d}", Digits="9", CallSid=f"CA{number:032x}")
    spoken, text = said_by(machine.deliver_twilio(VOICE + language, fields))
    assert spoken == voice
    assert words in text


def test_another_key_says_goodbye_and_changes_nothing(machine: Machine, caller: Person) -> None:
    _, text = said_by(machine.deliver_twilio(VOICE, a_call(caller.phone, Digits="1")))
    assert text == "Thank you. Goodbye."
    assert refused_of(machine, caller) == set()


def test_who_calls_us_is_told_how_to_write(machine: Machine) -> None:
    fields = a_call("+15550009999", From="+15556660000", Direction="inbound", CallStatus="ringing")
    machine.settled()
    with machine.queueing() as calls:
        _, text = said_by(machine.deliver_twilio(VOICE, fields))
    assert "We take no calls at this number" in text
    assert calls == []


@pytest.mark.parametrize("path", [VOICE, CALLS])
def test_what_twilio_did_not_sign_is_refused_and_not_queued(machine: Machine, path: str) -> None:
    fields = a_call("+15556660001", Digits="9", CallStatus="completed")
    machine.settled()
    with machine.queueing() as calls:
        answer = machine.deliver_twilio(path, fields, signature="guessed")
        unread = machine.deliver_twilio(path, {})
    assert (answer.status, answer.json()["error"]["code"]) == (401, "signature")
    assert (unread.status, unread.json()["error"]["code"]) == (400, "payload")
    assert calls == []
