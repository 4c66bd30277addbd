"""Twilio's webhooks of calls: what became of ours, the key pressed in one, and who calls us.

Lives here: the fields of the two webhooks. Never here: their signature, which is that of all Twilio
webhooks (`twilio.py`), and what is said in a call.

Sources: https://www.twilio.com/docs/voice/api/call-resource#statuscallbackevent,
https://www.twilio.com/docs/voice/twiml/gather#action and
https://www.twilio.com/docs/voice/twiml#request-parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from ..errors import PayloadError
from ..model import Channel, Message, Receipt
from ..settings import Settings
from .payload import read_key
from .request import InboundRequest, Parsed
from .twilio import parsed, read_fields, read_number, read_sid

PROVIDER: Final = "twilio_voice"

STATUSES: Final[Mapping[str, Literal["sent", "delivered", "failed"]]] = {
    "queued": "sent",
    "initiated": "sent",
    "ringing": "sent",
    "in-progress": "sent",
    "completed": "delivered",
    "busy": "failed",
    "no-answer": "failed",
    "failed": "failed",
    "canceled": "failed",
}
"""CallStatus (twilio.rest.api.v2010.account.call) as a receipt; any other is unknown."""

STOP_KEY: Final = "9"

Heard = Literal["stop", "another_key", "their_call"]


def parse_status(request: InboundRequest, settings: Settings, received_at: datetime) -> Parsed:
    """One status callback of a call of ours as a Receipt. The URL's `key` is our outbox id."""
    fields = read_fields(request)
    call_sid, status = read_sid(fields, "CallSid"), fields.get("CallStatus", "").lower()
    if not re.fullmatch(r"[a-z_-]{1,40}", status):
        raise PayloadError("CallStatus is one of Twilio's words, such as completed")
    known = STATUSES.get(status, "unknown")
    body = Receipt(
        provider=PROVIDER,
        provider_id=call_sid,
        status=known,
        code=status if known == "failed" else None,
        key=read_key(request.query.get("key")),
    )
    return parsed(f"twilio:{call_sid}:{status}", (), body, received_at)


def parse_key(request: InboundRequest, settings: Settings, received_at: datetime) -> Parsed:
    """The key 9 in a call of ours as their STOP, which the call itself confirms; passed over is any
    other key, and a call of theirs."""
    fields = read_fields(request)
    call_sid = read_sid(fields, "CallSid")
    if _heard(fields) != "stop":
        return Parsed((), ignored=1)
    body = Message(channel=Channel.VOICE, text="STOP", provider_handled="stop")
    return parsed(f"twilio:{call_sid}", (read_number(fields, "To"),), body, received_at)


def hear(request: InboundRequest) -> Heard:
    """What happened in the call, for the answer that is spoken into it."""
    return _heard(read_fields(request))


def _heard(fields: Mapping[str, str]) -> Heard:
    if not fields.get("Direction", "").lower().startswith("outbound"):
        return "their_call"
    return "stop" if fields.get("Digits") == STOP_KEY else "another_key"
