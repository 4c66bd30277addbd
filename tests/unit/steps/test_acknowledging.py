"""In public it is said once at most: an answer, an acknowledgement that it went elsewhere, or
nothing."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.model import Channel, OutboxEntry, Purpose, Reply, SendResult
from chalicelib.steps import reading
from chalicelib.steps.rooms import Rooms
from tests.stage import JOE, Clock, Recorder, a_message, put_customer, stock_the_shop
from tests.unit.steps.test_receipts import ASKS, a_receipt

PUBLIC = "We have sent you a message."
NO = SendResult(status="failed", provider="recorder", code="30003")


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    stock_the_shop(rooms)
    put_customer(rooms, "joe", {**JOE, "preferences": {"service": ["sms", "email"]}})
    told = rooms.settings.model_copy(update={"x_acknowledge": True})
    return rooms.but(settings=told)


def entries(rooms: Rooms, interaction_id: str = "x:1") -> list[OutboxEntry]:
    record = rooms.ledger.interaction(interaction_id)
    assert record is not None
    return rooms.outbox.entries(record.outbox_ids)


def said(recorder: Recorder) -> list[Channel]:
    return [reply.channel for reply in recorder.sent]


def in_public(recorder: Recorder) -> list[Reply]:
    return [reply for reply in recorder.sent if reply.channel is Channel.X_REPLY]


def test_what_was_asked_in_public_and_answered_elsewhere_is_acknowledged_there(
    shop: Rooms, recorder: Recorder
) -> None:
    pipeline.respond(a_message(ASKS, number="77"), shop)
    assert said(recorder) == [Channel.SMS, Channel.X_REPLY]
    (public,) = in_public(recorder)
    assert (public.text, public.to, public.reply_to) == (PUBLIC, "1234", "77")
    assert (public.purpose, public.links) == (Purpose.SERVICE, ())
    told = reading.interaction("x:77", shop)["replies"]
    assert [r["channel"] for r in told] == ["sms", "x_reply"]


def test_by_default_nothing_is_said_in_public(shop: Rooms, recorder: Recorder) -> None:
    quiet = shop.but(settings=shop.settings.model_copy(update={"x_acknowledge": False}))
    pipeline.respond(a_message(ASKS), quiet)
    assert said(recorder) == [Channel.SMS]


@pytest.mark.parametrize("channel", [Channel.X_DM, Channel.SMS])
def test_what_was_asked_in_private_is_not_acknowledged_in_public(
    shop: Rooms, recorder: Recorder, channel: Channel
) -> None:
    sender = "x:1234" if channel is Channel.X_DM else "phone:+15551230001"
    pipeline.respond(a_message(ASKS, channel=channel, sender=sender), shop)
    assert in_public(recorder) == []


def test_a_public_answer_is_not_acknowledged_as_well(shop: Rooms, recorder: Recorder) -> None:
    pipeline.respond(a_message(ASKS, sender="x:777"), shop)
    (answer,) = recorder.sent
    assert answer.channel is Channel.X_REPLY
    assert answer.text != PUBLIC


def test_what_nothing_is_said_to_is_not_acknowledged(shop: Rooms, recorder: Recorder) -> None:
    refuses: dict[str, Any] = {"channel": "x_reply", "purpose": "service", "state": "denied"}
    consents = [{**refuses, "source": "a form", "at": "2026-03-01T10:00:00Z"}]
    put_customer(shop, "joe", {**JOE, "consents": consents})
    pipeline.respond(a_message(ASKS), shop)
    assert said(recorder) == [Channel.SMS]


def test_it_is_in_the_language_they_wrote_in(shop: Rooms, recorder: Recorder) -> None:
    asks = "@retailerxyz haben Sie den Trailblazer GTX in Größe 44 auf Lager?"
    pipeline.respond(a_message(asks), shop)
    (public,) = in_public(recorder)
    assert public.text == "Wir haben Ihnen eine Nachricht geschickt."


def test_an_answer_that_fails_goes_another_way_but_never_in_public_a_second_time(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    pipeline.respond(a_message(ASKS), shop)
    answer, _ = entries(shop)
    pipeline.respond(a_receipt(answer, "failed"), shop)
    assert said(recorder) == [Channel.SMS, Channel.X_REPLY, Channel.EMAIL]
    instead = shop.outbox.ways((answer.id,))[-1]
    pipeline.respond(a_receipt(instead, "failed"), shop)
    clock.advance(hours=1)
    pipeline.sweep(shop)
    assert said(recorder) == [Channel.SMS, Channel.X_REPLY, Channel.EMAIL]


def test_where_everything_is_refused_at_once_public_is_not_the_last_resort(
    shop: Rooms, recorder: Recorder
) -> None:
    recorder.answers = [NO] * 9
    pipeline.respond(a_message(ASKS), shop)
    assert said(recorder) == [Channel.SMS, Channel.EMAIL, Channel.X_REPLY]
    assert in_public(recorder)[0].text == PUBLIC


def test_an_acknowledgement_that_fails_is_not_said_elsewhere(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    recorder.answers = [SendResult(status="sent", provider="recorder", provider_id="p"), NO]
    pipeline.respond(a_message(ASKS), shop)
    clock.advance(hours=1)
    pipeline.sweep(shop)
    assert said(recorder) == [Channel.SMS, Channel.X_REPLY]
    assert [entry.moved_to for entry in entries(shop)] == [None, None]


def test_a_public_answer_that_fails_leaves_nothing_public_behind(
    shop: Rooms, recorder: Recorder
) -> None:
    put_customer(shop, "joe", {**JOE, "preferences": {"service": ["x_reply", "sms"]}})
    recorder.answers = [NO]
    pipeline.respond(a_message(ASKS), shop)
    assert said(recorder) == [Channel.X_REPLY, Channel.SMS]


def test_the_same_post_again_is_not_acknowledged_again(shop: Rooms, recorder: Recorder) -> None:
    for _ in range(3):
        pipeline.respond(a_message(ASKS), shop)
    assert said(recorder) == [Channel.SMS, Channel.X_REPLY]


def test_a_direct_message_answers_a_post_only_of_who_wrote_one_before(
    shop: Rooms, recorder: Recorder
) -> None:
    put_customer(shop, "joe", {**JOE, "preferences": {"service": ["x_dm"]}})
    pipeline.respond(a_message(ASKS), shop)
    assert Channel.X_DM not in said(recorder)
    pipeline.respond(a_message("hello", number="2", channel=Channel.X_DM), shop)
    recorder.sent.clear()
    pipeline.respond(a_message(ASKS, number="3"), shop)
    assert said(recorder) == [Channel.X_DM, Channel.X_REPLY]
