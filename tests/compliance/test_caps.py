"""Caps count per person, whatever channel and identity they come by."""

from __future__ import annotations

from chalicelib.model import Channel, Purpose
from chalicelib.steps import reading
from chalicelib.steps.rooms import Rooms
from tests.stage import Clock, Recorder

from .scenes import ASKS, agreed, ann, writes

HERE = (Channel.EMAIL, Channel.SMS, Channel.WHATSAPP, Channel.X_DM)


def test_a_cap_counts_per_person_across_all_channels_and_identities(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    """The offer may be made once a week."""
    ann(shop, agreed(*HERE))
    for here in HERE:
        writes(shop, ASKS, here)
        clock.advance(hours=1)
    clock.advance(days=7)
    writes(shop, ASKS)

    made = [reply.purpose is Purpose.MARKETING for reply in recorder.sent]
    assert made == [True, False, False, False, True]
    assert len(reading.customer("ann", shop).offers) == 2
