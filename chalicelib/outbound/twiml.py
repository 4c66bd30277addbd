"""TwiML: what Twilio says in a call, and the key that it waits for.

Lives here: the document, whose words can never become markup. Never here: the words themselves.
Sources: https://www.twilio.com/docs/voice/twiml/say, …/gather and …/hangup.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final
from xml.etree import ElementTree

LANGUAGES: Final[Mapping[str, str]] = {"en": "en-US", "es": "es-ES", "fr": "fr-FR", "de": "de-DE"}
"""The voice that reads each language of ours."""

SECONDS_TO_PRESS: Final = 5


@cache
def _no_xml() -> re.Pattern[str]:
    """What no XML document may hold, not even escaped: https://www.w3.org/TR/xml/#charsets"""
    return re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def spoken(text: str, language: str, *, listening: str | None = None) -> str:
    """A document that says `text` and hangs up; a key pressed meanwhile, or right after, is posted
    to the URL `listening`, whose answer goes on instead."""
    response = place = ElementTree.Element("Response")
    if listening is not None:
        asked = {"numDigits": "1", "action": listening, "method": "POST"}
        waited = {"timeout": str(SECONDS_TO_PRESS)}
        place = ElementTree.SubElement(response, "Gather", {**asked, **waited})
    say = ElementTree.SubElement(place, "Say", {"language": LANGUAGES.get(language, "en-US")})
    say.text = _no_xml().sub("", text)
    ElementTree.SubElement(response, "Hangup")
    document = ElementTree.tostring(response, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>{document}'
