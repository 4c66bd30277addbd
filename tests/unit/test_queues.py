"""The envelope between webhook and worker, and the worker that opens it."""

from __future__ import annotations

from typing import Any

import pytest
from chalice.test import Client

import app as application
from chalicelib import pipeline
from chalicelib.errors import PermanentError, TemporaryError, TooLargeError
from chalicelib.inbound import Parsed, segment
from chalicelib.inbound.request import InboundRequest
from chalicelib.model import Channel, Interaction, Removal
from chalicelib.queues import seal, unseal
from chalicelib.steps import reading
from chalicelib.steps.rooms import Rooms
from tests.stage import NOON, Aws, Recorder, a_message, an_event, stock_the_shop


def waiting(aws: Aws, name: str) -> list[dict[str, Any]]:
    url = aws.sqs.get_queue_url(QueueName=f"rejoinder-dev-{name}")["QueueUrl"]
    found: list[dict[str, Any]] = []
    while more := aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += more
    return found


def test_an_envelope_holds_all_that_is_needed_to_work_on_it_again() -> None:
    interactions = (a_message("hello"), an_event("page", "anonymous:a", title="ü"))

    assert unseal(seal(interactions)) == interactions


def test_a_large_envelope_is_compressed() -> None:
    interactions = (an_event("page", "anonymous:a", text="long " * 40_000),)
    sealed = seal(interactions)

    assert len(sealed) < 2_000
    assert unseal(sealed) == interactions


@pytest.mark.parametrize("text", ["", "{}", "not json", "zlib:!!!", "zlib:AAAA", "[1]", "null"])
def test_what_is_no_envelope_says_so(text: str) -> None:
    with pytest.raises(PermanentError):
        unseal(text)


def test_a_delivery_is_one_call_and_a_sender_s_interactions_stay_together_in_order(
    rooms: Rooms, aws: Aws
) -> None:
    batch = [an_event("page", f"anonymous:{n % 25}", number=str(n)) for n in range(100)]
    rooms.queues.put(batch[:1])
    assert len(waiting(aws, "interactions")) == 1
    with aws.watched() as calls:
        rooms.queues.put(batch)

    assert calls == ["SendMessageBatch"], "where the queue is, is asked once"
    envelopes = [unseal(m["Body"]) for m in waiting(aws, "interactions")]
    assert len(envelopes) == 10
    assert sum(map(len, envelopes)) == 100
    for sender in range(25):
        holding = [e for e in envelopes if any(i.identities == (f"anonymous:{sender}",) for i in e)]
        assert len(holding) == 1
        ids = [int(i.id[4:]) for i in holding[0] if i.identities == (f"anonymous:{sender}",)]
        assert ids == sorted(ids)


def test_nothing_is_nothing(rooms: Rooms, aws: Aws) -> None:
    with aws.watched() as calls:
        rooms.queues.put([])

    assert calls == []


def test_a_batch_that_no_queue_would_take_is_refused(rooms: Rooms) -> None:
    noise = [
        an_event("page", f"anonymous:{n}", text=rooms.rng.randbytes(30_000).hex())
        for n in range(40)
    ]
    with pytest.raises(TooLargeError):
        rooms.queues.put(noise)


def test_a_queue_that_takes_only_part_is_a_passing_fault(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Busy:
        def get_queue_url(self, **_: Any) -> dict[str, Any]:
            return {"QueueUrl": "https://sqs.example/queue"}

        def send_message_batch(self, **_: Any) -> dict[str, Any]:
            return {"Failed": [{"Code": "InternalError"}]}

    monkeypatch.setattr(rooms.queues, "_client", Busy())
    with pytest.raises(TemporaryError):
        rooms.queues.put([an_event("page", "anonymous:a")])


@pytest.mark.parametrize(
    "interaction",
    [
        a_message("STOP"),
        a_message("please stop texting me"),
        a_message("", channel=Channel.SMS, provider_handled="stop"),
        a_message("x").model_copy(update={"body": Removal(removed_ids=("x:1",))}),
    ],
)
def test_a_withdrawal_is_urgent(interaction: Interaction) -> None:
    assert pipeline.is_urgent(interaction)


def test_a_withdrawal_waits_behind_nothing(rooms: Rooms, aws: Aws) -> None:
    def read(*_: Any) -> Parsed:
        return Parsed((a_message("STOP"),))

    request = InboundRequest("POST", "https://x", {}, {"writeKey": "local-write-key"}, b"{}")
    pipeline.receive("segment", read, request, rooms)

    assert waiting(aws, "interactions") == []
    assert len(waiting(aws, "urgent")) == 1
    assert segment.CALLS


def handled(aws: Aws, *bodies: str) -> list[str]:
    """Work on a batch as Lambda would; answers the bodies that are left on the queue."""
    url = aws.sqs.get_queue_url(QueueName="rejoinder-dev-interactions")["QueueUrl"]
    for body in bodies:
        aws.sqs.send_message(QueueUrl=url, MessageBody=body)
    messages = waiting(aws, "interactions")
    with Client(application.app) as client:
        event = client.events.generate_sqs_event([m["Body"] for m in messages])
        for record, message in zip(event["Records"], messages, strict=True):
            record["receiptHandle"] = message["ReceiptHandle"]
            record["messageId"] = message["MessageId"]
        try:
            client.lambda_.invoke("handle_interactions", event)
        except TemporaryError:
            left = aws.sqs.get_queue_attributes(
                QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
            )
            count = int(left["Attributes"]["ApproximateNumberOfMessagesNotVisible"])
            return [m["Body"] for m in messages if m["Body"] in bodies][-count:]
    return []


def test_a_poison_message_stays_whole_and_costs_the_others_nothing(
    rooms: Rooms, aws: Aws, recorder: Recorder
) -> None:
    stock_the_shop(rooms)
    asks = a_message("do you have the Trailblazer GTX in a 44?")
    left = handled(aws, seal([asks]), "poison")

    assert left == ["poison"]
    assert len(recorder.sent) == 1


def test_a_batch_that_is_finished_is_left_to_lambda_to_delete(rooms: Rooms, aws: Aws) -> None:
    assert handled(aws, seal([an_event("page", "user:ann")])) == []
    assert reading.customer("ann", rooms).aggregates.last_seen_at == NOON


def test_one_bad_interaction_does_not_keep_its_neighbours_waiting(
    rooms: Rooms, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    respond = pipeline.respond

    def fails_on_the_first(interaction: Interaction, rooms: Rooms) -> Any:
        if interaction.id == "web:1":
            raise RuntimeError
        if interaction.id == "web:2":
            raise PermanentError("never")
        return respond(interaction, rooms)

    monkeypatch.setattr("chalicelib.work.respond", fails_on_the_first)
    events = [an_event("page", f"user:u{n}", number=str(n)) for n in (1, 2, 3)]

    assert len(handled(aws, seal(events))) == 1
    assert reading.customer("u3", rooms).id == "u3"


def dead(aws: Aws, name: str, *bodies: str) -> None:
    url = aws.sqs.get_queue_url(QueueName=f"rejoinder-dev-{name}-dead")["QueueUrl"]
    for body in bodies:
        aws.sqs.send_message(QueueUrl=url, MessageBody=body)


def test_dead_letters_are_sifted_and_what_is_left_may_be_looked_at_again(
    rooms: Rooms, aws: Aws
) -> None:
    bodies = [f"letter {n}" for n in range(23)]
    dead(aws, "urgent", *bodies, "away", "other")
    seen: list[str] = []

    def sieve(body: str) -> str | None:
        seen.append(body)
        return {"away": None, "other": "another"}.get(body, body)

    assert rooms.queues.sift("urgent", sieve) == 2
    assert sorted(seen) == sorted([*bodies, "away", "other", "another"])
    left = sorted(message["Body"] for message in waiting(aws, "urgent-dead"))
    assert left == sorted([*bodies, "another"])


def test_where_nothing_is_dead_nothing_is_received(rooms: Rooms, aws: Aws) -> None:
    dead(aws, "urgent", "of another queue")
    with aws.watched() as calls:
        assert rooms.queues.sift("interactions", lambda body: None) == 0
    assert calls == ["GetQueueUrl", "GetQueueAttributes"]


def test_a_large_dead_letter_is_told_from_others(rooms: Rooms, aws: Aws) -> None:
    large = seal((an_event("page", "anonymous:a", text="long " * 40_000),))
    dead(aws, "interactions", large)
    assert rooms.queues.sift("interactions", lambda body: body) == 0
    assert [m["Body"] for m in waiting(aws, "interactions-dead")] == [large]
