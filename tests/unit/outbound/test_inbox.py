"""The inbox on the site: a message is listed or withdrawn, whichever is first, and never both."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.errors import NotFoundError, TemporaryError
from chalicelib.model import Channel, OutboxEntry, Reply, TrackedLink
from chalicelib.outbound import Carrier, InboxCarrier, Withdrawing
from chalicelib.outbound.inbox import provider_id_of
from chalicelib.settings import Settings
from tests.search import legible
from tests.stage import NOON, Aws, Clock


@pytest.fixture
def inbox(aws: Aws, settings: Settings, clock: Clock) -> InboxCarrier:
    return InboxCarrier(settings, client=aws.dynamodb, clock=clock)


def a_reply(text: str = "It is back", browser: str = "b-1", **other: Any) -> Reply:
    return Reply(channel=Channel.INBOX, to=browser, text=text, **other)


def an_entry(reply: Reply, key: str = "out-1") -> OutboxEntry:
    return OutboxEntry(
        id=key,
        interaction_id="x:1",
        customer_id="joe",
        body=reply,
        committed_at=NOON,
        due_at=NOON,
    )


def sent(inbox: InboxCarrier, reply: Reply, key: str = "out-1") -> str:
    result = inbox.send(reply, key=key)
    assert (result.status, result.provider) == ("sent", "inbox")
    return str(result.provider_id)


def test_it_is_a_carrier_that_can_take_back(inbox: InboxCarrier) -> None:
    carrier: Carrier = inbox
    assert isinstance(carrier, Withdrawing)
    assert carrier.channels == {Channel.INBOX}


def test_a_message_is_listed_for_its_browser_alone(inbox: InboxCarrier) -> None:
    link = TrackedLink(token="abc", url="https://shop.example/p/1", customer_id="joe")
    sent(inbox, a_reply(links=(link,), subject="Your shoe"))
    (listed,) = inbox.list_for("b-1")
    assert listed.message.model_dump() == {
        "title": "Your shoe",
        "text": "It is back",
        "url": "https://reply.example/r/abc",
        "sent_at": NOON,
    }
    assert (listed.read, listed.news) == (False, True)
    assert inbox.list_for("b-2") == inbox.list_for("") == []


def test_the_newest_message_comes_first(inbox: InboxCarrier, clock: Clock) -> None:
    for number in range(5):
        sent(inbox, a_reply(str(number)), f"out-{number}")
        clock.advance(minutes=1)
    assert [m.message.text for m in inbox.list_for("b-1")] == ["4", "3", "2", "1", "0"]


def test_a_repeat_under_the_same_key_is_the_same_message(inbox: InboxCarrier) -> None:
    assert sent(inbox, a_reply()) == sent(inbox, a_reply()) != sent(inbox, a_reply(), "out-2")
    assert len(inbox.list_for("b-1")) == 2


def test_a_repeat_does_not_bring_back_what_was_read_or_withdrawn(inbox: InboxCarrier) -> None:
    withdrawn, read = sent(inbox, a_reply("a")), sent(inbox, a_reply("b"), "out-2")
    assert inbox.withdraw(withdrawn)
    (listed,) = inbox.list_for("b-1")
    inbox.mark_read("b-1", listed.id)
    assert (sent(inbox, a_reply("a")), sent(inbox, a_reply("b"), "out-2")) == (withdrawn, read)
    assert [(m.message.text, m.read) for m in inbox.list_for("b-1")] == [("b", True)]


def test_what_nobody_was_shown_can_be_withdrawn_and_is_shown_to_nobody(
    inbox: InboxCarrier, aws: Aws, settings: Settings
) -> None:
    provider_id = sent(inbox, a_reply())
    assert inbox.withdraw(provider_id)
    assert inbox.withdraw(provider_id), "the same answer when asked again"
    assert inbox.list_for("b-1") == []
    kept = aws.dynamodb.scan(TableName=settings.name("ledger"))["Items"]
    assert "It is back" not in legible(kept)


def test_what_was_listed_can_not_be_withdrawn(inbox: InboxCarrier) -> None:
    provider_id = sent(inbox, a_reply())
    inbox.list_for("b-1")
    assert not inbox.withdraw(provider_id)
    assert not inbox.withdraw(provider_id)
    assert len(inbox.list_for("b-1")) == 1


def test_what_is_not_there_can_not_be_withdrawn(inbox: InboxCarrier) -> None:
    """It may have been seen, and be gone since."""
    assert not inbox.withdraw(provider_id_of("b-1", "out-1"))


def test_between_look_and_listing_it_may_be_withdrawn(
    inbox: InboxCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider_id = sent(inbox, a_reply())
    update, once = inbox._update, [True]

    def slowly(*given: Any) -> bool:
        if once:
            once.clear()
            assert inbox.withdraw(provider_id)
        return update(*given)

    monkeypatch.setattr(inbox, "_update", slowly)
    assert inbox.list_for("b-1") == []


def test_a_message_is_read_by_whom_it_was_listed_to(inbox: InboxCarrier) -> None:
    provider_id = sent(inbox, a_reply())
    message_id = provider_id.partition(".")[2]
    with pytest.raises(NotFoundError):
        inbox.mark_read("b-1", message_id)
    inbox.list_for("b-1")
    with pytest.raises(NotFoundError):
        inbox.mark_read("b-2", message_id)
    assert inbox.mark_read("b-1", message_id) == inbox.mark_read("b-1", message_id) == provider_id
    (listed,) = inbox.list_for("b-1")
    assert listed.read


@pytest.mark.parametrize("message_id", ["", "x", "a" * 5_000, "../out", "☂", "a" * 32])
def test_no_other_id_is_read(inbox: InboxCarrier, message_id: str) -> None:
    with pytest.raises(NotFoundError):
        inbox.mark_read("b-1", message_id)


def test_the_store_can_be_asked_what_became_of_a_message(inbox: InboxCarrier) -> None:
    def status(reply: Reply, key: str = "out-1") -> str | None:
        receipt = inbox.status(an_entry(reply, key))
        return receipt.status if receipt else None

    assert status(a_reply()) == "absent"
    provider_id = sent(inbox, a_reply())
    assert status(a_reply()) == "sent"
    inbox.list_for("b-1")
    assert status(a_reply()) == "delivered"
    inbox.mark_read("b-1", provider_id.partition(".")[2])
    assert status(a_reply()) == "read"
    inbox.withdraw(sent(inbox, a_reply("x"), "out-2"))
    assert status(a_reply("x"), "out-2") == "failed"


def test_a_message_goes_after_its_time_even_before_dynamodb_removes_it(
    inbox: InboxCarrier, clock: Clock, settings: Settings
) -> None:
    sent(inbox, a_reply())
    clock.now += timedelta(days=settings.inbox_retention_days)
    assert inbox.list_for("b-1") == []


def test_a_forgotten_message_leaves_nothing(
    inbox: InboxCarrier, aws: Aws, settings: Settings
) -> None:
    sent(inbox, a_reply())
    assert inbox.forget(an_entry(a_reply())) == 1
    assert inbox.forget(an_entry(Reply(channel=Channel.SMS, to="+15551230001", text="x"))) == 0
    assert aws.dynamodb.scan(TableName=settings.name("ledger"))["Items"] == []


def test_neither_browser_nor_key_can_be_read_from_what_is_kept(
    inbox: InboxCarrier, aws: Aws, settings: Settings
) -> None:
    sent(inbox, a_reply(browser="secret-browser"), "secret-key")
    assert "secret" not in legible(aws.dynamodb.scan(TableName=settings.name("ledger"))["Items"])


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ThrottlingException"}}, "PutItem"),
        EndpointConnectionError(endpoint_url="https://dynamodb"),
    ],
)
def test_what_could_not_be_stored_may_be_tried_again(
    inbox: InboxCarrier, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(**_: Any) -> None:
        raise error

    monkeypatch.setattr(inbox, "_client", type("Client", (), {"put_item": staticmethod(refuse)})())
    result = inbox.send(a_reply(), key="out-1")
    assert (result.status, result.code) == ("retry", "not_stored")


def test_a_fault_while_listing_is_told(
    inbox: InboxCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(inbox, a_reply())

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem")

    monkeypatch.setattr(inbox._client, "update_item", refuse)
    with pytest.raises(TemporaryError):
        inbox.list_for("b-1")
