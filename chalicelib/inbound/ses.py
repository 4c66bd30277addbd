"""Amazon SES through SNS: what became of our e-mail; received mail goes on to `mail.py`.

Lives here: SES's notifications (`notificationType`) and event publishing (`eventType`), which tell
the same in the same shapes. Never here: the envelope, or what a bounce means for the customer.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html,
…/event-publishing-retrieving-sns-contents.html and …/receiving-email-notifications-contents.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from ..errors import PayloadError
from ..model import Barrier, Interaction, Receipt
from ..settings import Settings
from . import mail
from .aws import moment_of, one, read_id, read_part
from .request import Parsed
from .times import read_time

ReceiptStatus = Literal["sent", "delivered", "read", "failed"]


class Told(NamedTuple):
    """What one event means; `part` is the object that tells more of it."""

    status: ReceiptStatus
    part: str


EVENTS: Mapping[str, Told] = {
    "send": Told("sent", "send"),
    "delivery": Told("delivered", "delivery"),
    "deliverydelay": Told("sent", "deliveryDelay"),
    "open": Told("read", "open"),
    "click": Told("read", "click"),
    "bounce": Told("failed", "bounce"),
    "complaint": Told("delivered", "complaint"),
    "reject": Told("failed", "reject"),
    "rendering failure": Told("failed", "failure"),
}
"""Names in lower case. Any other (`Subscription`) says nothing of a message of ours."""

NOT_SPAM = "not-spam"
"""A complaint's feedback type when somebody took a mail out of the spam folder."""

NEVER_SENT = "OnAccountSuppressionList"
"""The subtype of a bounce or complaint with which SES refused to send at all."""


def parse(document: Mapping[str, Any], settings: Settings, received_at: datetime) -> Parsed:
    """One notification as a Message or a Receipt. Raises PayloadError naming what is wrong."""
    kind = document.get("notificationType", document.get("eventType"))
    if not isinstance(kind, str):
        raise PayloadError("notificationType or eventType is one of SES's words, such as Bounce")
    if kind == "Received":
        return mail.parse(document, settings, received_at)
    told = EVENTS.get(kind.lower())
    if told is None:
        return Parsed((), ignored=1)
    part = read_part(document, told.part)
    receipt = _receipt(kind.lower(), told, part, read_id(read_part(document, "mail"), "messageId"))
    name = _word(part.get("bounceType")) or "event"
    suffix = f"{kind.lower()}-{name.lower()}" if kind == "Bounce" else kind.lower()
    return one(
        Interaction(
            id=f"ses:{receipt.provider_id}:{suffix.replace(' ', '-')}",
            source="ses",
            occurred_at=moment_of(part.get("timestamp"), read_time, received_at),
            received_at=received_at,
            body=receipt,
        )
    )


def _receipt(kind: str, told: Told, part: Mapping[str, Any], message_id: str) -> Receipt:
    status: ReceiptStatus = told.status
    barred: Barrier | None = None
    if kind == "bounce" and part.get("bounceType") == "Permanent":
        barred = "unreachable"
    elif kind == "complaint" and part.get("complaintFeedbackType") != NOT_SPAM:
        barred = "complained"
        if part.get("complaintSubType") == NEVER_SENT:
            status = "failed"
    return Receipt(
        provider="ses",
        provider_id=message_id,
        status=status,
        code=_code(kind, part) if status == "failed" else None,
        barred=barred,
    )


def _code(kind: str, part: Mapping[str, Any]) -> str:
    """`Permanent:General`, `Transient:MailboxFull`; never the diagnosis, which holds addresses."""
    words = (_word(part.get(name)) for name in ("bounceType", "bounceSubType", "complaintSubType"))
    return ":".join(filter(None, words)) or kind.replace(" ", "_")


def _word(told: Any) -> str:
    return told if isinstance(told, str) and re.fullmatch(r"[A-Za-z]{1,40}", told) else ""
