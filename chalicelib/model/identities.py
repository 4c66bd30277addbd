"""How people are named and reached: identities, channels, and what a message is for."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

IDENTITY_NAMESPACES = ("user", "phone", "email", "x", "card", "anonymous")
"""Strongest first: an interaction that carries several identities resolves in this order."""

_PHONE = re.compile(r"^\+[1-9][0-9]{6,14}$")  # E.164
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


def normalise_identity(text: str) -> str:
    """The one spelling of `namespace:value`; raises ValueError for anything else."""
    namespace, colon, value = text.strip().partition(":")
    namespace, value = namespace.strip().lower(), value.strip()
    if not colon or namespace not in IDENTITY_NAMESPACES:
        raise ValueError(f"an identity is namespace:value with one of {IDENTITY_NAMESPACES}")
    if namespace == "phone":
        value = re.sub(r"[\s().-]", "", value)
        if not _PHONE.match(value):
            raise ValueError("a phone identity is in E.164 form: + and 7 to 15 digits")
    elif namespace == "email":
        value = value.lower()
        if not _EMAIL.match(value):
            raise ValueError("an email identity is an address")
    if not 1 <= len(value) <= 256:
        raise ValueError("an identity's value has 1 to 256 characters")
    return f"{namespace}:{value}"


Identity = Annotated[str, AfterValidator(normalise_identity)]
"""`x:1234`, `phone:+15551230001`, `email:joe@example.com`, `anonymous:…`, `user:…`, `card:…`."""


class Channel(StrEnum):
    """The channels, by the names that customers, offers and consents use."""

    X_REPLY = "x_reply"
    X_DM = "x_dm"
    SMS = "sms"
    EMAIL = "email"
    WHATSAPP = "whatsapp"
    VOICE = "voice"
    PUSH = "push"
    INBOX = "inbox"


class Purpose(StrEnum):
    """Service answers what the customer asked; marketing needs consent for the channel."""

    SERVICE = "service"
    MARKETING = "marketing"
