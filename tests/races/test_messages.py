"""Messages of one person, and of somebody unknown, all at once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chalicelib.model import (
    Channel,
    ConsentState,
    Customer,
    InteractionRecord,
    InteractionStatus,
    Purpose,
    Removal,
    Reply,
)
from chalicelib.steps import reading
from chalicelib.steps.rooms import Rooms
from tests.races.crowd import Crowd
from tests.races.engine import Strict
from tests.stage import Recorder, a_message, an_event

ASKS = "@retailerxyz do you have the Trailblazer GTX in a 44?"
PHONE = "phone:+15551230001"

pytestmark = pytest.mark.races


def joe(shop: Rooms) -> Customer:
    return reading.customer("joe", shop)


def answered(records: Sequence[InteractionRecord | None]) -> list[InteractionRecord]:
    return [r for r in records if r is not None and r.status is InteractionStatus.ANSWERED]


def refuses_texts(customer: Customer) -> bool:
    said = [customer.consent(Channel.SMS, purpose) for purpose in Purpose]
    return all(consent and consent.state is ConsentState.DENIED for consent in said)


def test_one_message_delivered_sixteen_times_is_answered_once(
    crowd: Crowd, shop: Rooms, recorder: Recorder
) -> None:
    records = crowd.work_on([a_message(ASKS)] * 16)

    assert len(answered(records)) == len(recorder.sent) == 1
    assert records.count(None) == 15
    assert joe(shop).aggregates.interaction_count == 1
    assert len(joe(shop).offers) == 1
    (reply,) = reading.interaction("x:1", shop)["replies"]
    assert reply["receipt"]["status"] == "sent"


def test_sixteen_messages_of_one_person_are_all_answered_and_the_cap_holds(
    crowd: Crowd, shop: Rooms, recorder: Recorder, dynamodb: Strict
) -> None:
    records = crowd.work_on([a_message(ASKS, number=str(n)) for n in range(16)])

    assert dynamodb.conflicts > 0, "they never met"
    assert len(answered(records)) == len(recorder.sent) == 16
    assert joe(shop).aggregates.interaction_count == 16
    assert [offer.offer_id for offer in joe(shop).offers] == ["trail-10"]


def test_nothing_decided_after_a_stop_goes_out_by_text(
    crowd: Crowd, shop: Rooms, recorder: Recorder
) -> None:
    stop = a_message("STOP", number="stop", channel=Channel.SMS, sender=PHONE)
    asked = [a_message(ASKS, number=str(n)) for n in range(11)]
    records = crowd.work_on([*asked[:5], stop, *asked[5:]])

    assert refuses_texts(joe(shop))
    assert joe(shop).aggregates.interaction_count == 12
    confirmation = records.pop(5)
    assert confirmation is not None
    assert len(confirmation.outbox_ids) == 1
    assert len(answered(records)) == 11
    known = {
        record.decision_id: seen.customer
        for record in answered(records)
        if (kept := shop.ledger.decision_with_inputs(record.decision_id or ""))
        for _, seen in [kept]
    }
    assert len({customer.version for customer in known.values()}) == 11
    texts = 0
    for record in answered(records):
        (entry,) = shop.outbox.entries(record.outbox_ids)
        assert isinstance(entry.body, Reply)
        by_text = entry.body.channel is Channel.SMS
        assert by_text is not refuses_texts(known[record.decision_id])
        texts += by_text
    assert sum(reply.channel is Channel.SMS for reply in recorder.sent) == texts + 1


def test_eight_messages_of_somebody_unknown_make_one_customer(
    crowd: Crowd, shop: Rooms, recorder: Recorder
) -> None:
    records = crowd.work_on([a_message(ASKS, number=str(n), sender="x:777") for n in range(8)])

    (customer_id,) = {record.customer_id for record in answered(records)}
    assert shop.customers.resolve(["x:777"]) == {"x:777": customer_id}
    customer = reading.customer(customer_id or "", shop)
    assert customer.aggregates.interaction_count == len(recorder.sent) == 8
    assert partitions(shop) == {"customer#joe", f"customer#{customer_id}"}


def test_a_post_deleted_while_it_is_read_leaves_no_words(
    crowd: Crowd, shop: Rooms, recorder: Recorder
) -> None:
    posts = [a_message(ASKS, number=str(n)) for n in range(6)]
    deletions = [
        an_event("x", "x:1234", number=f"gone-{post.id}").model_copy(
            update={"body": Removal(removed_ids=(post.id,))}
        )
        for post in posts
    ]
    crowd.work_on([*posts, *deletions])

    for post in posts:
        record = shop.ledger.interaction(post.id)
        assert record is not None
        assert ASKS not in record.model_dump_json()
    assert len(recorder.sent) <= len(posts)


def partitions(shop: Rooms) -> set[str]:
    """Of every customer that the table holds."""
    found = shop.dynamodb.scan(TableName=shop.customers.table, ConsistentRead=True)["Items"]
    return {item["pk"]["S"] for item in found if item["sk"]["S"] == "view#profile"}
