"""WhatsApp events, one reader for each kind: an Interaction, or None for what is passed over.

Lives here: what the fields of messages, statuses and preferences mean. Never here: signatures,
envelopes, or what to answer. Readers raise PayloadError for what they cannot read.

Sources: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference
(`messages`, `messages/status`, `user_preferences`) and
https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import SecretStr

from ..errors import PayloadError
from ..model import Barrier, Channel, Interaction, Message, Receipt, Removal, normalise_identity
from ..settings import Settings
from .payload import read_key
from .signatures import digest
from .times import read_milliseconds

STATUSES: Mapping[str, Literal["sent", "delivered", "read", "failed"]] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}
"""`delivered` is left out by the vendor where `read` follows at once; any other is passed over."""

BARRIERS: Mapping[str, Barrier] = {"131050": "no_marketing"}
"""131050: they stopped marketing messages from this business."""

STOPPED = "stop marketing messages on WhatsApp"
"""What the switch in WhatsApp's own settings says, in words that are understood as such."""


@dataclass(frozen=True)
class Account:
    """Whose events these are: `own_number` is our number as WhatsApp shows it, digits only."""

    is_ours: bool
    own_number: str = field(repr=False)
    secret: SecretStr
    received_at: datetime

    @classmethod
    def of(cls, metadata: Mapping[str, Any], settings: Settings, received_at: datetime) -> Account:
        ours = settings.whatsapp_phone_number_id
        return cls(
            is_ours=bool(ours) and metadata.get("phone_number_id") == ours,
            own_number=re.sub(r"\D", "", str(metadata.get("display_phone_number", ""))),
            secret=settings.whatsapp_app_secret,
            received_at=received_at,
        )


Reader = Callable[[Any, Account], Interaction | None]


def read_message(message: Any, account: Account) -> Interaction | None:
    """Words of a person, or a message of theirs that they took back.

    Passed over: reactions and kinds without words, groups (others read along there), our own
    messages, and people whose number is hidden behind a user name: nothing else identifies them.
    """
    fields = read_object_of(message, "messages")
    kind, sender = fields.get("type"), fields.get("from")
    if "group_id" in fields or sender is None or sender == account.own_number:
        return None
    if kind == "revoke":
        return _interaction(fields, _phone(sender), _taken_back(fields), account)
    read_words = WORDS.get(kind) if isinstance(kind, str) else None
    words = read_words(fields) if read_words else None
    if words is None:
        return None
    body = Message(channel=Channel.WHATSAPP, text=words, reply_to=_read_id(fields, "id"))
    return _interaction(fields, _phone(sender), body, account)


def read_status(status: Any, account: Account) -> Interaction | None:
    """What became of a message of ours; they come in any order, and each status counts once."""
    fields = read_object_of(status, "statuses")
    word = fields.get("status")
    known = STATUSES.get(word) if isinstance(word, str) else None
    if known is None:
        return None
    code = _code(fields)
    body = Receipt(
        provider="whatsapp",
        provider_id=_read_id(fields, "id"),
        status=known,
        code=code,
        barred=BARRIERS.get(code or ""),
        key=read_key(fields.get("biz_opaque_callback_data")),
    )
    return _interaction(fields, None, body, account, suffix=f":{word}")


def read_preference(preference: Any, account: Account) -> Interaction | None:
    """They stopped our marketing in WhatsApp's own settings, which also tells them so.

    That they resumed it is passed over: it is no consent that we asked for. The event has no id, so
    one is made of its content, keyed, for it must not tell the number.
    """
    fields = read_object_of(preference, "user_preferences")
    stopped = fields.get("category") == "marketing_messages" and fields.get("value") == "stop"
    if not stopped or fields.get("wa_id") is None:
        return None
    identity = _phone(fields["wa_id"])
    told = f"{identity}|{fields.get('timestamp')}".encode()
    event_id = f"preference:{digest(account.secret, told, 'sha256').hex()[:32]}"
    body = Message(channel=Channel.WHATSAPP, text=STOPPED, provider_handled="stop")
    return _interaction({**fields, "id": event_id}, identity, body, account)


def read_object_of(value: Any, name: str) -> dict[str, Any]:
    """`value`, where it is an object; raises PayloadError naming it."""
    if not isinstance(value, dict):
        raise PayloadError(f"{name} is an object")
    return value


def read_list(fields: Mapping[str, Any], name: str) -> list[Any]:
    """The list of that name, empty where there is none; raises PayloadError."""
    value = fields.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise PayloadError(f"{name} is a list")
    return value


def _words_at(*path: str) -> Callable[[Mapping[str, Any]], str]:
    """Reads the text that lies at `path`."""

    def read(fields: Mapping[str, Any]) -> str:
        found: Any = fields
        for name in path:
            found = read_object_of(found, "a message's content").get(name)
        if not isinstance(found, str):
            raise PayloadError(f"{'.'.join(path)} is a string")
        return found

    return read


def _caption_of(kind: str) -> Callable[[Mapping[str, Any]], str]:
    """Reads what was written under a picture or file: often nothing."""

    def read(fields: Mapping[str, Any]) -> str:
        caption = read_object_of(fields.get(kind), kind).get("caption")
        return caption if isinstance(caption, str) else ""

    return read


def _choice(fields: Mapping[str, Any]) -> str | None:
    """The title of the button or list entry that they chose; None for forms and the like."""
    interactive = read_object_of(fields.get("interactive"), "interactive")
    for kind in ("button_reply", "list_reply"):
        if kind in interactive:
            return _words_at(kind, "title")(interactive)
    return None


WORDS: Mapping[str, Callable[[Mapping[str, Any]], str | None]] = {
    "text": _words_at("text", "body"),
    "button": _words_at("button", "text"),
    "interactive": _choice,
    "image": _caption_of("image"),
    "video": _caption_of("video"),
    "document": _caption_of("document"),
    "audio": _caption_of("audio"),
}
"""Where a kind of message has its words. Any other kind, such as a reaction, has none for us."""


def _taken_back(fields: Mapping[str, Any]) -> Removal:
    revoked = read_object_of(fields.get("revoke"), "revoke")
    return Removal(removed_ids=(interaction_id(_read_id(revoked, "original_message_id")),))


def interaction_id(message_id: str) -> str:
    """Of a message, or of ours that a status is of: a digest, for a wamid tells the number."""
    return f"whatsapp:{hashlib.sha256(message_id.encode()).hexdigest()[:32]}"


def _interaction(
    fields: Mapping[str, Any],
    identity: str | None,
    body: Message | Receipt | Removal,
    account: Account,
    suffix: str = "",
) -> Interaction:
    return Interaction(
        id=f"{interaction_id(_read_id(fields, 'id'))}{suffix}",
        source="whatsapp",
        identities=(identity,) if identity else (),
        occurred_at=_when(fields.get("timestamp"), account.received_at),
        received_at=account.received_at,
        body=body,
    )


def _read_id(fields: Mapping[str, Any], name: str) -> str:
    """A wamid: `wamid.` and base64, at most 128 characters by the documentation."""
    value = fields.get(name)
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9+/=._:-]{2,200}", value):
        raise PayloadError(f"{name} is a message's id: wamid. and base64")
    return value


def _phone(number: Any) -> str:
    """`16505551234` -> `phone:+16505551234`; raises PayloadError without repeating it."""
    if isinstance(number, str) and re.fullmatch(r"[0-9]{7,15}", number):
        try:
            return normalise_identity(f"phone:+{number}")
        except ValueError:
            pass
    raise PayloadError("a sender is a number: 7 to 15 digits with the country code, without +")


def _code(fields: Mapping[str, Any]) -> str | None:
    """The first error's code, where there is one."""
    errors = fields.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    code = str(first.get("code", "")) if isinstance(first, dict) else ""
    return code if re.fullmatch(r"[1-9][0-9]{0,9}", code) else None


def _when(timestamp: Any, received_at: datetime) -> datetime:
    """Seconds since 1970, a number or its digits; never after receipt, which stands in for it."""
    try:
        return min(read_milliseconds(f"{timestamp}000"), received_at)
    except ValueError:
        return received_at
