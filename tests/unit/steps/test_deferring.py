"""What is asked at night by who wants to be written to by day: answered in the morning, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib import pipeline
from chalicelib.model import (
    Channel,
    Interaction,
    InteractionStatus,
    Message,
    Receipt,
    Removal,
    Reply,
    SendResult,
)
from chalicelib.steps import reading
from chalicelib.steps.rooms import Rooms
from tests.stage import Aws, Clock, Desk, Recorder, a_message, stock_the_shop

ASKS = "do you have the Trailblazer GTX in a 44?"
LATE = f"{ASKS} And don't text me at night"


@pytest.fixture
def shop(rooms: Rooms, clock: Clock) -> Rooms:
    stock_the_shop(rooms)
    clock.advance(hours=10)  # 22:00 in New York
    return rooms


def written(shop: Rooms, text: str, number: str = "1") -> Interaction:
    now, told = shop.clock(), a_message(text, number=number)
    return told.model_copy(update={"occurred_at": now, "received_at": now})


def in_the_morning(shop: Rooms, clock: Clock, aws: Aws, hours: float = 10.5) -> None:
    clock.advance(hours=hours)
    pipeline.sweep(shop)
    for interaction in aws.queued():
        pipeline.respond(interaction, shop)


def test_it_is_answered_once_in_the_morning_and_counted_once(
    shop: Rooms, recorder: Recorder, clock: Clock, aws: Aws
) -> None:
    count = reading.customer("joe", shop).aggregates.interaction_count
    asked = written(shop, LATE)
    record = pipeline.respond(asked, shop)
    assert record is not None
    assert record.status is InteractionStatus.DEFERRED
    assert record.decision_id is None
    assert pipeline.respond(asked, shop) is None
    in_the_morning(shop, clock, aws, hours=9)
    assert recorder.sent == []
    in_the_morning(shop, clock, aws, hours=1.5)
    in_the_morning(shop, clock, aws, hours=1)

    (reply,) = recorder.sent
    assert "Trailblazer" in reply.text
    joe = reading.customer("joe", shop)
    assert joe.daytime_only
    assert joe.aggregates.interaction_count == count + 1


def test_what_they_say_meanwhile_is_newer_than_what_has_waited(
    shop: Rooms, recorder: Recorder, clock: Clock, aws: Aws
) -> None:
    pipeline.respond(written(shop, LATE), shop)
    clock.advance(hours=0.1)
    pipeline.respond(written(shop, "you can text me at any time", "2"), shop)
    assert len(recorder.sent) == 1
    in_the_morning(shop, clock, aws)

    assert len(recorder.sent) == 2
    assert not reading.customer("joe", shop).daytime_only


def test_who_refuses_meanwhile_hears_no_more(
    shop: Rooms, recorder: Recorder, clock: Clock, aws: Aws
) -> None:
    pipeline.respond(written(shop, LATE), shop)
    for channel in Channel:
        stop = written(shop, "STOP", channel.value)
        body = Message(channel=channel, text="STOP", reply_to="1")
        pipeline.respond(stop.model_copy(update={"body": body}), shop)
    confirmed = len(recorder.sent)
    in_the_morning(shop, clock, aws)

    assert len(recorder.sent) == confirmed


def test_whoever_must_take_over_is_told_at_once(
    shop: Rooms, recorder: Recorder, desk: Desk, clock: Clock, aws: Aws
) -> None:
    pipeline.respond(written(shop, "don't text me at night"), shop)
    pipeline.respond(written(shop, "can I talk to a human", "2"), shop)

    assert len(desk.taken) == 1
    assert recorder.sent == []
    in_the_morning(shop, clock, aws)
    assert len(desk.taken) == 1


@pytest.mark.parametrize("queued", [False, True])
def test_a_post_that_is_deleted_meanwhile_leaves_no_words_and_no_answer(
    shop: Rooms, recorder: Recorder, clock: Clock, aws: Aws, queued: bool
) -> None:
    record = pipeline.respond(written(shop, LATE), shop)
    assert record is not None
    clock.advance(hours=10.5 if queued else 1)
    pipeline.sweep(shop)
    waiting = aws.queued()
    assert len(waiting) == queued
    gone = written(shop, "").model_copy(
        update={"id": "x:gone", "identities": (), "body": Removal(removed_ids=("x:1",))}
    )
    pipeline.respond(gone, shop)
    (entry,) = shop.outbox.entries(record.outbox_ids)
    assert "Trailblazer" not in entry.model_dump_json()
    assert "1234" not in entry.model_dump_json()
    for interaction in waiting:
        assert pipeline.respond(interaction, shop) is None
    in_the_morning(shop, clock, aws)
    assert recorder.sent == []


def test_what_a_carrier_has_put_off_into_the_night_waits_as_well(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    clock.advance(hours=-1.1)  # 20:54 in New York
    recorder.answers = [SendResult(status="retry", provider="recorder", code="busy")]
    record = pipeline.respond(written(shop, LATE), shop)
    assert record is not None
    clock.advance(hours=0.5)
    pipeline.sweep(shop)
    assert len(recorder.sent) == 1
    (entry,) = shop.outbox.entries(record.outbox_ids)
    assert isinstance(entry.body, Reply)
    assert entry.status == "retry"
    assert timedelta(hours=10) < entry.due_at - clock.now < timedelta(hours=12)
    clock.advance(hours=11)
    pipeline.sweep(shop)
    assert len(recorder.sent) == 2


def test_what_failed_at_night_goes_another_way_in_the_morning(
    shop: Rooms, recorder: Recorder, clock: Clock, aws: Aws
) -> None:
    clock.advance(hours=-1.1)  # 20:54 in New York
    record = pipeline.respond(written(shop, LATE), shop)
    assert record is not None
    (entry,) = shop.outbox.entries(record.outbox_ids)
    clock.advance(hours=0.5)
    told = Receipt(provider="recorder", provider_id=entry.provider_id or "", status="failed")
    failed = written(shop, "").model_copy(update={"id": "twilio:r", "body": told})
    pipeline.respond(failed, shop)
    assert len(recorder.sent) == 1
    in_the_morning(shop, clock, aws, hours=11)
    in_the_morning(shop, clock, aws, hours=1)

    first, instead = recorder.sent
    assert (first.channel, instead.channel) == (Channel.SMS, Channel.X_REPLY)
