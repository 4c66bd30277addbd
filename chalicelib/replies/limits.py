"""How much each channel takes, in its own measure. One row a channel."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from ..model import Channel
from .sms import segments
from .x_text import LONGEST_POST, weighted_length


@dataclass(frozen=True, slots=True)
class Limit:
    """`measure(text, links)` should stay within `aim` and never goes over `most`."""

    measure: Callable[[str, Collection[str]], int]
    aim: int
    most: int


def _characters(text: str, links: Collection[str]) -> int:
    return len(text.encode("utf-16-le")) // 2


def _segments(text: str, links: Collection[str]) -> int:
    return segments(text)


LIMITS: Mapping[Channel, Limit] = {
    Channel.X_REPLY: Limit(weighted_length, LONGEST_POST, LONGEST_POST),
    # https://docs.x.com/x-api/direct-messages: up to 10,000 characters.
    Channel.X_DM: Limit(_characters, 1_000, 10_000),
    Channel.SMS: Limit(_segments, 2, 4),
    # WhatsApp Cloud API, text.body: 4,096 characters.
    Channel.WHATSAPP: Limit(_characters, 1_000, 4_096),
    # Twilio takes 4,000 characters of TwiML; a call should be over within a minute.
    Channel.VOICE: Limit(_characters, 700, 3_000),
    # Phones show some four lines of a notification.
    Channel.PUSH: Limit(_characters, 178, 500),
    Channel.INBOX: Limit(_characters, 2_000, 10_000),
    Channel.EMAIL: Limit(_characters, 20_000, 100_000),
}
