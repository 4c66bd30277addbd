"""From a notice of AWS's to the queue of interactions: nothing is lost, nothing is said of it."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from chalice.app import SQSEvent

from chalicelib import work
from chalicelib.errors import PayloadError
from chalicelib.model import Interaction
from chalicelib.queues import unseal
from chalicelib.steps.rooms import Rooms
from tests.contracts.inbound.senders import document
from tests.stage import Aws


def noticed(aws: Aws, topic: str, told: Any) -> None:
    """Published to one of the stack's topics."""
    arn = f"arn:aws:sns:us-east-1:123456789012:{aws.outputs[topic]}"
    message = told if isinstance(told, str) else json.dumps(told)
    aws.clients["sns"].publish(TopicArn=arn, Message=message)


def received(aws: Aws, name: str) -> list[str]:
    url = aws.sqs.get_queue_url(QueueName=f"rejoinder-dev-{name}")["QueueUrl"]
    found = aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [message["Body"] for message in found]


def taken_in(aws: Aws, rooms: Rooms) -> None:
    for body in received(aws, "notices"):
        work.take_in(SQSEvent({"Records": [{"body": body, "receiptHandle": "r"}]}, None), rooms)


def queued(aws: Aws, name: str = "interactions") -> list[Interaction]:
    return [interaction for body in received(aws, name) for interaction in unseal(body)]


def test_what_a_topic_tells_is_queued_as_an_interaction(aws: Aws, rooms: Rooms) -> None:
    noticed(aws, "TextsTopic", document("aws_sms/text.json"))
    noticed(aws, "TextsTopic", document("aws_sms/successful.json"))
    noticed(aws, "MailTopic", document("ses/bounce.json"))
    taken_in(aws, rooms)

    assert {interaction.source for interaction in queued(aws)} == {"aws_sms", "ses"}
    assert queued(aws, "urgent") == []


def test_a_withdrawal_is_urgent(aws: Aws, rooms: Rooms) -> None:
    noticed(aws, "TextsTopic", {**document("aws_sms/text.json"), "messageBody": "Stop!"})
    taken_in(aws, rooms)

    (interaction,) = queued(aws, "urgent")
    assert interaction.id.startswith("aws_sms:")
    assert queued(aws) == []


def test_a_notice_that_comes_twice_is_one_interaction(aws: Aws, rooms: Rooms) -> None:
    for _ in range(2):
        noticed(aws, "MailTopic", document("ses/complaint_event.json"))
    taken_in(aws, rooms)

    assert len({interaction.id for interaction in queued(aws)}) == 1


def test_a_notice_that_cannot_be_read_is_not_acknowledged(aws: Aws, rooms: Rooms) -> None:
    noticed(aws, "MailTopic", "no JSON")
    with pytest.raises(PayloadError):
        taken_in(aws, rooms)


def test_why_a_mail_is_passed_over_is_logged_and_nothing_of_it(
    aws: Aws, rooms: Rooms, caplog: pytest.LogCaptureFixture
) -> None:
    forged = document("ses/received.json")
    forged["receipt"]["dmarcVerdict"]["status"] = "FAIL"
    noticed(aws, "MailTopic", forged)
    with caplog.at_level(logging.INFO):
        taken_in(aws, rooms)

    ours = [r.getMessage() for r in caplog.records if r.name == "rejoinder"]
    (line,) = [message for message in ours if "passed over" in message]
    assert line.startswith("notice ses:mail:d6iitobk75ur44p8kdnnp7g2n800 is passed over: nothing")
    assert not any(word in " ".join(ours).lower() for word in ("joe", "trailblazer"))
    assert queued(aws) == []
