"""What did not arrive goes another way, and nobody is told the same thing twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.model import (
    Channel,
    InteractionStatus,
    OutboxEntry,
    Receipt,
    SendResult,
)
from chalicelib.steps import reading
from chalicelib.steps.rooms import Rooms
from tests.stage import (
    JOE,
    NOON,
    Aws,
    Clock,
    Recorder,
    a_message,
    put_customer,
    stock_the_shop,
)
from tests.unit.steps.test_receipts import ASKS, a_fact, a_receipt, only_entry

REACHED_BY_SMS_AND_EMAIL = {**JOE, "preferences": {"service": ["sms", "email"]}}


@dataclass
class Drawer(Recorder):
    """A carrier whose messages can be taken back until they are seen."""

    seen: bool = False
    taken_back: int = 0

    def withdraw(self, provider_id: str) -> bool:
        self.taken_back += not self.seen
        return not self.seen


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    stock_the_shop(rooms)
    put_customer(rooms, "joe", REACHED_BY_SMS_AND_EMAIL)
    return rooms


@pytest.fixture
def drawer() -> Drawer:
    return Drawer()


@pytest.fixture
def withdrawable(shop: Rooms, drawer: Drawer) -> Rooms:
    """Texts can be taken back here, as messages of the inbox can."""
    return shop.but(carriers={**shop.carriers, Channel.SMS: drawer})


def ask(rooms: Rooms, **other: Any) -> OutboxEntry:
    pipeline.respond(a_message(ASKS, **other), rooms)
    return only_entry(rooms)


def channels(recorder: Recorder) -> list[Channel]:
    return [reply.channel for reply in recorder.sent]


def test_a_reply_that_failed_goes_by_the_next_channel_that_has_leave(
    shop: Rooms, recorder: Recorder
) -> None:
    entry = ask(shop)
    pipeline.respond(a_receipt(entry, "failed"), shop)

    assert channels(recorder) == [Channel.SMS, Channel.EMAIL]
    assert recorder.sent[1].to == "joe@example.com"
    assert recorder.sent[1].subject
    told = reading.interaction("x:1", shop)["replies"]
    assert [(r["channel"], r["receipt"]["status"]) for r in told] == [
        ("sms", "failed"),
        ("email", "sent"),
    ]


def test_it_tells_how_the_other_channel_was_chosen(shop: Rooms) -> None:
    entry = ask(shop)
    pipeline.respond(a_receipt(entry, "failed"), shop)
    told = reading.interaction(f"fallback:{entry.id}", shop)["channel"]
    assert told["chosen"] == "email"
    reasons = {refused["channel"]: refused["reason"] for refused in told["refused"]}
    assert reasons["sms"] == "tried"


def test_what_the_carrier_refuses_at_once_goes_another_way_at_once(
    shop: Rooms, recorder: Recorder
) -> None:
    recorder.answers = [SendResult(status="failed", provider="recorder", code="30003")]
    ask(shop)
    assert channels(recorder) == [Channel.SMS, Channel.EMAIL]


def test_the_offer_stays_behind_where_the_other_channel_has_no_consent_to_marketing(
    shop: Rooms, recorder: Recorder
) -> None:
    pipeline.respond(a_receipt(ask(shop), "failed"), shop)
    by_text, by_email = recorder.sent
    assert "10% off" in by_text.text
    assert "10% off" not in by_email.text
    assert "Trailblazer" in by_email.text


def test_a_channel_without_leave_of_its_own_is_not_fallen_back_on(
    rooms: Rooms, recorder: Recorder
) -> None:
    stock_the_shop(rooms)
    put_customer(rooms, "joe", {**JOE, "identities": ["phone:+15551230001", "email:j@e.example"]})
    sms: dict[str, Any] = {"channel": Channel.SMS, "sender": "phone:+15551230001"}
    pipeline.respond(a_message(ASKS, **sms), rooms)
    pipeline.respond(a_receipt(only_entry(rooms, "twilio:1"), "failed"), rooms)

    assert channels(recorder) == [Channel.SMS]
    record = rooms.ledger.interaction(f"fallback:{only_entry(rooms, 'twilio:1').id}")
    assert record is not None
    assert record.status is InteractionStatus.IGNORED


def test_it_moves_no_oftener_than_it_may(shop: Rooms, recorder: Recorder, clock: Clock) -> None:
    no = SendResult(status="failed", provider="recorder", code="30003")
    recorder.answers = [no] * 9
    ask(shop)
    assert channels(recorder) == [Channel.SMS, Channel.EMAIL, Channel.X_REPLY]
    clock.advance(hours=1)
    assert pipeline.sweep(shop) == 0

    once = shop.but(settings=shop.settings.model_copy(update={"fallback_steps": 1}))
    ask(once, number="2")
    assert channels(recorder)[3:] == [Channel.SMS, Channel.EMAIL]


def test_a_receipt_that_comes_twice_moves_it_once(shop: Rooms, recorder: Recorder) -> None:
    entry = ask(shop)
    pipeline.respond(a_receipt(entry, "failed"), shop)
    pipeline.respond(a_receipt(entry, "failed"), shop)
    again = a_receipt(entry, "failed").model_copy(update={"id": "twilio:again"})
    pipeline.respond(again, shop)
    assert channels(recorder) == [Channel.SMS, Channel.EMAIL]


def test_what_arrived_after_all_does_not_go_another_way(shop: Rooms, recorder: Recorder) -> None:
    entry = ask(shop)
    pipeline.respond(a_receipt(entry, "delivered"), shop)
    pipeline.respond(a_receipt(entry, "failed"), shop)
    assert channels(recorder) == [Channel.SMS]


def test_a_late_delivery_stops_what_has_not_gone_out_instead(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    entry = ask(shop)
    recorder.answers = [SendResult(status="retry", provider="recorder", code="busy")]
    pipeline.respond(a_receipt(entry, "failed"), shop)
    pipeline.respond(a_receipt(entry, "delivered"), shop)
    assert channels(recorder) == [Channel.SMS, Channel.EMAIL]  # and the second was turned away

    clock.advance(hours=1)
    pipeline.sweep(shop)
    assert channels(recorder) == [Channel.SMS, Channel.EMAIL]


def test_what_a_crash_left_undone_the_sweeper_does(
    shop: Rooms, recorder: Recorder, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = ask(shop)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "_follow", lambda *_: None)
        pipeline.respond(a_receipt(entry, "failed"), shop)
    assert channels(recorder) == [Channel.SMS]
    clock.advance(hours=1)
    pipeline.sweep(shop)
    pipeline.sweep(shop)
    assert channels(recorder) == [Channel.SMS, Channel.EMAIL]


def test_a_refusal_said_meanwhile_keeps_it_from_that_channel(
    shop: Rooms, recorder: Recorder
) -> None:
    entry = ask(shop)
    stop = a_message("stop emailing me", number="2", channel=Channel.X_DM)
    pipeline.respond(stop, shop)
    pipeline.respond(a_receipt(entry, "failed"), shop)
    assert Channel.EMAIL not in channels(recorder)


def test_the_confirmation_of_a_stop_is_not_said_elsewhere(shop: Rooms, recorder: Recorder) -> None:
    sms: dict[str, Any] = {"channel": Channel.SMS, "sender": "phone:+15551230001"}
    recorder.answers = [SendResult(status="failed", provider="recorder", code="30003")]
    pipeline.respond(a_message("STOP", **sms), shop)
    assert channels(recorder) == [Channel.SMS]


def test_what_lies_unread_is_taken_back_and_goes_another_way(
    withdrawable: Rooms, drawer: Drawer, recorder: Recorder, clock: Clock
) -> None:
    entry = ask(withdrawable)
    assert entry.read_by is not None
    pipeline.respond(a_receipt(entry, "delivered"), withdrawable)
    clock.advance(hours=1)
    assert pipeline.sweep(withdrawable) == 0
    clock.advance(hours=4)
    pipeline.sweep(withdrawable)
    assert drawer.taken_back == 1
    assert channels(recorder) == [Channel.EMAIL]


def test_what_cannot_be_taken_back_stays_where_it_is(
    withdrawable: Rooms, drawer: Drawer, recorder: Recorder, clock: Clock
) -> None:
    drawer.seen = True
    ask(withdrawable)
    clock.advance(hours=5)
    pipeline.sweep(withdrawable)
    clock.advance(hours=5)
    assert pipeline.sweep(withdrawable) == 0
    assert channels(recorder) == []


def test_what_was_read_is_not_taken_back(withdrawable: Rooms, drawer: Drawer, clock: Clock) -> None:
    entry = ask(withdrawable)
    pipeline.respond(a_receipt(entry, "read"), withdrawable)
    clock.advance(hours=5)
    assert pipeline.sweep(withdrawable) == 0
    assert drawer.taken_back == 0


def test_a_notice_that_failed_goes_another_way_as_things_stand_then(
    shop: Rooms, recorder: Recorder, aws: Aws
) -> None:
    waits = shop.customers.await_product("joe", "tb-gtx-44", 2**31)
    shop.ledger.commit([("wait", write) for write in waits])
    body: Any = {"kind": "restock", "customer_id": "joe", "product_id": "tb-gtx-44"}
    notice = a_fact(Receipt(provider="r", provider_id="r", status="sent"))
    notice = type(notice).model_validate({**notice.model_dump(), "id": "restock:1", "body": body})
    pipeline.respond(notice, shop)
    pipeline.respond(a_receipt(only_entry(shop, "restock:1"), "failed"), shop)
    assert channels(recorder) == [Channel.SMS, Channel.EMAIL]
    assert "Trailblazer" in recorder.sent[1].text
    assert reading.interaction("restock:1", shop)["channel"]["chosen"] == "sms"


def test_each_way_counts_for_what_it_came_to(shop: Rooms) -> None:
    entry = ask(shop)
    pipeline.respond(a_receipt(entry, "failed"), shop)
    told = reading.customer("joe", shop)
    assert told.reach[Channel.SMS].tallies["midday"].tried == 1
    assert told.reach[Channel.SMS].tallies["midday"].reached == 0
    assert told.reach[Channel.SMS].last_failed_at == NOON
