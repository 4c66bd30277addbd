"""Tracked links: a short token for every URL of a reply, that tells nothing to whoever reads it."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass
from datetime import datetime

from ..model import Channel, Reply, TrackedLink

_ALPHABET = string.ascii_letters + string.digits
UNSUBSCRIBED = "/unsubscribed"
"""The path of the link that stands for leaving marketing e-mail, and leads nowhere else."""

CONFIRMED = "/confirmed"
"""The path of the link that stands for confirming that one agrees to marketing e-mail."""

TOKEN_LENGTH = 10
"""62^10, about 8 * 10^17 tokens: not to be guessed, and short enough for a text message."""


@dataclass(frozen=True)
class LinkMaker:
    """Makes the links of one reply."""

    rng: random.Random
    customer_id: str
    decision_id: str | None
    channel: Channel
    now: datetime

    def __call__(self, url: str, offer_id: str | None = None) -> TrackedLink:
        return TrackedLink(
            token="".join(self.rng.choices(_ALPHABET, k=TOKEN_LENGTH)),
            url=url,
            customer_id=self.customer_id,
            decision_id=self.decision_id,
            offer_id=offer_id,
            channel=self.channel,
            sent_at=self.now,
        )


def tokens_of(reply: Reply) -> list[str]:
    """The tokens of all links that were kept for a reply."""
    leave = [reply.unsubscribe_url.rpartition("/")[2]] if reply.unsubscribe_url else []
    return [link.token for link in reply.links] + leave
