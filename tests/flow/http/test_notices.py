"""AWS tells of texts and mail by its topics; the answers go out by its stand-ins, and come back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from chalicelib.model import Channel
from chalicelib.outbound import ONE_ATTEMPT, AwsSmsCarrier
from tests.machine import Machine, Person

ASKS = "Trailblazer GTX in a 44?"


def mailer(machine: Machine) -> Person:
    """Somebody who prefers e-mail, and takes offers by it."""
    granted = {"channel": "email", "purpose": "marketing", "state": "granted", "source": "form"}
    return machine.somebody(
        preferences={"service": ["email"], "marketing": ["email"]},
        consents=[{**granted, "at": "2026-03-01T10:00:00Z"}],
    )


def local(machine: Machine, path: str, **said: str) -> str:
    answer = machine.call("POST", path, json.dumps(said).encode())
    assert answer.status == 200, answer.data
    return str(answer.json()["interaction_id"])


def mails(machine: Machine, sender: str, text: str, subject: str = "A question") -> Any:
    asked = local(machine, "/local/mail", **{"from": sender, "subject": subject, "text": text})
    return machine.dealt_with(asked)


def receipt_of(machine: Machine, interaction_id: str, status: str) -> Any:
    def look() -> Any:
        (reply,) = machine.dealt_with(interaction_id)["replies"]
        return reply["receipt"] if reply["receipt"]["status"] == status else None

    return machine.until(look)


def test_a_mail_is_answered_by_mail_and_its_delivery_is_told(machine: Machine) -> None:
    person = mailer(machine)
    known = mails(machine, person.email, ASKS)

    assert (known["status"], known["customer_id"]) == ("answered", person.id)
    (reply,) = known["replies"]
    assert (reply["channel"], reply["to"]) == ("email", person.email)
    (mail,) = machine.messages(person.email)
    assert "129.90 USD" in mail["text"]
    receipt = receipt_of(machine, known["interaction_id"], "delivered")
    assert receipt["provider"] == "ses"
    sent = machine.cloud.carriers.ses.requests[-1]
    headers = {header["Name"] for header in sent["Content"]["Simple"]["Headers"]}
    assert {"In-Reply-To", "References"} <= headers


def test_a_hard_bounce_ends_mail_to_the_address(machine: Machine) -> None:
    person = mailer(machine)
    machine.cloud.carriers.ses.bounce(person.email)
    known = mails(machine, person.email, ASKS)
    assert receipt_of(machine, known["interaction_id"], "failed")["code"] == "Permanent:General"
    assert machine.until(lambda: machine.customer(person.id)["reach"]["email"].get("suppressed"))

    before = len(machine.messages(person.email))
    mails(machine, person.email, "how much is the Tempo 5 in 43?")
    assert len(machine.messages(person.email)) == before


def test_a_soft_bounce_ends_nothing(machine: Machine) -> None:
    person = mailer(machine)
    machine.cloud.carriers.ses.bounce(person.email, "Transient")
    known = mails(machine, person.email, ASKS)
    assert receipt_of(machine, known["interaction_id"], "failed")["code"] == "Transient:General"
    assert not machine.customer(person.id)["reach"]["email"].get("suppressed")


def test_a_complaint_ends_marketing(machine: Machine) -> None:
    person = mailer(machine)
    machine.cloud.carriers.ses.complain(person.email)
    mails(machine, person.email, ASKS)

    def refused() -> Any:
        consents = machine.customer(person.id)["consents"]
        return ("email", "marketing", "denied") in {
            (c["channel"], c["purpose"], c["state"]) for c in consents
        }

    assert machine.until(refused)


def test_a_mail_that_unsubscribes_is_confirmed_once_and_then_there_is_silence(
    machine: Machine,
) -> None:
    person = mailer(machine)
    mails(machine, person.email, "Sent by a mail program", subject="unsubscribe")
    assert len(machine.messages(person.email)) == 1
    denied = {c["channel"] for c in machine.customer(person.id)["consents"]}
    assert denied == {"email"}
    mails(machine, person.email, "Sent by a mail program", subject="unsubscribe")
    assert len(machine.messages(person.email)) == 1


@pytest.fixture
def by_aws(machine: Machine) -> Iterator[Machine]:
    """The machine, with AWS to carry its texts."""
    rooms = machine.cloud.rooms
    assert rooms is not None
    client = boto3.Session("local", "local", region_name="us-east-1").client(
        "pinpoint-sms-voice-v2",
        endpoint_url=rooms.settings.aws_sms_endpoint_url,
        config=ONE_ATTEMPT,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(rooms.carriers, Channel.SMS, AwsSmsCarrier(rooms.settings, client=client))
        yield machine


def test_a_text_by_aws_is_answered_by_aws_and_its_delivery_is_told(by_aws: Machine) -> None:
    person, lost = by_aws.somebody(), by_aws.somebody()
    by_aws.cloud.carriers.aws_sms.unreachable(lost.phone)
    ids = [
        local(by_aws, "/local/text", **{"from": p.phone, "text": ASKS, "provider": "aws_sms"})
        for p in (person, lost)
    ]

    assert by_aws.dealt_with(ids[0])["customer_id"] == person.id
    (text,) = by_aws.messages(person.phone)
    assert (text["channel"], text["provider"]) == ("sms", "aws_sms")
    assert "129.90 USD" in text["text"]
    assert receipt_of(by_aws, ids[0], "delivered")["provider"] == "aws_sms"
    assert receipt_of(by_aws, ids[1], "failed")["code"] == "TEXT_INVALID"
    assert by_aws.until(lambda: by_aws.customer(lost.id)["reach"]["sms"].get("suppressed"))


def test_a_number_on_aws_s_list_of_opt_outs_has_opted_out(by_aws: Machine) -> None:
    person = by_aws.somebody()
    by_aws.cloud.carriers.aws_sms.opt_out(person.phone)
    asked = local(by_aws, "/local/text", **{"from": person.phone, "text": ASKS})
    (reply,) = by_aws.dealt_with(asked)["replies"]
    assert reply["receipt"]["code"] == "DESTINATION_PHONE_NUMBER_OPTED_OUT"

    def refused() -> Any:
        consents = by_aws.customer(person.id)["consents"]
        return {(c["channel"], c["state"]) for c in consents} == {("sms", "denied")}

    assert by_aws.until(refused)
