"""Calls: only with consent to calls, in hours, and each with a way to stop them."""

from __future__ import annotations

import pytest

from chalicelib.inbound import twilio_calls
from chalicelib.model import Channel, Purpose
from chalicelib.steps.rooms import Rooms
from tests.contracts.inbound.senders import SETTINGS, from_twilio
from tests.stage import Clock, Recorder

from .scenes import ANN_PHONE, ASKS, agreed, ann, at, is_back, state_of, told_of, worked, writes

CALLS = {"preferences": {"service": ["voice"], "marketing": ["voice"]}}
TO_CALLS = agreed(Channel.VOICE, purpose=Purpose.SERVICE)


def called(recorder: Recorder) -> list[str]:
    return [reply.text for reply in recorder.sent if reply.channel is Channel.VOICE]


@pytest.mark.parametrize("consents", [(), agreed(Channel.VOICE), agreed(Channel.SMS)])
def test_nobody_is_called_without_consent_to_calls(
    shop: Rooms, recorder: Recorder, consents: list[dict[str, str]]
) -> None:
    """Neither a preference nor consent to offers by phone is leave to call."""
    ann(shop, consents, **CALLS)
    told = told_of(shop, writes(shop, ASKS))
    is_back(shop)

    assert called(recorder) == []
    refused = {r["channel"]: r["text"] for r in told["channel"]["refused"]}
    assert refused["voice"] == "they have not agreed to be reached there"


@pytest.mark.parametrize(("hour", "calls"), [(7, 0), (8, 1), (20, 1), (21, 0), (3, 0)])
def test_calls_keep_to_the_hours_whatever_they_are_about(
    shop: Rooms, recorder: Recorder, clock: Clock, hour: int, calls: int
) -> None:
    ann(shop, TO_CALLS, **CALLS)
    clock.now = at(hour)
    writes(shop, ASKS)

    assert len(called(recorder)) == calls


@pytest.mark.parametrize("marketing", [False, True])
def test_every_call_says_how_to_stop_calls_and_the_key_does(
    shop: Rooms, recorder: Recorder, marketing: bool
) -> None:
    ann(shop, TO_CALLS, agreed(Channel.VOICE) if marketing else [], **CALLS)
    writes(shop, ASKS)
    (said,) = called(recorder)
    assert "press 9" in said

    number = ANN_PHONE.removeprefix("phone:").replace("+", "%2B")
    pressed = f"CallSid=CA1&Direction=outbound-api&From=%2B15550009999&To={number}&Digits=9"
    request = from_twilio(pressed.encode(), path="/webhooks/twilio/voice")
    (stop,) = twilio_calls.parse_key(request, SETTINGS, shop.clock()).interactions
    worked(shop, stop)
    assert {state_of(shop, Channel.VOICE, purpose) for purpose in Purpose} == {"denied"}
    writes(shop, ASKS)
    assert len(called(recorder)) == 1
