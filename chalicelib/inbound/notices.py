"""What AWS tells through SNS: taken out of its envelope, and read by the source that it is from.

Lives here: the envelope that SNS puts around a message for a queue, and which source speaks. Never
here: a signature, for only our own topics may write to the queue (infra/resources.yaml), or what
any source's words mean.

https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..errors import PayloadError
from ..settings import Settings
from . import aws_sms, ses
from .payload import check_size, find_flaw, read_object
from .request import Parsed

LIMIT_BYTES = 1024 * 1024
"""Of a message in SQS. SNS itself takes 256 KB."""

GREETINGS = ("Successfully validated SNS topic", '{"notificationType":"AmazonSnsSubscription')
"""What SES says once, when a topic is chosen for its events."""


def parse(body: str, settings: Settings, received_at: datetime) -> Parsed:
    """One message of the notices' queue. Raises TooLargeError and PayloadError.

    What is not for us (a greeting, an event of another kind) is counted as ignored; a mail that
    may not be answered is among the rejected, with the reason.
    """
    check_size(body.encode("utf-8", "replace"), LIMIT_BYTES)
    told = _unwrapped(body)
    if told.startswith(GREETINGS):
        return Parsed((), ignored=1)
    document = _sound(told)
    if "inboundMessageId" in document:
        return aws_sms.parse(document, settings, received_at)
    if "mail" in document:
        return ses.parse(document, settings, received_at)
    if "eventType" in document:
        return aws_sms.parse_event(document, received_at)
    raise PayloadError("the notice is neither of AWS End User Messaging nor of SES")


def _unwrapped(body: str) -> str:
    """The message in the envelope of SNS, or the body itself where it was delivered raw."""
    document = _sound(body)
    told = document.get("Message") if document.get("Type") == "Notification" else body
    if not isinstance(told, str):
        raise PayloadError("the Message of the notification is not text")
    return told


def _sound(text: str) -> dict[str, Any]:
    document = read_object(text.encode("utf-8", "replace"))
    if flaw := find_flaw(document):
        raise PayloadError(f"the notice cannot be taken: {flaw}")
    return document
