"""A received e-mail: whether its sender is proven and waits for an answer, and what it asks.

Lives here: SES's verdicts, automatic mail, the parts of a MIME document. Never here: HTML and
quoting (`mail_text.py`), or what to answer. An address in `From` is only a claim: anybody can write
it. It counts as an identity where DMARC proves it, or, for a domain without DMARC, where SPF does
for the very same domain; all other mail is passed over.

Sources: https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html,
RFC 5322, RFC 7489 (DMARC) and RFC 3834 (automatic mail).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from typing import Any

from ..errors import PayloadError
from ..model import Channel, Interaction, Message, normalise_identity
from ..settings import Settings
from .aws import moment_of, one, passed_over, read_id, read_part
from .mail_text import is_reply, text_of, without_quotes
from .payload import is_text
from .request import Parsed
from .times import read_time

LONGEST_TEXT = 10_000
LONGEST_HEADER = 2_000
"""Characters. Reading a header of the standard library's takes time squared in its length."""

_CONTENT_HEADER = re.compile(rb"^content-[a-z-]+:[^\n]*(?:\n[ \t][^\n]*)*", re.I | re.M)

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,900}>")
"""RFC 5322, 3.6.4, as far as it is ASCII."""

UNSUBSCRIBE = "unsubscribe"

_UNSUBSCRIBES = re.compile(
    r"(?:re:\s*)?(?:unsubscribe|stop|opt-?out|remove(?: me)?|abmelden|abbestellen|désabonner"
    r"|désinscription|baja|darse de baja|cancelar suscripción)[.! ]*",
    re.IGNORECASE,
)
_MACHINES = re.compile(
    r"(?:mailer-?daemon|postmaster|no-?reply|do-?not-?reply|bounces?|abuse)(?:[+=.-].*)?",
    re.IGNORECASE,
)
_AUTOMATIC_PRECEDENCE = frozenset({"bulk", "list", "junk", "auto_reply", "auto-reply"})
_AUTOMATIC_HEADERS = ("List-Id", "List-Unsubscribe", "X-Autoreply", "X-Autorespond")


def parse(document: Mapping[str, Any], settings: Settings, received_at: datetime) -> Parsed:
    """One notification of the type Received. Raises PayloadError for what holds no mail."""
    envelope, receipt = read_part(document, "mail"), read_part(document, "receipt")
    interaction_id = f"ses:mail:{read_id(envelope, 'messageId')}"
    try:
        mail = _read(_content(document, receipt))
        sender = _sender(mail)
        reason = _objection(mail, sender, envelope, receipt, settings)
        text = None if reason or sender is None else _asked(mail, envelope)
        message_id = next(iter(_raw_headers(mail, "Message-ID")), "").strip()
    except (LookupError, ValueError, TypeError, AttributeError, AssertionError, RecursionError):
        # The standard library raises any of these at hostile mail; it is kept as it came.
        raise PayloadError("the mail cannot be read") from None
    if sender is None or text is None:
        return passed_over(interaction_id, reason or "it is automatic, and is never answered")
    return one(
        Interaction(
            id=interaction_id,
            source="ses",
            identities=(f"email:{sender}",),
            occurred_at=moment_of(receipt.get("timestamp"), read_time, received_at),
            received_at=received_at,
            body=Message(
                channel=Channel.EMAIL,
                text=text,
                reply_to=message_id if _MESSAGE_ID.fullmatch(message_id) else None,
            ),
        )
    )


def _content(document: Mapping[str, Any], receipt: Mapping[str, Any]) -> bytes:
    """The raw mail. Only the receipt rule's SNS action sends it along."""
    content = document.get("content")
    if not isinstance(content, str):
        raise PayloadError("content is missing: the receipt rule needs the action that is SNS's")
    action = receipt.get("action")
    if not isinstance(action, dict) or str(action.get("encoding", "")).upper() != "BASE64":
        return content.encode("utf-8", "replace")
    try:
        return base64.b64decode(content, validate=False)
    except binascii.Error:
        raise PayloadError("content is not base64, as its receipt says") from None


def _read(raw: bytes) -> EmailMessage:
    """The MIME document. Raises ValueError for a header that would take minutes to read."""
    if any(len(found[0]) > LONGEST_HEADER for found in _CONTENT_HEADER.finditer(raw)):
        raise ValueError("a header of the content is too long")
    return message_from_bytes(raw, policy=default)


def _sender(mail: EmailMessage) -> str | None:
    """The one address in the one `From`, in lower case; None where there are more, or none.

    Who wrote two would have one of them checked and the other believed.
    """
    found = _raw_headers(mail, "From")
    if len(found) != 1 or len(found[0]) > LONGEST_HEADER:
        return None
    addresses = default.header_factory("From", found[0]).addresses
    try:
        identity = normalise_identity(f"email:{addresses[0].addr_spec}")
    except (ValueError, IndexError):
        return None
    known = len(addresses) == 1 and is_text(identity)
    return identity.removeprefix("email:") if known else None


def _objection(
    mail: EmailMessage,
    sender: str | None,
    envelope: Mapping[str, Any],
    receipt: Mapping[str, Any],
    settings: Settings,
) -> str | None:
    """Why the mail is passed over, in words for the log; None: it is to be read."""
    if "FAIL" in (_verdict(receipt, "virus"), _verdict(receipt, "spam")):
        return "it holds a virus or is spam"
    if sender is None:
        return "its From is not one address"
    own = (settings.ses_sender, settings.ses_reply_to, settings.handover_email)
    if sender in {parseaddr(address)[1].lower() for address in own}:
        return "it is our own"
    if not _proven(sender, envelope, receipt):
        return "nothing proves that it is from the address in its From"
    return None


def _proven(sender: str, envelope: Mapping[str, Any], receipt: Mapping[str, Any]) -> bool:
    """DMARC passed, or the domain has none and SPF passed for it (strict alignment, RFC 7489, 3.1).

    SES's GRAY means that there is nothing to check by.
    """
    if _verdict(receipt, "dmarc") != "GRAY":
        return _verdict(receipt, "dmarc") == "PASS"
    bounces_to = parseaddr(str(envelope.get("source", "")))[1].lower()
    aligned = bounces_to.rpartition("@")[2] == sender.rpartition("@")[2]
    return aligned and _verdict(receipt, "spf") == "PASS"


def _verdict(receipt: Mapping[str, Any], name: str) -> str:
    verdict = receipt.get(f"{name}Verdict")
    return str(verdict.get("status", "")) if isinstance(verdict, dict) else ""


def _asked(mail: EmailMessage, envelope: Mapping[str, Any]) -> str | None:
    """What the sender wrote; None for automatic mail, which is not answered.

    A mail by which a mail program unsubscribes is one word, whatever else it holds.
    """
    subject = " ".join(_header(mail, "Subject").split())
    if _UNSUBSCRIBES.fullmatch(subject):
        return UNSUBSCRIBE
    if _is_automatic(mail, envelope):
        return None
    said = without_quotes(text_of(mail))
    parts = (said,) if said and is_reply(subject) else (subject, said)
    return "\n".join(filter(None, parts))[:LONGEST_TEXT]


def _is_automatic(mail: EmailMessage, envelope: Mapping[str, Any]) -> bool:
    """RFC 3834, 2: no answer to an empty return path, to a machine's address, or to what says that
    it is automatic, or was sent to many."""
    bounces_to = str(envelope.get("source", "")).strip("<> ")
    return (
        _MACHINES.fullmatch(bounces_to.partition("@")[0]) is not None
        or not bounces_to
        or _MACHINES.fullmatch((_sender(mail) or "").partition("@")[0]) is not None
        or _header(mail, "Auto-Submitted").partition(";")[0].strip().lower() not in ("", "no")
        or _header(mail, "Precedence").strip().lower() in _AUTOMATIC_PRECEDENCE
        or any(_raw_headers(mail, name) for name in _AUTOMATIC_HEADERS)
        or mail.get_content_type() == "multipart/report"
    )


def _header(mail: EmailMessage, name: str) -> str:
    """A header's text, decoded; empty where there is none, or one of no sensible length."""
    found = _raw_headers(mail, name)
    if not found or len(found[0]) > LONGEST_HEADER:
        return ""
    text = str(default.header_factory(name, found[0])).strip()
    return text.encode("utf-8", "replace").decode()


def _raw_headers(mail: EmailMessage, name: str) -> list[str]:
    return [str(value) for key, value in mail.raw_items() if key.lower() == name.lower()]
