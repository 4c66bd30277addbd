"""What SES tells of our mail, in both of its forms, as its documentation shows them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.errors import PayloadError
from chalicelib.inbound import Parsed, notices
from chalicelib.model import Interaction, Receipt

from ...contracts.inbound.senders import RECEIVED_AT, SETTINGS, document

BOUNCED_ID = "00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa0680-000000"
SENT_ID = "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000"


def parse(told: dict[str, Any]) -> Parsed:
    return notices.parse(json.dumps(told), SETTINGS, RECEIVED_AT)


def one(told: dict[str, Any]) -> Receipt:
    (interaction,) = parse(told).interactions
    assert isinstance(interaction.body, Receipt)
    return interaction.body


def bounce(**changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = document("ses/bounce.json")
    told["bounce"].update(changes)
    return told


def complaint(**changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = document("ses/complaint_event.json")
    told["complaint"].update(changes)
    return told


def as_event(told: dict[str, Any]) -> dict[str, Any]:
    """The same, as event publishing writes it."""
    return {"eventType": told["notificationType"], **told, "notificationType": None}


def test_a_hard_bounce_fails_and_bars_the_address() -> None:
    (interaction,) = parse(bounce()).interactions
    assert interaction == Interaction(
        id=f"ses:{BOUNCED_ID}:bounce-permanent",
        source="ses",
        occurred_at=datetime(2016, 1, 27, 14, 59, 38, 237_000, UTC),
        received_at=RECEIVED_AT,
        body=Receipt(
            provider="ses",
            provider_id=BOUNCED_ID,
            status="failed",
            code="Permanent:General",
            barred="unreachable",
        ),
    )


def test_both_forms_tell_the_same() -> None:
    event = as_event(bounce())
    del event["notificationType"]
    assert parse(event) == parse(bounce())


@pytest.mark.parametrize("kind", ["Transient", "Undetermined"])
def test_a_soft_bounce_fails_and_bars_nothing(kind: str) -> None:
    told = one(bounce(bounceType=kind, bounceSubType="MailboxFull"))
    assert (told.status, told.code, told.barred) == ("failed", f"{kind}:MailboxFull", None)


def test_neither_address_nor_diagnosis_goes_on() -> None:
    (interaction,) = parse(bounce()).interactions
    assert "jane" not in interaction.model_dump_json()


def test_a_complaint_tells_that_it_was_delivered_and_bars() -> None:
    told = one(complaint())
    assert (told.provider_id, told.status, told.barred) == (SENT_ID, "delivered", "complained")


def test_a_mail_taken_out_of_the_spam_folder_is_no_complaint() -> None:
    assert one(complaint(complaintFeedbackType="not-spam")).barred is None


def test_a_mail_that_was_never_sent_for_an_old_complaint_failed() -> None:
    told = one(complaint(complaintSubType="OnAccountSuppressionList"))
    assert (told.status, told.barred) == ("failed", "complained")


@pytest.mark.parametrize(
    ("event", "part", "status"),
    [
        ("Send", "send", "sent"),
        ("Delivery", "delivery", "delivered"),
        ("DeliveryDelay", "deliveryDelay", "sent"),
        ("Open", "open", "read"),
        ("Click", "click", "read"),
        ("Reject", "reject", "failed"),
        ("Rendering Failure", "failure", "failed"),
    ],
)
def test_every_event_has_one_meaning(event: str, part: str, status: str) -> None:
    told = document("ses/delivery_event.json")
    told["eventType"], told[part] = event, told.pop("delivery")
    assert one(told) == Receipt(
        provider="ses",
        provider_id=SENT_ID,
        status=status,
        code=event.lower().replace(" ", "_") if status == "failed" else None,
    )


def test_an_event_that_is_not_about_a_message_is_passed_over() -> None:
    told = {**document("ses/delivery_event.json"), "eventType": "Subscription"}
    assert parse(told) == Parsed((), ignored=1)


@pytest.mark.parametrize(
    "greeting",
    [
        "Successfully validated SNS topic for Amazon SES event publishing.",
        '{"notificationType":"AmazonSnsSubscriptionSucceeded","message":"You have subscribed"}',
    ],
)
def test_ses_greets_a_topic_that_it_is_given(greeting: str) -> None:
    enveloped = json.dumps({"Type": "Notification", "Message": greeting})
    assert notices.parse(enveloped, SETTINGS, RECEIVED_AT) == Parsed((), ignored=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"bounce": None},
        {"bounce": []},
        {"mail": {"messageId": "a b"}},
        {"mail": "text"},
        {"mail": {}},
        {"notificationType": 7},
        {"notificationType": ["Bounce"]},
    ],
)
def test_a_notification_of_another_form_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(PayloadError):
        parse({**bounce(), **wrong})


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"Type": "Notification", "Message": {}}',
        '{"Type": "Notification", "Message": "not JSON"}',
        '{"Type": "SubscriptionConfirmation", "Message": "..."}',
        '{"mail": "\\ud800"}',
        '{"eventType": NaN}',
    ],
)
def test_what_is_no_notice_is_refused(body: str) -> None:
    with pytest.raises(PayloadError):
        notices.parse(body, SETTINGS, RECEIVED_AT)
