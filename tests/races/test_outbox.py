"""What was promised and what is told of it: sweepers, receipts and refusals, all at once."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.ledger.outbox import GRACE
from chalicelib.model import (
    Channel,
    ConsentState,
    Interaction,
    OutboxEntry,
    Purpose,
    Receipt,
    Reply,
    Restock,
    SendResult,
)
from chalicelib.steps import reading
from chalicelib.steps.rooms import Rooms
from tests.races.crowd import Crowd, at_once
from tests.stage import NOON, Clock, Recorder, a_message, an_event

ASKS = "@retailerxyz do you have the Trailblazer GTX in a 44?"
RETRY = SendResult(status="retry", provider="recorder", code="503")
TWILIO_OPTED_OUT = "21610"


pytestmark = pytest.mark.races


class Crash(Recorder):
    """A worker that ends before its carrier has anything."""

    def send(self, reply: Reply, *, key: str) -> SendResult:
        raise MemoryError


def entry_of(interaction_id: str, shop: Rooms) -> OutboxEntry:
    record = shop.ledger.interaction(interaction_id)
    assert record is not None
    (entry,) = shop.outbox.entries(record.outbox_ids)
    return entry


def told(provider_id: str, status: Any, barred: Any = None) -> Interaction:
    receipt = Receipt(provider="recorder", provider_id=provider_id, status=status, barred=barred)
    return Interaction(
        id=f"twilio:{provider_id}:{status}",
        source="twilio",
        occurred_at=NOON,
        received_at=NOON,
        body=receipt,
    )


def texts_refused(shop: Rooms) -> bool:
    said = reading.customer("joe", shop).consent(Channel.SMS, Purpose.SERVICE)
    return said is not None and said.state is ConsentState.DENIED


def test_eight_sweepers_send_what_is_to_be_tried_again_once(
    crowd: Crowd, shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    recorder.answers.extend([RETRY] * 6)
    for n in range(6):
        pipeline.respond(a_message(ASKS, number=str(n)), shop)
    recorder.sent.clear()
    clock.advance(seconds=GRACE.total_seconds() + 1)
    swept = at_once([partial(pipeline.sweep, each) for each in crowd.containers(8)])

    assert sum(swept) == len(recorder.sent) == 6
    assert [entry_of(f"x:{n}", shop).status for n in range(6)] == ["sent"] * 6
    assert list(shop.outbox.overdue(clock.advance(days=1))) == []


def test_eight_sweepers_send_what_a_crash_left_once(
    crowd: Crowd, shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    crashing = shop.but(carriers=dict.fromkeys(shop.carriers, Crash()))
    for n in range(6):
        with pytest.raises(MemoryError):
            pipeline.respond(a_message(ASKS, number=str(n)), crashing)
    recorder.known = Receipt(provider="recorder", provider_id="", status="absent")
    clock.advance(seconds=GRACE.total_seconds() + 1)
    swept = at_once([partial(pipeline.sweep, each) for each in crowd.containers(8)])

    assert sum(swept) == len(recorder.sent) == 6
    assert [entry_of(f"x:{n}", shop).status for n in range(6)] == ["sent"] * 6


def test_a_product_that_is_back_twice_at_once_is_told_once(
    crowd: Crowd, shop: Rooms, recorder: Recorder
) -> None:
    waits = shop.customers.await_product("joe", "tb-gtx-44", 2**40)
    shop.customers.transact(waits)
    back = Restock(customer_id="joe", product_id="tb-gtx-44")
    notices = [
        an_event("x", number=str(n)).model_copy(update={"source": "rejoinder", "body": back})
        for n in range(8)
    ]
    crowd.work_on(notices)

    assert len(recorder.sent) == 1
    assert not shop.customers.awaits("joe", "tb-gtx-44")


def test_receipts_at_once_leave_what_came_last_in_the_end(crowd: Crowd, shop: Rooms) -> None:
    pipeline.respond(a_message(ASKS), shop)
    provider_id = entry_of("x:1", shop).provider_id or ""
    receipts = [told(provider_id, status) for status in ("sent", "delivered", "read")]
    crowd.work_on([*receipts * 3, *(an_event("page", "user:joe", number=str(n)) for n in range(4))])

    assert entry_of("x:1", shop).status == "read"
    joe = reading.customer("joe", shop)
    assert joe.reach[Channel.SMS].last_delivered_at == NOON
    assert joe.aggregates.interaction_count == 5
    assert all(shop.ledger.interaction(receipt.id) for receipt in receipts)


def test_a_refusal_told_by_a_receipt_is_not_lost_among_events(crowd: Crowd, shop: Rooms) -> None:
    pipeline.respond(a_message(ASKS), shop)
    provider_id = entry_of("x:1", shop).provider_id or ""
    refusal = told(provider_id, "failed", "opted_out")
    events = [an_event("page", "user:joe", number=str(n)) for n in range(10)]
    crowd.work_on([*events[:5], refusal, refusal, *events[5:]])

    assert texts_refused(shop)
    assert entry_of("x:1", shop).status == "failed"
    assert reading.customer("joe", shop).aggregates.interaction_count == 11


def test_a_refusal_told_by_the_carrier_is_not_lost_among_events(
    crowd: Crowd, shop: Rooms, recorder: Recorder
) -> None:
    no = SendResult(status="failed", provider="recorder", code=TWILIO_OPTED_OUT, barred="opted_out")
    recorder.answers.append(no)
    events = [an_event("page", "user:joe", number=str(n)) for n in range(11)]
    crowd.work_on([*events[:5], a_message(ASKS), *events[5:]])

    assert texts_refused(shop)
    assert reading.customer("joe", shop).aggregates.interaction_count == 12
