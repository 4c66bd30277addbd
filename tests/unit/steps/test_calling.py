"""Only with consent to calls, in hours, and by nobody's last resort: by the whole flow."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.model import Channel
from chalicelib.steps.rooms import Rooms
from tests.stage import JOE, Clock, Recorder, a_message, put_customer, stock_the_shop
from tests.unit.steps.test_receipts import ASKS, a_receipt, only_entry

AGREED = {"channel": "voice", "purpose": "service", "state": "granted", "source": "web form"}
CONSENT = {**AGREED, "at": "2026-03-01T10:00:00Z"}
PREFERS: dict[str, Any] = {**JOE, "preferences": {"service": ["voice", "sms"]}}


@pytest.fixture
def shop(rooms: Rooms, recorder: Recorder) -> Rooms:
    stock_the_shop(rooms)
    return rooms.but(carriers={**rooms.carriers, Channel.VOICE: recorder})


def answered_by(rooms: Rooms, recorder: Recorder, clock: Clock) -> Channel:
    pipeline.respond(a_message(ASKS, at=clock()), rooms)
    return recorder.sent[-1].channel


def test_who_agreed_is_called_in_hours(shop: Rooms, recorder: Recorder, clock: Clock) -> None:
    put_customer(shop, "joe", {**PREFERS, "consents": [CONSENT]})
    assert answered_by(shop, recorder, clock) is Channel.VOICE
    assert recorder.sent[0].text.endswith("press 9 and we will not call again.")


def test_nobody_is_called_at_night(shop: Rooms, recorder: Recorder, clock: Clock) -> None:
    put_customer(shop, "joe", {**PREFERS, "consents": [CONSENT]})
    clock.advance(hours=10)  # 22:00 in New York
    assert answered_by(shop, recorder, clock) is Channel.SMS


def test_a_preference_for_calls_is_no_consent_to_them(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    put_customer(shop, "joe", PREFERS)
    assert answered_by(shop, recorder, clock) is Channel.SMS


def test_a_text_that_failed_is_not_followed_by_a_call_without_consent(
    shop: Rooms, recorder: Recorder
) -> None:
    pipeline.respond(a_message(ASKS), shop)
    pipeline.respond(a_receipt(only_entry(shop), "failed"), shop)
    assert Channel.VOICE not in [reply.channel for reply in recorder.sent]
