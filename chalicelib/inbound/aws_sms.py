"""AWS End User Messaging SMS: two-way texts, and what became of ours.

Lives here: the fields of the two messages that it publishes to SNS. Never here: the envelope, or
what to answer. Texts come in any order, and more than once.

Sources: https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html,
…/configuration-sets-event-types.html and …/configuration-sets-event-format.html. AWS answers STOP
and HELP itself unless opt-outs are self-managed, and then tells us nothing of them: what comes
here is ours to answer (…/opt-out-list-self-managed.html).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from ..errors import PayloadError
from ..model import Channel, Interaction, Message, Receipt, normalise_identity
from ..settings import Settings
from .aws import moment_of, one, passed_over, read_id
from .request import Parsed
from .times import read_milliseconds

PROVIDER: Literal["aws_sms"] = "aws_sms"
LONGEST_TEXT = 10_000

ReceiptStatus = Literal["sent", "delivered", "failed", "unknown"]

STATUSES: Mapping[str, ReceiptStatus] = {
    "TEXT_QUEUED": "sent",
    "TEXT_PENDING": "sent",
    "TEXT_SENT": "sent",
    "TEXT_SUCCESSFUL": "delivered",
    "TEXT_DELIVERED": "delivered",
    "TEXT_BLOCKED": "failed",
    "TEXT_TTL_EXPIRED": "failed",
    "TEXT_CARRIER_UNREACHABLE": "failed",
    "TEXT_INVALID": "failed",
    "TEXT_INVALID_MESSAGE": "failed",
    "TEXT_CARRIER_BLOCKED": "failed",
    "TEXT_UNREACHABLE": "failed",
    "TEXT_SPAM": "failed",
    "TEXT_PROTECT_BLOCKED": "failed",
}
"""Any other, TEXT_UNKNOWN among them, is unknown. SUCCESSFUL means that the carrier has it; many
countries say no more, and by AWS's word the two are used for each other."""

GONE = "TEXT_INVALID"
"""The number does not exist."""


def parse(document: Mapping[str, Any], settings: Settings, received_at: datetime) -> Parsed:
    """One inbound text as a Message; our own numbers, and senders without a number, are passed
    over. Raises PayloadError naming the field that is wrong."""
    message_id = read_id(document, "inboundMessageId")
    sender = document.get("originationNumber")
    if sender in (settings.aws_sms_identity, settings.twilio_number) and sender:
        return Parsed((), ignored=1)
    try:
        identity = normalise_identity(f"phone:{sender}")
    except ValueError:
        reason = "the sender is no number in E.164 form, and cannot be answered"
        return passed_over(f"{PROVIDER}:{message_id}", reason)
    text = document.get("messageBody", "")
    if not isinstance(text, str):
        raise PayloadError("messageBody is text")
    return one(
        Interaction(
            id=f"{PROVIDER}:{message_id}",
            source=PROVIDER,
            identities=(identity,),
            occurred_at=received_at,  # AWS tells no time of its own.
            received_at=received_at,
            body=Message(channel=Channel.SMS, text=text[:LONGEST_TEXT]),
        )
    )


def parse_event(document: Mapping[str, Any], received_at: datetime) -> Parsed:
    """One delivery event as a Receipt; those of voice and other media are passed over."""
    event = document.get("eventType")
    if not isinstance(event, str) or not re.fullmatch(r"[A-Z_]{1,60}", event):
        raise PayloadError("eventType is one of AWS's words, such as TEXT_DELIVERED")
    if not event.startswith("TEXT_"):
        return Parsed((), ignored=1)
    message_id = read_id(document, "messageId")
    status = STATUSES.get(event, "unknown")
    body = Receipt(
        provider=PROVIDER,
        provider_id=message_id,
        status=status,
        code=event if status == "failed" else None,
        barred="unreachable" if event == GONE else None,
    )
    told = document.get("eventTimestamp")
    return one(
        Interaction(
            id=f"{PROVIDER}:{message_id}:{event.lower()}",
            source=PROVIDER,
            occurred_at=moment_of(told, read_milliseconds, received_at),
            received_at=received_at,
            body=body,
        )
    )
