"""Consent is held per channel and purpose, and never taken from anything else."""

from __future__ import annotations

import pytest

from chalicelib.customers.input import ConsentInput
from chalicelib.model import Channel, Consent, Purpose
from chalicelib.steps import consenting, reading
from chalicelib.steps.rooms import Rooms
from tests.stage import Recorder

from .scenes import ASKS, OFFERED, agreed, ann, is_back, said_of, state_of, writes


def test_consent_is_held_per_channel_and_purpose_with_source_time_and_wording(
    shop: Rooms,
) -> None:
    ann(shop)
    said = {
        "channel": "sms",
        "purpose": "marketing",
        "state": "granted",
        "source": "checkout",
        "at": "2026-11-01T09:30:00Z",
        "wording": "Yes, text me offers.",
        "proof": "form-7",
    }
    given = ConsentInput.model_validate(said).to_consent(shop.clock())
    consenting.put_consent("ann", given, shop)

    assert said_of(shop, Channel.SMS) == Consent.model_validate(said)
    assert said_of(shop, Channel.SMS, Purpose.SERVICE) is None
    assert said_of(shop, Channel.EMAIL) is None
    (heard,) = reading.consents("ann", shop)
    assert {name: heard[name] for name in said} == said


def test_unknown_is_not_granted(shop: Rooms, recorder: Recorder) -> None:
    ann(shop)
    for here in (Channel.SMS, Channel.WHATSAPP, Channel.EMAIL, Channel.X_DM, Channel.X_REPLY):
        writes(shop, ASKS, here)

    assert [r.purpose for r in recorder.sent] == [Purpose.SERVICE] * 5


@pytest.mark.parametrize("tweet", [ASKS, "text me your offers please", "yes, text me instead"])
def test_a_tweet_is_no_consent_to_marketing_by_sms(
    shop: Rooms, recorder: Recorder, tweet: str
) -> None:
    ann(shop, preferences={"service": ["sms"]})
    writes(shop, tweet, Channel.X_REPLY)
    writes(shop, ASKS)

    assert said_of(shop, Channel.SMS) is None
    assert [r for r in recorder.sent if OFFERED in r.text] == []


def test_a_refusal_is_never_laundered_by_falling_back_without_that_channels_own_consent(
    shop: Rooms, recorder: Recorder
) -> None:
    ann(shop, agreed(Channel.SMS), agreed(Channel.SMS, purpose=Purpose.SERVICE))
    writes(shop, "STOP")
    recorder.sent.clear()
    notice = is_back(shop)

    assert state_of(shop, Channel.SMS) == "denied"
    assert recorder.sent == []
    assert notice.note == "no channel may carry this message"
