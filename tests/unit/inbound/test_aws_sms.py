"""AWS's texts and delivery events, as its documentation shows them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.errors import PayloadError
from chalicelib.inbound import Parsed, notices
from chalicelib.model import Channel, Interaction, Message, Receipt

from ...contracts.inbound.senders import RECEIVED_AT, SETTINGS, document

OURS = SETTINGS.model_copy(update={"aws_sms_identity": "+12125550101"})
MESSAGE_ID = "cae173d2-66b9-564c-8309-21f858e9fb84"
SENT_ID = "862a8790-60c0-4430-9b2b-658bdexample"


def parse(name: str, **changes: Any) -> Parsed:
    told = {**document(f"aws_sms/{name}.json"), **changes}
    return notices.parse(json.dumps(told), OURS, RECEIVED_AT)


def receipt(**changes: Any) -> Receipt:
    (interaction,) = parse("successful", **changes).interactions
    assert isinstance(interaction.body, Receipt)
    return interaction.body


def test_a_text_is_a_message_from_its_number() -> None:
    assert parse("text").interactions == (
        Interaction(
            id=f"aws_sms:{MESSAGE_ID}",
            source="aws_sms",
            identities=("phone:+14255550182",),
            occurred_at=RECEIVED_AT,
            received_at=RECEIVED_AT,
            body=Message(channel=Channel.SMS, text="EXAMPLE"),
        ),
    )


def test_our_own_numbers_are_passed_over() -> None:
    for number in (OURS.aws_sms_identity, OURS.twilio_number):
        assert parse("text", originationNumber=number) == Parsed((), ignored=1)


def test_without_a_number_of_our_own_no_sender_is_taken_for_us() -> None:
    told = json.dumps(document("aws_sms/text.json"))
    unset = SETTINGS.model_copy(update={"twilio_number": ""})
    assert len(notices.parse(told, unset, RECEIVED_AT).interactions) == 1


@pytest.mark.parametrize("sender", ["12345", "", None, 7, "AMAZON", ["+14255550182"]])
def test_a_sender_without_a_number_cannot_be_answered_and_is_not_repeated(sender: Any) -> None:
    parsed = parse("text", originationNumber=sender)
    (passed_over,) = parsed.rejected
    assert parsed.interactions == ()
    assert "E.164" in passed_over.reason
    assert not sender or str(sender) not in passed_over.reason


def test_a_text_without_words_is_a_message_without_words_and_a_long_one_is_cut() -> None:
    def words(body: str) -> str:
        (interaction,) = parse("text", messageBody=body).interactions
        assert isinstance(interaction.body, Message)
        return interaction.body.text

    assert words("") == ""
    assert len(words("x" * 50_000)) == 10_000


@pytest.mark.parametrize(
    "changes",
    [{"inboundMessageId": "a b"}, {"inboundMessageId": 7}, {"messageBody": {}}, {"messageBody": 1}],
)
def test_a_text_of_another_form_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(PayloadError):
        parse("text", **changes)


def test_a_delivery_event_is_a_receipt_with_its_own_time() -> None:
    (interaction,) = parse("successful").interactions
    assert interaction.id == f"aws_sms:{SENT_ID}:text_successful"
    assert interaction.identities == ()
    assert interaction.occurred_at == datetime(2023, 6, 17, 4, 11, 43, 470_000, UTC)
    assert interaction.body == Receipt(provider="aws_sms", provider_id=SENT_ID, status="delivered")


@pytest.mark.parametrize(
    ("event", "status", "barred"),
    [
        ("TEXT_QUEUED", "sent", None),
        ("TEXT_PENDING", "sent", None),
        ("TEXT_SENT", "sent", None),
        ("TEXT_DELIVERED", "delivered", None),
        ("TEXT_BLOCKED", "failed", None),
        ("TEXT_TTL_EXPIRED", "failed", None),
        ("TEXT_CARRIER_UNREACHABLE", "failed", None),
        ("TEXT_INVALID", "failed", "unreachable"),
        ("TEXT_SPAM", "failed", None),
        ("TEXT_UNKNOWN", "unknown", None),
        ("TEXT_OF_TOMORROW", "unknown", None),
    ],
)
def test_every_event_has_one_meaning(event: str, status: str, barred: str | None) -> None:
    told = receipt(eventType=event)
    assert (told.status, told.barred) == (status, barred)
    assert told.code == (event if status == "failed" else None)


def test_events_of_other_media_are_passed_over() -> None:
    assert parse("successful", eventType="VOICE_COMPLETED") == Parsed((), ignored=1)


@pytest.mark.parametrize("at", [None, "yesterday", -1, 10**20, 99_999_999_999_999])
def test_an_event_of_no_sensible_time_happened_when_it_came(at: Any) -> None:
    (interaction,) = parse("successful", eventTimestamp=at).interactions
    assert interaction.occurred_at == RECEIVED_AT


@pytest.mark.parametrize("changes", [{"eventType": "no word"}, {"eventType": 3}, {"messageId": ""}])
def test_an_event_of_another_form_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(PayloadError):
        parse("successful", **changes)
