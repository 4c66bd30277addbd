"""Joe's story and its variants, from the interaction to what the carriers were given."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.model import (
    Channel,
    ConsentState,
    Customer,
    Intent,
    InteractionStatus,
    Reply,
    Understanding,
)
from chalicelib.steps import messages, reading, replaying, stocking
from chalicelib.steps.rooms import Rooms
from tests.stage import (
    JOE,
    Aws,
    Clock,
    Desk,
    Recorder,
    a_message,
    a_shoe,
    an_event,
    an_offer,
    put_customer,
    stock_the_shop,
)

ASKS = "@retailerxyz do you have the Trailblazer GTX in a 44?"


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    stock_the_shop(rooms)
    return rooms


def joe(rooms: Rooms) -> Customer:
    return reading.customer("joe", rooms)


def test_joe_tweets_and_gets_a_text_with_the_answer_and_one_offer(
    shop: Rooms, recorder: Recorder
) -> None:
    pipeline.respond(an_event("product_viewed", "user:joe", product_id="tb-gtx-44"), shop)
    record = pipeline.respond(a_message(ASKS), shop)

    assert record is not None
    assert record.status is InteractionStatus.ANSWERED
    (reply,) = recorder.sent
    assert (reply.channel, reply.to) == (Channel.SMS, "+15551230001")
    for fact in ("Joe", "Trailblazer GTX", "44", "in stock", "Broadway", "129.90", "10% off"):
        assert fact in reply.text
    assert reply.text.count("https://reply.example/r/") >= 1
    assert [o.offer_id for o in joe(shop).offers] == ["trail-10"]


def test_an_agent_reads_why_this_reply_this_offer_and_this_channel(shop: Rooms) -> None:
    shop.offers.put(an_offer(id="old", title="For the old", rule="customer.age >= 65"))
    stocking.publish_catalog(stocking.PublishRequest(), shop)
    record = pipeline.respond(a_message(ASKS), shop)

    assert record is not None
    assert record.decision_id is not None
    told = reading.explanation(record.decision_id, shop)
    assert [o["offer_id"] for o in told["chosen"]] == ["trail-10"]
    (rejected,) = told["rejected"]
    assert (rejected["offer_id"], rejected["reason"]) == ("old", "rule")
    assert rejected["failed"][0]["value"] == 40
    assert "65" in rejected["text"]
    assert told["channel"]["chosen"] == "sms"
    refused = {r["channel"]: r for r in told["channel"]["refused"]}
    assert set(refused) == {c.value for c in Channel} - {"sms"}
    assert all(r["text"] for r in refused.values())


def test_the_same_decision_comes_out_of_a_replay(shop: Rooms, clock: Clock) -> None:
    record = pipeline.respond(a_message(ASKS), shop)
    clock.advance(days=365)

    assert record is not None
    assert record.decision_id is not None
    assert replaying.replayed(record.decision_id, None, shop)["identical"]


def test_the_same_message_delivered_five_times_gives_one_reply(
    shop: Rooms, recorder: Recorder
) -> None:
    records = [pipeline.respond(a_message(ASKS), shop) for _ in range(5)]

    assert [r is not None for r in records] == [True, False, False, False, False]
    assert len(recorder.sent) == 1


def test_a_message_takes_three_calls_before_the_send_and_one_after(
    shop: Rooms, aws: Aws, recorder: Recorder
) -> None:
    shop.index()
    calls_before_send: list[int] = []

    class Counting(Recorder):
        def send(self, reply: Reply, *, key: str):  # type: ignore[no-untyped-def]
            calls_before_send.append(len(calls))
            return super().send(reply, key=key)

    counting = Counting()
    for channel in list(shop.carriers):
        shop.carriers[channel] = counting  # type: ignore[index]
    with aws.watched() as calls:
        pipeline.respond(a_message(ASKS), shop)

    assert calls == ["BatchGetItem", "Query", "TransactWriteItems", "TransactWriteItems"]
    assert calls_before_send == [3]


def test_out_of_stock_names_an_alternative_and_tells_when_it_is_back(
    shop: Rooms, recorder: Recorder, aws: Aws
) -> None:
    stocking.put_product(a_shoe("44", stock={"broadway": 0, "soho": 0}), shop)
    stocking.put_product(a_shoe("43", stock={"broadway": 0}), shop)
    pipeline.respond(a_message(ASKS), shop)
    (reply,) = recorder.sent
    assert "Ridgerunner GTX" in reply.text

    yes = a_message("Yes please", number="2", channel=Channel.SMS, sender="phone:+15551230001")
    pipeline.respond(yes, shop)
    assert "back" in recorder.sent[-1].text

    stocking.put_product(a_shoe("44", stock={"broadway": 1}), shop)
    for interaction in queued(aws, shop):
        pipeline.respond(interaction, shop)
    notice = recorder.sent[-1]
    assert (notice.channel, notice.to) == (Channel.SMS, "+15551230001")
    assert "Trailblazer GTX" in notice.text
    assert len(recorder.sent) == 3
    assert list(shop.customers.waiting_for("tb-gtx-44")) == []


def test_who_waits_is_told_once_however_often_it_is_back(
    shop: Rooms, recorder: Recorder, aws: Aws
) -> None:
    waits = shop.customers.await_product("joe", "tb-gtx-44", 2**31)
    shop.ledger.commit([("wait", write) for write in waits])
    for units in (1, 2, 2):
        stocking.put_product(a_shoe("44", stock={"broadway": units}), shop)
    first, *others = queued(aws, shop)
    for n, interaction in enumerate((first, *others)):
        pipeline.respond(interaction.model_copy(update={"id": f"restock:{n}"}), shop)

    assert len(others) == 2
    assert len(recorder.sent) == 1


def test_an_unknown_sender_is_answered_in_public_without_anything_personal(
    shop: Rooms, recorder: Recorder
) -> None:
    record = pipeline.respond(a_message(ASKS, sender="x:777"), shop)

    assert record is not None
    (reply,) = recorder.sent
    assert (reply.channel, reply.reply_to) == (Channel.X_REPLY, "1")
    assert "Trailblazer GTX" in reply.text
    assert "Broadway" not in reply.text
    assert "10% off" not in reply.text
    created = reading.customer(record.customer_id or "", shop)
    assert created.identities == ("x:777",)


def test_without_consent_to_marketing_the_answer_goes_out_alone(
    shop: Rooms, recorder: Recorder
) -> None:
    put_customer(shop, "ann", {**JOE, "identities": ["phone:+15551230002"], "consents": []})
    asks = a_message(ASKS, channel=Channel.SMS, sender="phone:+15551230002")
    record = pipeline.respond(asks, shop)

    (reply,) = recorder.sent
    assert "Broadway" in reply.text
    assert "10% off" not in reply.text
    assert record is not None
    told = reading.explanation(record.decision_id or "", shop)
    assert [rejected["reason"] for rejected in told["rejected"]] == ["purpose"]


def test_at_night_the_answer_goes_out_and_the_offer_does_not(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    clock.advance(hours=11)  # 23:00 in New York
    pipeline.respond(a_message(ASKS), shop)

    (reply,) = recorder.sent
    assert "in stock" in reply.text
    assert "10% off" not in reply.text


def test_stop_is_confirmed_once_and_then_there_is_silence(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    def says(text: str, number: str) -> None:
        by_text: dict[str, Any] = {"channel": Channel.SMS, "sender": "phone:+15551230001"}
        at = clock.advance(seconds=1)
        pipeline.respond(a_message(text, number=number, at=at, **by_text), shop)

    says("STOP", "1")
    assert len(recorder.sent) == 1
    assert "10% off" not in recorder.sent[0].text
    says("stop", "2")
    says(ASKS, "3")
    assert [r for r in recorder.sent[1:] if r.channel is Channel.SMS] == []
    says("START", "4")
    says(ASKS, "5")
    assert recorder.sent[-1].channel is Channel.SMS
    assert "Trailblazer" in recorder.sent[-1].text


def test_what_is_only_suspected_to_be_an_opt_out_changes_nothing(
    shop: Rooms, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspected = Understanding(intent=Intent.OPT_OUT, confidence=0.3)
    monkeypatch.setattr(messages, "understand", lambda *_, **__: suspected)
    pipeline.respond(a_message("enough", channel=Channel.SMS, sender="phone:+15551230001"), shop)

    assert [c.state for c in joe(shop).consents] == [ConsentState.GRANTED]
    assert "STOP" in recorder.sent[0].text


def test_a_person_takes_over_where_one_is_asked_for(shop: Rooms, desk: Desk) -> None:
    record = pipeline.respond(a_message("can I please talk to a real person"), shop)

    assert record is not None
    assert record.status is InteractionStatus.HANDED_OVER
    (handover,) = desk.taken
    assert handover.customer.id == "joe"
    assert handover.message == "can I please talk to a real person"


def test_a_cap_holds_for_the_person_and_not_for_the_channel(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    pipeline.respond(a_message(ASKS), shop)
    clock.advance(hours=1)
    texted = a_message(ASKS, number="2", channel=Channel.SMS, sender="phone:+15551230001")
    pipeline.respond(texted, shop)
    assert ["10% off" in r.text for r in recorder.sent] == [True, False]
    clock.advance(days=7)
    pipeline.respond(a_message(ASKS, number="3"), shop)
    assert "10% off" in recorder.sent[-1].text


def test_a_budget_is_spent_to_the_last_unit_and_no_further(
    rooms: Rooms, recorder: Recorder
) -> None:
    stock_the_shop(rooms, an_offer(policy={"budget": 3}))
    for n in range(6):
        pipeline.respond(a_message(ASKS, number=str(n)), rooms)

    assert sum("10% off" in r.text for r in recorder.sent) == 3
    assert rooms.budgets.used(rooms.dynamodb, "trail-10") == 3


def test_a_click_is_counted_where_scoring_reads_it(
    shop: Rooms, recorder: Recorder, aws: Aws
) -> None:
    pipeline.respond(a_message(ASKS), shop)
    token = next(link.token for link in recorder.sent[0].links if link.offer_id)
    link = pipeline.follow(token, shop)
    assert link is not None
    assert link.url == "https://shop.example/offers/trail-10"
    for interaction in queued(aws, shop):
        pipeline.respond(interaction, shop)

    assert [o.response for o in joe(shop).offers] == ["clicked"]


def test_an_unfinished_question_is_forgotten_after_a_day(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    stocking.put_product(a_shoe("44", stock={"broadway": 0}), shop)
    pipeline.respond(a_message(ASKS), shop)
    assert joe(shop).pending is not None
    later = clock.advance(hours=25)
    assert later - timedelta(hours=25) < later
    yes = a_message("yes", number="2", channel=Channel.SMS, sender="phone:+15551230001")
    pipeline.respond(yes, shop)

    assert list(shop.customers.waiting_for("tb-gtx-44")) == []


def queued(aws: Aws, rooms: Rooms):  # type: ignore[no-untyped-def]
    """What waits in the queue, taken off it."""
    from chalicelib.queues import unseal

    url = aws.sqs.get_queue_url(QueueName=rooms.settings.name("interactions"))["QueueUrl"]
    taken = aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in taken:
        aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [i for m in taken for i in unseal(m["Body"])]
