"""WhatsApp takes free text for a day after their message, however late we come to answer it."""

from __future__ import annotations

import pytest

from chalicelib import pipeline
from chalicelib.model import Channel, SendResult
from chalicelib.steps.rooms import Rooms
from tests.stage import JOE, Clock, Recorder, a_message, put_customer, stock_the_shop
from tests.unit.steps.test_receipts import ASKS, a_receipt, only_entry

PHONE = "phone:+15551230001"


@pytest.fixture
def shop(rooms: Rooms, recorder: Recorder) -> Rooms:
    stock_the_shop(rooms)
    put_customer(rooms, "joe", {**JOE, "preferences": {"service": ["whatsapp", "email"]}})
    return rooms.but(carriers={**rooms.carriers, Channel.WHATSAPP: recorder})


@pytest.mark.parametrize(("hours", "by"), [(23, Channel.WHATSAPP), (24, Channel.EMAIL)])
def test_a_message_that_waited_a_day_is_answered_elsewhere(
    shop: Rooms, recorder: Recorder, clock: Clock, hours: int, by: Channel
) -> None:
    asked = a_message(ASKS, channel=Channel.WHATSAPP, sender=PHONE)
    clock.advance(hours=hours)
    pipeline.respond(asked, shop)
    assert [reply.channel for reply in recorder.sent] == [by]


@pytest.mark.parametrize(("hours", "by"), [(1, [Channel.WHATSAPP]), (25, [])])
def test_nor_is_it_fallen_back_on_after_a_day(
    shop: Rooms, recorder: Recorder, clock: Clock, hours: int, by: list[Channel]
) -> None:
    put_customer(shop, "joe", {**JOE, "preferences": {"service": ["email"]}})
    recorder.answers = [SendResult(status="sent", provider="recorder", provider_id="p-1")]
    pipeline.respond(a_message(ASKS, channel=Channel.WHATSAPP, sender=PHONE), shop)
    entry = only_entry(shop)
    assert recorder.sent[0].channel is Channel.EMAIL
    clock.advance(hours=hours)
    shop = shop.but(carriers={Channel.WHATSAPP: recorder})
    pipeline.respond(a_receipt(entry, "failed"), shop)
    assert [reply.channel for reply in recorder.sent[1:]] == by
