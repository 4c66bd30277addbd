"""Twilio's webhooks of calls: statuses become receipts, the key 9 becomes STOP."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from twilio.rest.api.v2010.account.call import CallInstance

from chalicelib.errors import PayloadError
from chalicelib.inbound import Parsed, twilio_calls
from chalicelib.model import Channel, Interaction, Message, Receipt
from chalicelib.outbound import voice

from ...contracts.inbound.senders import RECEIVED_AT, SETTINGS, from_twilio, payload, post

CALL_SID = "CA0123456789abcdef0123456789abcdef"
KEY = "o-0123456789abcdef01234567"
STATUS, VOICE = "/webhooks/twilio/calls", "/webhooks/twilio/voice"


def changed(name: str, **changes: str | None) -> bytes:
    """The fixture's fields with some changed; None takes one away."""
    fields = {**dict(parse_qsl(payload(f"twilio/{name}.txt").decode())), **changes}
    return urlencode({name: value for name, value in fields.items() if value is not None}).encode()


def read_status(body: bytes, **query: str) -> Receipt:
    request = post(STATUS, body, query=query)
    (interaction,) = twilio_calls.parse_status(request, SETTINGS, RECEIVED_AT).interactions
    assert isinstance(interaction.body, Receipt)
    return interaction.body


def press(body: bytes) -> Parsed:
    return twilio_calls.parse_key(from_twilio(body, path=VOICE), SETTINGS, RECEIVED_AT)


def test_a_call_that_was_taken_was_delivered_and_tells_whose_it_was() -> None:
    request = post(STATUS, payload("twilio/call_completed.txt"), query={"key": KEY})
    assert twilio_calls.parse_status(request, SETTINGS, RECEIVED_AT).interactions == (
        Interaction(
            id=f"twilio:{CALL_SID}:completed",
            source="twilio",
            occurred_at=RECEIVED_AT,
            received_at=RECEIVED_AT,
            body=Receipt(
                provider="twilio_voice", provider_id=CALL_SID, status="delivered", key=KEY
            ),
        ),
    )


@pytest.mark.parametrize("key", ["", "o-1", f"{KEY}0", "joe@example.com", "O-" + "0" * 24])
def test_what_is_no_key_of_ours_is_none(key: str) -> None:
    assert read_status(payload("twilio/call_completed.txt"), key=key).key is None


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("queued", "sent"),
        ("initiated", "sent"),
        ("ringing", "sent"),
        ("in-progress", "sent"),
        ("completed", "delivered"),
        ("busy", "failed"),
        ("no-answer", "failed"),
        ("failed", "failed"),
        ("canceled", "failed"),
        ("of-tomorrow", "unknown"),
    ],
)
def test_every_status_becomes_a_receipt(word: str, status: str) -> None:
    told = read_status(changed("call_no_answer", CallStatus=word))
    assert (told.status, told.code) == (status, word if status == "failed" else None)


def test_every_status_that_twilio_s_own_client_knows_has_a_meaning_in_both_directions() -> None:
    known = {v for n, v in vars(CallInstance.Status).items() if n.isupper()}
    assert known | {"initiated"} == set(twilio_calls.STATUSES)
    assert twilio_calls.STATUSES == voice.STATUSES
    assert voice.TwilioVoiceCarrier.provider == twilio_calls.PROVIDER


def test_the_key_nine_is_a_stop_of_whom_we_called() -> None:
    assert press(payload("twilio/call_key.txt")).interactions == (
        Interaction(
            id=f"twilio:{CALL_SID}",
            source="twilio",
            identities=("phone:+15551230001",),
            occurred_at=RECEIVED_AT,
            received_at=RECEIVED_AT,
            body=Message(channel=Channel.VOICE, text="STOP", provider_handled="stop"),
        ),
    )


@pytest.mark.parametrize("digits", ["1", "", "99", "#", None])
def test_any_other_key_changes_nothing(digits: str | None) -> None:
    assert press(changed("call_key", Digits=digits)) == Parsed((), ignored=1)


@pytest.mark.parametrize("digits", ["9", None])
def test_a_call_to_us_is_no_message(digits: str | None) -> None:
    assert press(changed("call_incoming", Digits=digits)) == Parsed((), ignored=1)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("call_key", "CallSid", None),
        ("call_key", "CallSid", "C A"),
        ("call_key", "To", "12"),
        ("call_key", "To", "client:joe"),
    ],
)
def test_a_key_press_that_cannot_be_read_is_refused(
    name: str, field: str, value: str | None
) -> None:
    with pytest.raises(PayloadError, match=field) as refused:
        press(changed(name, **{field: value}))
    assert not value or value not in str(refused.value)


@pytest.mark.parametrize("status", [None, "", "a b", "x" * 41])
def test_a_status_callback_without_a_status_is_refused(status: str | None) -> None:
    with pytest.raises(PayloadError, match="CallStatus"):
        read_status(changed("call_completed", CallStatus=status))
