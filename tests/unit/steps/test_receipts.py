"""Receipts, refusals, the sweeper, and what must be forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.errors import NotFoundError, PermanentError, TemporaryError
from chalicelib.ledger.outbox import GRACE
from chalicelib.model import (
    Channel,
    ConsentState,
    Interaction,
    InteractionStatus,
    OutboxEntry,
    Purpose,
    Receipt,
    Removal,
    SendResult,
)
from chalicelib.steps import forgetting, messages, reading, sweeping
from chalicelib.steps.rooms import Rooms
from tests.search import legible
from tests.stage import NOON, Aws, Clock, Desk, Recorder, a_message, stock_the_shop

ASKS = "@retailerxyz do you have the Trailblazer GTX in a 44?"


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    stock_the_shop(rooms)
    return rooms


def only_entry(rooms: Rooms, interaction_id: str = "x:1") -> OutboxEntry:
    record = rooms.ledger.interaction(interaction_id)
    assert record is not None
    (entry,) = rooms.outbox.entries(record.outbox_ids)
    return entry


def a_fact(body: Any, number: str = "r", *who: str) -> Interaction:
    return Interaction(
        id=f"twilio:{number}",
        source="twilio",
        identities=who,
        occurred_at=NOON,
        received_at=NOON,
        body=body,
    )


def a_receipt(entry: OutboxEntry, status: Any, barred: Any = None) -> Interaction:
    told = Receipt(
        provider="recorder", provider_id=entry.provider_id or "", status=status, barred=barred
    )
    return a_fact(told, f"{entry.provider_id}:{status}:{barred}")


def test_a_delivery_is_recorded_and_makes_the_channel_one_that_works(shop: Rooms) -> None:
    pipeline.respond(a_message(ASKS), shop)
    pipeline.respond(a_receipt(only_entry(shop), "delivered"), shop)

    told = reading.interaction("x:1", shop)
    assert [r["receipt"]["status"] for r in told["replies"]] == ["delivered"]
    assert reading.customer("joe", shop).reach[Channel.SMS].last_delivered_at == NOON


def test_a_receipt_that_says_opted_out_is_a_refusal(shop: Rooms) -> None:
    pipeline.respond(a_message(ASKS), shop)
    pipeline.respond(a_receipt(only_entry(shop), "failed", "opted_out"), shop)

    joe = reading.customer("joe", shop)
    standing = joe.consent(Channel.SMS, Purpose.MARKETING)
    assert standing is not None
    assert standing.state is ConsentState.DENIED
    assert joe.reach[Channel.SMS].last_failed_at == NOON


def test_a_complaint_about_a_delivered_message_ends_marketing_there(shop: Rooms) -> None:
    pipeline.respond(a_message(ASKS), shop)
    pipeline.respond(a_receipt(only_entry(shop), "delivered"), shop)
    pipeline.respond(a_receipt(only_entry(shop), "delivered", "complained"), shop)

    joe = reading.customer("joe", shop)
    standing = joe.consent(Channel.SMS, Purpose.MARKETING)
    assert standing is not None
    assert standing.state is ConsentState.DENIED
    assert joe.reach[Channel.SMS].suppressed


def test_an_address_that_is_gone_is_not_written_to_again(shop: Rooms) -> None:
    pipeline.respond(a_message(ASKS), shop)
    pipeline.respond(a_receipt(only_entry(shop), "failed", "unreachable"), shop)

    joe = reading.customer("joe", shop)
    assert joe.reach[Channel.SMS].suppressed
    assert joe.consent(Channel.SMS, Purpose.MARKETING).state is ConsentState.GRANTED  # type: ignore[union-attr]


def test_who_stopped_marketing_alone_may_still_be_answered_there(shop: Rooms) -> None:
    pipeline.respond(a_message(ASKS), shop)
    pipeline.respond(a_receipt(only_entry(shop), "failed", "no_marketing"), shop)

    joe = reading.customer("joe", shop)
    assert joe.consent(Channel.SMS, Purpose.MARKETING).state is ConsentState.DENIED  # type: ignore[union-attr]
    assert joe.consent(Channel.SMS, Purpose.SERVICE) is None
    assert joe.consent(Channel.EMAIL, Purpose.MARKETING) is None
    assert joe.reach[Channel.SMS].suppressed is None


def test_a_send_that_is_refused_as_opted_out_is_recorded(shop: Rooms, recorder: Recorder) -> None:
    refusal = SendResult(status="failed", provider="recorder", code="21610", barred="opted_out")
    recorder.answers.append(refusal)
    pipeline.respond(a_message(ASKS), shop)

    standing = reading.customer("joe", shop).consent(Channel.SMS, Purpose.SERVICE)
    assert standing is not None
    assert standing.state is ConsentState.DENIED


def test_a_receipt_that_overtakes_its_send_waits_and_then_is_let_go(
    shop: Rooms, clock: Clock
) -> None:
    told = a_fact(Receipt(provider="recorder", provider_id="SM9", status="sent"))
    with pytest.raises(TemporaryError):
        pipeline.respond(told, shop)
    clock.advance(minutes=2)
    record = pipeline.respond(told, shop)
    assert record is not None
    assert record.status is InteractionStatus.IGNORED
    assert pipeline.respond(told, shop) is None


def a_keyed(
    entry: OutboxEntry, status: Any, provider: str = "recorder", its_id: str = "w1"
) -> Interaction:
    """What a provider tells that gives our own key back."""
    told = Receipt(provider=provider, provider_id=its_id, status=status, key=entry.id)
    return a_fact(told, f"{provider}:{its_id}:{status}")


def test_a_send_whose_answer_was_lost_is_known_again_by_our_key(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    recorder.answers.append(SendResult(status="unknown", provider="recorder"))
    pipeline.respond(a_message(ASKS), shop)
    assert only_entry(shop).status == "unknown"
    for status in ("sent", "delivered", "sent", "read"):
        pipeline.respond(a_keyed(only_entry(shop), status), shop)

    entry = only_entry(shop)
    assert (entry.status, entry.provider, entry.provider_id) == ("read", "recorder", "w1")
    assert reading.customer("joe", shop).reach[Channel.SMS].last_delivered_at == NOON
    clock.advance(hours=1)
    assert pipeline.sweep(shop) == 0
    assert len(recorder.sent) == 1


def test_a_receipt_is_known_by_our_key_alone_with_no_look_at_the_provider_s_id(
    shop: Rooms, recorder: Recorder, aws: Aws
) -> None:
    sent = SendResult(status="sent", provider="recorder", provider_id="w1", keyed=True)
    recorder.answers.append(sent)
    pipeline.respond(a_message(ASKS), shop)
    assert shop.outbox.entry_of("recorder", "w1") is None
    delivered = a_keyed(only_entry(shop), "delivered")
    with aws.watched() as calls:
        pipeline.respond(delivered, shop)

    assert calls == ["GetItem", "Query", "TransactWriteItems"]
    assert only_entry(shop).status == "delivered"
    assert pipeline.respond(delivered, shop) is None
    assert "receipts" not in forgetting.erase_customer("joe", shop).removed


def test_a_receipt_with_our_key_need_not_wait_for_its_send(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash_before_sending(shop, monkeypatch)
    promised = only_entry(shop)
    pipeline.respond(a_keyed(promised, "delivered"), shop)
    late = SendResult(status="sent", provider="recorder", provider_id="w1")
    pipeline._settle(promised, late, shop)
    pipeline.respond(a_keyed(promised, "read"), shop)
    assert (only_entry(shop).status, only_entry(shop).provider_id) == ("read", "w1")


@pytest.mark.parametrize(("provider", "its_id"), [("another", "w1"), ("recorder", "w2")])
def test_a_key_alone_is_not_believed_against_what_is_known(
    shop: Rooms, clock: Clock, provider: str, its_id: str
) -> None:
    pipeline.respond(a_message(ASKS), shop)
    clock.advance(minutes=2)
    record = pipeline.respond(a_keyed(only_entry(shop), "failed", provider, its_id), shop)
    assert record is not None
    assert record.status is InteractionStatus.IGNORED
    assert only_entry(shop).status == "sent"


def test_old_news_changes_nothing(shop: Rooms) -> None:
    pipeline.respond(a_message(ASKS), shop)
    pipeline.respond(a_receipt(only_entry(shop), "delivered"), shop)
    record = pipeline.respond(a_receipt(only_entry(shop), "sent"), shop)

    assert record is not None
    assert record.note == "older than what is known"
    assert only_entry(shop).status == "delivered"


def crash_before_sending(rooms: Rooms, monkeypatch: pytest.MonkeyPatch, text: str = ASKS) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(pipeline, "deliver", lambda entry, rooms: entry)
        pipeline.respond(a_message(text), rooms)


def test_the_sweeper_sends_what_a_crash_left_once_the_provider_says_it_is_not_there(
    shop: Rooms, recorder: Recorder, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash_before_sending(shop, monkeypatch)
    assert pipeline.sweep(shop) == 0, "the committer still has time"
    clock.advance(seconds=GRACE.total_seconds())
    recorder.known = Receipt(provider="recorder", provider_id="", status="absent")

    assert pipeline.sweep(shop) == 1
    assert len(recorder.sent) == 1
    assert only_entry(shop).status == "sent"
    assert pipeline.sweep(shop) == 0


def test_the_sweeper_does_not_repeat_what_went_out(
    shop: Rooms, recorder: Recorder, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash_before_sending(shop, monkeypatch)
    clock.advance(seconds=GRACE.total_seconds())
    recorder.known = Receipt(provider="recorder", provider_id="SM7", status="delivered")
    pipeline.sweep(shop)

    assert recorder.sent == []
    assert (only_entry(shop).status, only_entry(shop).provider_id) == ("sent", "SM7")


def test_where_nobody_can_tell_it_stays_unknown_and_is_never_repeated(
    shop: Rooms, recorder: Recorder, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash_before_sending(shop, monkeypatch)
    for _ in range(10):
        clock.advance(seconds=GRACE.total_seconds())
        pipeline.sweep(shop)

    assert recorder.sent == []
    assert only_entry(shop).status == "unknown"


def test_a_send_that_was_lost_and_is_not_there_is_not_sent_twice(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    recorder.answers.append(SendResult(status="unknown", provider="recorder"))
    pipeline.respond(a_message(ASKS), shop)
    clock.advance(seconds=GRACE.total_seconds())
    recorder.known = Receipt(provider="recorder", provider_id="", status="absent")
    pipeline.sweep(shop)

    assert len(recorder.sent) == 1
    assert (only_entry(shop).status, only_entry(shop).code) == ("failed", "not_found")


def test_a_busy_provider_is_tried_again_until_we_give_up(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    recorder.answers += [SendResult(status="retry", provider="recorder")] * 50
    pipeline.respond(a_message(ASKS), shop)
    for _ in range(sweeping.MAX_ATTEMPTS):
        clock.advance(seconds=GRACE.total_seconds())
        pipeline.sweep(shop)

    assert (only_entry(shop).status, only_entry(shop).code) == ("failed", "gave_up")


def test_a_refusal_said_meanwhile_stops_what_still_waits(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    recorder.answers.append(SendResult(status="retry", provider="recorder"))
    pipeline.respond(a_message(ASKS), shop)
    clock.advance(seconds=10)
    phone = "phone:+15551230001"
    stop = a_message("STOP", number="2", channel=Channel.SMS, sender=phone, at=clock())
    pipeline.respond(stop, shop)
    clock.advance(seconds=GRACE.total_seconds())
    pipeline.sweep(shop)

    assert only_entry(shop).code == "consent_withdrawn"
    assert [r.text for r in recorder.sent if "Trailblazer" in r.text] == [recorder.sent[0].text]


def test_a_handover_that_a_crash_left_is_repeated_for_the_desk_knows_it(
    shop: Rooms, desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash_before_sending(shop, monkeypatch, "I want to talk to a real person please")
    clock.advance(seconds=GRACE.total_seconds())
    pipeline.sweep(shop)

    assert len(desk.taken) == 1


def test_a_channel_whose_carrier_is_gone_fails_in_the_open(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash_before_sending(shop, monkeypatch)
    without = shop.but(carriers={})

    assert pipeline.deliver(only_entry(shop), without).code == "no_carrier"
    assert only_entry(shop).status == "failed"


def test_what_no_retry_would_mend_is_recorded_as_failed(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impossible(*_: Any) -> None:
        raise PermanentError("it cannot be said")

    monkeypatch.setattr(messages, "say", impossible)
    record = pipeline.respond(a_message(ASKS), shop)

    assert record is not None
    assert (record.status, record.note) == (InteractionStatus.FAILED, "it cannot be said")
    assert pipeline.respond(a_message(ASKS), shop) is None


def test_a_deleted_post_loses_its_words(shop: Rooms) -> None:
    pipeline.respond(a_message("can I talk to a human"), shop)
    pipeline.respond(a_fact(Removal(removed_ids=("x:1",))), shop)

    record = shop.ledger.interaction("x:1")
    assert record is not None
    assert "human" not in record.model_dump_json(exclude={"understanding", "note"})
    for entry in shop.outbox.entries(record.outbox_ids):
        assert "talk to a human" not in entry.model_dump_json()


def test_a_post_that_is_deleted_before_its_turn_is_never_answered(
    shop: Rooms, recorder: Recorder
) -> None:
    pipeline.respond(a_fact(Removal(removed_ids=("x:1",))), shop)

    assert pipeline.respond(a_message(ASKS), shop) is None
    assert recorder.sent == []


def test_revoking_x_unlinks_it_and_forgets_what_was_said_there(shop: Rooms) -> None:
    pipeline.respond(a_message(ASKS), shop)
    pipeline.respond(a_fact(Removal(whole_account=True), "r", "x:1234"), shop)

    joe = reading.customer("joe", shop)
    assert joe.address("x") is None
    assert not joe.x_linked_with_opt_in
    assert Channel.X_REPLY not in joe.reach
    record = shop.ledger.interaction("x:1")
    assert record is not None
    assert record.interaction.body.text == ""  # type: ignore[union-attr]


def test_who_was_known_by_x_alone_is_erased(shop: Rooms) -> None:
    record = pipeline.respond(a_message(ASKS, sender="x:777"), shop)
    assert record is not None
    pipeline.respond(a_fact(Removal(whole_account=True), "r", "x:777"), shop)

    with pytest.raises(NotFoundError):
        reading.customer(record.customer_id or "", shop)


def test_erasure_leaves_no_trace_in_any_table(shop: Rooms, aws: Aws) -> None:
    pipeline.respond(a_message(ASKS), shop)
    pipeline.respond(a_receipt(only_entry(shop), "delivered"), shop)
    receipt = forgetting.erase_customer("joe", shop)

    assert receipt.removed["interactions"] == 2
    assert receipt.removed["replies"] == 1
    for table in ("customers", "ledger", "catalog"):
        left = legible(aws.dynamodb.scan(TableName=shop.settings.name(table))["Items"])
        for trace in ("15551230001", "joe@example.com", "x:1234", "Hi Joe", "44?"):
            assert trace not in left, (table, trace)
    with pytest.raises(NotFoundError):
        forgetting.erase_customer("joe", shop)


def test_who_comes_back_after_erasure_starts_anew(shop: Rooms, clock: Clock) -> None:
    pipeline.respond(a_message(ASKS), shop)
    forgetting.erase_customer("joe", shop)
    later = clock.advance(seconds=1)
    record = pipeline.respond(a_message(ASKS, number="2", at=later), shop)

    assert record is not None
    again = reading.customer(record.customer_id or "", shop)
    assert again.id != "joe"
    assert (again.profile.first_name, again.orders, again.offers) == (None, (), ())


def test_everything_kept_of_a_customer_is_shown_to_them(shop: Rooms, clock: Clock) -> None:
    pipeline.respond(a_message(ASKS), shop)
    clock.advance(minutes=1)
    export = reading.export("joe", shop)

    assert export["customer"]["profile"]["first_name"] == "Joe"
    (told,) = export["interactions"]
    assert told["received"]["body"]["text"] == ASKS
    assert "Trailblazer" in told["replies"][0]["text"]
    (decision,) = export["decisions"]
    assert decision["chosen"][0]["offer_id"] == "trail-10"
