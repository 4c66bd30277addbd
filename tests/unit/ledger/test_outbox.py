"""The outbox: promised, settled, told of, swept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib import documents
from chalicelib.ledger import Outbox
from chalicelib.ledger.outbox import GRACE, MAX_ASKING
from chalicelib.model import Channel, OutboxEntry, Receipt, Reply, SendResult
from chalicelib.settings import Settings
from tests.stage import NOON, Aws

REPLY = Reply(channel=Channel.SMS, to="+15551230001", text="hello")
SENT = SendResult(status="sent", provider="twilio", provider_id="SM1")


@pytest.fixture
def outbox(aws: Aws, settings: Settings) -> Outbox:
    return Outbox(aws.dynamodb, settings.name("ledger"), 400)


def promised(outbox: Outbox, aws: Aws, **other: Any) -> OutboxEntry:
    known = {"id": "o-1", "interaction_id": "x:1", "customer_id": "joe", "body": REPLY}
    entry = OutboxEntry.model_validate(
        {**known, "committed_at": NOON, "due_at": NOON + GRACE, **other}
    )
    documents.transact(aws.dynamodb, [outbox.promise(entry, NOON)])
    return entry


def told(status: Any, code: str | None = None) -> Receipt:
    return Receipt(provider="twilio", provider_id="SM1", status=status, code=code)


def test_an_entry_is_promised_once(outbox: Outbox, aws: Aws) -> None:
    promised(outbox, aws)
    with pytest.raises(documents.Cancelled):
        promised(outbox, aws)


def test_what_is_sent_is_settled_in_one_call_and_found_by_the_provider_s_id(
    outbox: Outbox, aws: Aws
) -> None:
    entry = promised(outbox, aws)
    with aws.watched() as calls:
        settled = outbox.settle(entry, SENT, NOON)

    assert calls == ["TransactWriteItems"]
    assert (settled.status, settled.attempts, settled.sent_at) == ("sent", 1, NOON)
    assert outbox.entry_of("twilio", "SM1") == settled
    assert outbox.entry_of("twilio", "SM2") is None
    assert list(outbox.overdue(NOON + timedelta(days=9))) == []


def test_what_brings_our_key_back_is_settled_by_one_plain_write(outbox: Outbox, aws: Aws) -> None:
    entry = promised(outbox, aws)
    with aws.watched() as calls:
        settled = outbox.settle(entry, SENT.model_copy(update={"keyed": True}), NOON)

    assert calls == ["PutItem"]
    assert outbox.entry("o-1") == settled
    assert outbox.entry_of("twilio", "SM1") is None


def test_only_what_is_overdue_is_swept_and_by_one_sweeper(outbox: Outbox, aws: Aws) -> None:
    entry = promised(outbox, aws)

    assert list(outbox.overdue(NOON)) == []
    (overdue,) = outbox.overdue(NOON + GRACE)
    assert overdue == entry
    taken = outbox.take(overdue, NOON + GRACE)
    assert taken is not None
    assert outbox.take(overdue, NOON + GRACE) is None


def test_what_is_to_be_tried_again_is_due_when_the_provider_says(outbox: Outbox, aws: Aws) -> None:
    at = NOON + timedelta(minutes=15)
    later = SendResult(status="retry", provider="x", retry_at=at)
    settled = outbox.settle(promised(outbox, aws), later, NOON)

    assert (settled.status, settled.due_at, settled.sent_at) == ("retry", at, None)
    assert list(outbox.overdue(at - timedelta(seconds=1))) == []
    assert [e.id for e in outbox.overdue(at)] == ["o-1"]


def test_what_nobody_knows_is_asked_for_some_times_and_then_left(outbox: Outbox, aws: Aws) -> None:
    entry = promised(outbox, aws)
    unknown = SendResult(status="unknown", provider="ses")
    for _ in range(MAX_ASKING):
        assert len(list(outbox.overdue(NOON + GRACE))) == 1
        entry = outbox.settle(entry, unknown, NOON)

    assert entry.status == "unknown"
    assert list(outbox.overdue(NOON + GRACE)) == []


def received(outbox: Outbox, aws: Aws, entry: OutboxEntry, receipt: Receipt) -> OutboxEntry | None:
    news = outbox.receive(entry, receipt, NOON)
    if news is None:
        return None
    documents.transact(aws.dynamodb, [news[1]])
    return news[0]


def test_receipts_may_come_twice_and_out_of_order(outbox: Outbox, aws: Aws) -> None:
    settled = outbox.settle(promised(outbox, aws), SENT, NOON)
    delivered = received(outbox, aws, settled, told("delivered"))

    assert delivered is not None
    assert delivered.status == "delivered"
    assert received(outbox, aws, delivered, told("sent")) is None
    with pytest.raises(documents.Cancelled):  # an old copy moves nothing back
        received(outbox, aws, settled, told("failed"))
    assert received(outbox, aws, delivered, told("failed", "30003")) is None


def test_what_failed_may_turn_out_to_have_arrived(outbox: Outbox, aws: Aws) -> None:
    settled = outbox.settle(promised(outbox, aws), SENT, NOON)
    failed = received(outbox, aws, settled, told("failed", "30003"))
    assert failed is not None
    assert failed.code == "30003"
    arrived = received(outbox, aws, failed, told("delivered"))
    assert arrived is not None
    assert arrived.status == "delivered"


def test_a_settlement_never_overrides_what_a_receipt_said(outbox: Outbox, aws: Aws) -> None:
    entry = promised(outbox, aws)
    received(outbox, aws, outbox.settle(entry, SENT, NOON), told("delivered"))

    with pytest.raises(documents.Cancelled):
        outbox.settle(entry, SENT, NOON)
    kept = outbox.entry("o-1")
    assert kept is not None
    assert kept.status == "delivered"


def test_a_forgotten_message_is_neither_kept_nor_sent(outbox: Outbox, aws: Aws) -> None:
    promised(outbox, aws)
    outbox.forget_text(("o-1", "o-missing"), NOON)

    kept = outbox.entry("o-1")
    assert kept is not None
    assert kept.status == "failed"
    assert list(outbox.overdue(NOON + GRACE)) == []
    assert outbox.entry("o-missing") is None
