"""A page asks for its visitor's inbox, and says what they read."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.errors import NotFoundError, PayloadError, SignatureError, TemporaryError
from chalicelib.inbound import InboundRequest
from chalicelib.model import Channel, Interaction, Reply
from chalicelib.outbound import InboxCarrier
from chalicelib.queues import unseal
from chalicelib.steps import forgetting, inbox, reading
from chalicelib.steps.rooms import Rooms
from tests.stage import JOE, Aws, a_message, put_customer, stock_the_shop


@pytest.fixture
def site(rooms: Rooms, aws: Aws) -> Rooms:
    """The shop, whose customer Joe reads on the site, from a browser that was proven his."""
    carrier = InboxCarrier(rooms.settings, client=aws.dynamodb, clock=rooms.clock)
    made = rooms.but(carriers={**rooms.carriers, Channel.INBOX: carrier})
    stock_the_shop(made)
    joe = put_customer(made, "joe", {**JOE, "preferences": {"service": ["inbox"]}})
    browsers = {
        "identities": (*joe.identities, "anonymous:b-1"),
        "proven_browsers": ("anonymous:b-1",),
    }
    made.customers.save(joe, joe.model_copy(update=browsers), made.clock())
    return made


def request(browser: str | None = "b-1", key: str = "local-write-key") -> InboundRequest:
    credentials = base64.b64encode(f"{key}:".encode()).decode()
    headers = {"authorization": f"Basic {credentials}"}
    headers |= {} if browser is None else {"x-anonymous-id": browser}
    return InboundRequest("GET", "https://reply.example/inbox", headers, {}, b"")


def asks(rooms: Rooms, number: str = "1") -> None:
    record = pipeline.respond(
        a_message("@retailerxyz Trailblazer GTX in a 44?", number=number), rooms
    )
    assert record is not None
    assert record.status == "answered"


def queued(rooms: Rooms, aws: Aws) -> list[Interaction]:
    url = aws.sqs.get_queue_url(QueueName=rooms.settings.name("interactions"))["QueueUrl"]
    found = aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [interaction for message in found for interaction in unseal(message["Body"])]


def receipts(rooms: Rooms, number: str = "1") -> list[Any]:
    told = reading.interaction(f"x:{number}", rooms)
    return [(r["channel"], r["receipt"]["status"]) for r in told["replies"]]


def test_what_is_listed_is_delivered_and_what_is_read_is_read(site: Rooms, aws: Aws) -> None:
    asks(site)
    assert receipts(site) == [("inbox", "sent")]
    (message,) = inbox.listed(request(), site)
    assert "Trailblazer GTX" in message["text"]
    assert message["url"] is None or message["url"].startswith("https://reply.example/r/")
    assert set(message) == {"id", "text", "title", "url", "sent_at", "read"}
    (delivered,) = queued(site, aws)
    pipeline.respond(delivered, site)
    assert receipts(site) == [("inbox", "delivered")]

    assert inbox.mark_read(request(), message["id"], site) == {"id": message["id"], "read": True}
    (read,) = queued(site, aws)
    pipeline.respond(read, site)
    assert receipts(site)[0][1] in ("read", "delivered")
    assert inbox.listed(request(), site)[0]["read"] is True


def test_only_the_first_listing_is_a_receipt(site: Rooms, aws: Aws) -> None:
    asks(site)
    inbox.listed(request(), site)
    inbox.listed(request(), site)
    assert [i.id.rpartition(":")[2] for i in queued(site, aws)] == ["delivered"]


def test_a_receipt_that_could_not_be_queued_is_queued_with_the_next_listing(
    site: Rooms, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks(site)

    def refuse(*_: Any) -> None:
        raise TemporaryError("the queue is away")

    with monkeypatch.context() as patch:
        patch.setattr(site.queues, "put_many", refuse)
        with pytest.raises(TemporaryError):
            inbox.listed(request(), site)
    assert len(inbox.listed(request(), site)) == 1
    assert len(queued(site, aws)) == 1


def test_another_browser_sees_nothing(site: Rooms) -> None:
    asks(site)
    assert inbox.listed(request("b-2"), site) == []


@pytest.mark.parametrize("browser", [None, "", " ", "x" * 257])
def test_no_browser_no_inbox(site: Rooms, browser: str | None) -> None:
    with pytest.raises(PayloadError):
        inbox.listed(request(browser), site)


@pytest.mark.parametrize("key", ["", "guessed"])
def test_without_the_write_key_nothing_is_told(site: Rooms, key: str) -> None:
    for ask in (
        lambda: inbox.listed(request(key=key), site),
        lambda: inbox.mark_read(request(key=key), "a" * 32, site),
    ):
        with pytest.raises(SignatureError):
            ask()


def test_where_there_is_no_inbox_there_is_none(rooms: Rooms) -> None:
    with pytest.raises(NotFoundError):
        inbox.listed(request(), rooms)


def test_a_message_that_is_not_there_is_not_read(site: Rooms) -> None:
    with pytest.raises(NotFoundError):
        inbox.mark_read(request(), "a" * 32, site)


def test_an_erasure_takes_the_messages_out_of_the_inbox(site: Rooms) -> None:
    asks(site)
    receipt = forgetting.erase_customer("joe", site)
    assert receipt.removed["inbox messages"] == 1
    assert inbox.listed(request(), site) == []


def test_a_shared_browser_keeps_what_is_somebody_else_s(site: Rooms) -> None:
    """Erased is what was written to the one, not all that lies in that browser's inbox."""
    asks(site)
    carrier = site.carriers[Channel.INBOX]
    other = {"channel": Channel.INBOX, "to": "b-1", "text": "For Ann"}
    carrier.send(Reply.model_validate(other), key="out-ann")
    forgetting.erase_customer("joe", site)
    assert [m["text"] for m in inbox.listed(request(), site)] == ["For Ann"]
