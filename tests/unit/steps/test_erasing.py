"""What an erasure does with what is still under way: queued, dead, being sent, being decided."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import pipeline, work
from chalicelib.customers import tombstones
from chalicelib.customers.suppression import suppressed
from chalicelib.inbound import Parsed, notices
from chalicelib.model import (
    Channel,
    Click,
    Interaction,
    Receipt,
    Restock,
    WebEvent,
)
from chalicelib.outbound import InboxCarrier
from chalicelib.queues import seal
from chalicelib.steps import forgetting, reading
from chalicelib.steps.rooms import Rooms
from tests.search import legible
from tests.stage import NOON, Aws, Clock, Desk, a_message, an_event, stock_the_shop

PHONE, X = "phone:+15551230001", "x:1234"
ASKS = "@retailerxyz Trailblazer GTX in a 44?"
TABLES = ("customers", "ledger")


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    stock_the_shop(rooms)
    return rooms


def everything(shop: Rooms, aws: Aws) -> str:
    return "\n".join(
        legible(aws.dynamodb.scan(TableName=shop.settings.name(table))["Items"]) for table in TABLES
    )


def a_text(text: str, number: str, at: datetime, **other: Any) -> Interaction:
    return a_message(text, number=number, channel=Channel.SMS, sender=PHONE, at=at, **other)


def a_fact(body: Any, number: str, at: datetime = NOON, *who: str) -> Interaction:
    return Interaction(
        id=f"fact:{number}",
        source="rejoinder",
        identities=who,
        occurred_at=at,
        received_at=at,
        body=body,
    )


def dead_url(shop: Rooms, aws: Aws, name: str = "interactions") -> str:
    queue = shop.settings.name(f"{name}-dead")
    found: str = aws.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    return found


def dead_letters(shop: Rooms, aws: Aws, name: str = "interactions") -> list[str]:
    url = dead_url(shop, aws, name)
    found = aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return sorted(message["Body"] for message in found)


# --- what was queued before, and what comes after


def test_what_was_queued_before_is_dropped_whatever_came_in_between(
    shop: Rooms, clock: Clock, aws: Aws
) -> None:
    queued = a_text("zanzibar before", "before", clock.now)
    web = an_event("product_viewed", "user:joe", number="before", title="zanzibar too")
    clock.advance(seconds=1)
    forgetting.erase_customer("joe", shop)
    assert pipeline.respond(queued, shop) is None
    assert pipeline.respond(web, shop) is None
    assert shop.customers.resolve([PHONE, "user:joe"]) == {}

    back = pipeline.respond(a_text(ASKS, "after", clock.advance(seconds=1)), shop)
    assert back is not None
    assert pipeline.respond(queued, shop) is None
    again = reading.customer(back.customer_id or "", shop)
    assert (again.identities, again.aggregates.interaction_count) == ((PHONE,), 1)
    assert "zanzibar" not in everything(shop, aws)


def test_the_tombstone_names_nobody_and_goes(shop: Rooms, clock: Clock, aws: Aws) -> None:
    forgetting.erase_customer("joe", shop)
    (customers, _) = TABLES
    left = aws.dynamodb.scan(TableName=shop.settings.name(customers))["Items"]
    buried = [item for item in left if item["pk"]["S"].startswith("erased#")]
    assert len(buried) == 4
    assert {int(item["expires_at"]["N"]) for item in buried} == {
        int((clock.now + tombstones.KEPT).timestamp())
    }
    for trace in ("15551230001", "joe", "1234"):
        assert trace not in repr([item["pk"] for item in left])


def test_another_on_the_same_computer_is_not_dropped_with_them(shop: Rooms, clock: Clock) -> None:
    pipeline.respond(an_event("page", "user:joe", "anonymous:family", number="1"), shop)
    hers = an_event("product_viewed", "user:ann", "anonymous:family", number="2")
    pipeline.respond(an_event("page", "user:ann", number="3"), shop)
    clock.advance(seconds=1)
    forgetting.erase_customer("joe", shop)

    record = pipeline.respond(hers, shop)
    assert record is not None
    assert record.customer_id == "ann"
    assert reading.customer("ann", shop).recent[0].name == "product_viewed"


@pytest.mark.parametrize("stop", [{"text": "STOP"}, {"text": "", "provider_handled": "stop"}])
def test_a_refusal_that_was_queued_outlives_the_erasure(
    shop: Rooms, clock: Clock, stop: dict[str, Any]
) -> None:
    queued = a_text(number="stop", at=clock.now, **stop)
    clock.advance(seconds=1)
    forgetting.erase_customer("joe", shop)
    assert suppressed(shop.customers, [PHONE]) == frozenset()

    assert pipeline.respond(queued, shop) is None
    assert suppressed(shop.customers, [PHONE]) == {PHONE}


def test_a_notice_counts_as_received_when_the_queue_took_it(
    shop: Rooms, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[datetime] = []

    def note(body: str, settings: Any, received_at: datetime) -> Any:
        taken.append(received_at)
        return Parsed((), ignored=1)

    monkeypatch.setattr(notices, "parse", note)
    sent = clock.now - timedelta(minutes=3)

    class Record:
        body = "{}"

        def __init__(self, **attributes: str) -> None:
            self._attributes = attributes

        def to_dict(self) -> dict[str, Any]:
            return {"attributes": self._attributes}

    ahead = clock.now + timedelta(hours=1)
    stamps = [str(int(at.timestamp() * 1000)) for at in (sent, ahead)]
    records = [Record(SentTimestamp=stamp) for stamp in stamps]
    work.take_in([*records, Record()], shop)
    assert taken == [sent, clock.now, clock.now]


def test_what_comes_of_what_is_erased_leaves_no_trace(shop: Rooms, clock: Clock, aws: Aws) -> None:
    facts = (
        Click(token="t", url="https://shop.example/zanzibar", customer_id="joe"),
        Restock(customer_id="joe", product_id="tb-gtx-44"),
        Receipt(provider="whatsapp", provider_id="wamid.emFuemliYXI=", status="read"),
    )
    forgetting.erase_customer("joe", shop)
    late = clock.now - timedelta(minutes=5)
    for number, body in enumerate(facts):
        assert pipeline.respond(a_fact(body, str(number), late), shop) is not None
    left = everything(shop, aws)
    assert "emFuemliYXI" not in left
    assert "'joe'" not in left
    assert '"joe"' not in left


# --- dead letters


def test_dead_letters_of_theirs_go_and_the_others_stay_as_they_are(shop: Rooms, aws: Aws) -> None:
    record = pipeline.respond(a_message(ASKS), shop)
    assert record is not None
    (entry,) = shop.outbox.entries(record.outbox_ids)
    mine, hers = a_text("zanzibar", "1", NOON), a_message("hers", number="2", sender="x:77")
    receipt = Receipt(
        provider=entry.provider or "", provider_id=entry.provider_id or "", status="read"
    )
    number = "wamid.MTU1NTEyMzAwMDEAAAAA"  # 15551230001 and some more
    texts = [
        seal([mine]),
        seal([mine, hers]),
        seal([hers]),
        seal([a_fact(Click(token="t", url="u", customer_id="joe"), "click")]),
        seal([a_fact(receipt, "receipt")]),
        seal([a_fact(Receipt(provider="whatsapp", provider_id=number, status="read"), "other")]),
        "torn: {+15551230001",
        "torn: nobody's",
    ]
    for text in texts:
        aws.sqs.send_message(QueueUrl=dead_url(shop, aws), MessageBody=text)
    receipt_of = forgetting.erase_customer("joe", shop)

    assert receipt_of.removed["dead letters"] == 6
    assert dead_letters(shop, aws) == sorted([seal([hers]), seal([hers]), "torn: nobody's"])


def test_a_notice_that_names_them_goes_from_the_dead_letters(shop: Rooms, aws: Aws) -> None:
    text = {"originationNumber": "+15551230001", "inboundMessageId": "in-1", "messageBody": "hi"}
    other = {**text, "originationNumber": "+15559990000"}
    bounce = {"eventType": "Bounce", "mail": {"messageId": "m", "destination": ["JOE@example.com"]}}
    url = dead_url(shop, aws, "notices")
    for told in (text, other, bounce):
        aws.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(told))
    assert forgetting.erase_customer("joe", shop).removed["dead letters"] == 2
    assert dead_letters(shop, aws, "notices") == [json.dumps(other)]


def test_without_dead_letters_none_are_asked_for(shop: Rooms, aws: Aws) -> None:
    with aws.watched() as calls:
        forgetting.erase_customer("joe", shop)
    assert "ReceiveMessage" not in calls


# --- what is being sent


def test_a_message_put_into_the_inbox_too_late_is_taken_out_again(
    shop: Rooms, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = InboxCarrier(shop.settings, client=aws.dynamodb, clock=shop.clock)
    send = inbox.send

    def erased_meanwhile(reply: Any, *, key: str) -> Any:
        forgetting.erase_customer(owner, shop)
        return send(reply, key=key)

    monkeypatch.setattr(inbox, "send", erased_meanwhile)
    shop.carriers[Channel.INBOX] = inbox  # type: ignore[index]
    pipeline.respond(an_event("page", "anonymous:b-9", number="9"), shop)
    owner = shop.customers.resolve(["anonymous:b-9"])["anonymous:b-9"]
    asked = a_message(ASKS, sender="anonymous:b-9")
    body = asked.body.model_copy(update={"channel": Channel.INBOX})
    assert pipeline.respond(asked.model_copy(update={"body": body}), shop) is not None
    assert "Trailblazer" not in everything(shop, aws)


def test_a_receipt_names_what_went_and_what_remains(shop: Rooms, desk: Desk) -> None:
    pipeline.respond(a_message("I want to talk to a human"), shop)
    receipt = forgetting.erase_customer("joe", shop)
    assert receipt.removed["replies"] >= 1
    assert all(count > 0 for count in receipt.removed.values())
    assert any("queued" in line for line in receipt.remaining)
    assert any("keyed hashes" in line for line in receipt.remaining)
    assert "15551230001" not in receipt.model_dump_json()


def test_what_a_privacy_signal_keeps_from_view_is_not_on_record_either(shop: Rooms) -> None:
    event = an_event("product_viewed", "anonymous:b-1", product_id="tb-gtx-44", title="Trail")
    body = WebEvent(name="product_viewed", properties={"product_id": "tb-gtx-44"}, gpc=True)
    record = pipeline.respond(event.model_copy(update={"body": body}), shop)
    assert record is not None
    assert record.interaction.body == WebEvent(name="product_viewed", gpc=True)
