"""What is spoken into a call that Twilio asks about: after a key was pressed, or to who calls us.

Calls to us are no channel: whoever calls is told how to write to us. Never here: what a pressed key
changes, which is queued as a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..inbound import InboundRequest
from ..inbound.twilio_calls import Heard, hear
from ..outbound.twiml import LANGUAGES, spoken
from ..replies import phrase
from .rooms import Rooms

_PHRASES: Final[Mapping[Heard, str]] = {
    "stop": "calls_stopped",
    "another_key": "goodbye",
    "their_call": "your_call",
}


def answer(request: InboundRequest, rooms: Rooms) -> str:
    """The TwiML that ends the call; in the language of what we said, as the URL has it."""
    asked = request.query.get("language", "")
    language = asked if asked in LANGUAGES else "en"
    brand = rooms.brand
    variables = {"brand": brand.name, "support": brand.support_contact}
    return spoken(phrase(_PHRASES[hear(request)], language, **variables), language)
