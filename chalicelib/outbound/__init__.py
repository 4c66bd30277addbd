"""What leaves: one file per provider, and the table of which provider carries which channel.

Lives here: the Carrier protocol and the table. Never here: what to say, to whom, on which
channel, whether it may be said at all, or when a send is tried again; the pipeline and the sweeper
know that.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import urllib3

from ..model import Channel, OutboxEntry, Receipt, Reply, SendResult
from ..settings import Settings
from .handover import HandoverDesk
from .ses import SES_CONFIG, SesCarrier
from .twilio import TwilioCarrier
from .x import XCarrier

__all__ = [
    "SES_CONFIG",
    "Carrier",
    "HandoverDesk",
    "SesCarrier",
    "TwilioCarrier",
    "XCarrier",
    "carriers",
]


class Carrier(Protocol):
    """A provider that puts a reply on its channels."""

    @property
    def provider(self) -> str:
        """The name that receipts and outbox entries carry."""

    @property
    def channels(self) -> frozenset[Channel]:
        """What it carries."""

    def send(self, reply: Reply, *, key: str) -> SendResult:
        """Send once, at once. `key` names the outbox entry wherever the provider keeps a name.

        Never raises for what the provider or the network does; the result says it.
        """

    def status(self, entry: OutboxEntry) -> Receipt | None:
        """What became of `entry`, asked of the provider; None where that cannot be learned."""


def carriers(
    settings: Settings,
    *,
    http: urllib3.PoolManager,
    ses: Any | None,
    clock: Callable[[], datetime],
    rng: random.Random,
) -> dict[Channel, Carrier]:
    """Which carrier serves which channel; a channel whose settings are missing is absent.

    `ses` is a boto3 `sesv2` client made with SES_CONFIG. Raises ConfigurationError if it retries.
    """
    table: dict[Channel, Carrier] = {}
    if XCarrier.configured(settings):
        x = XCarrier(settings, http=http, clock=clock, rng=rng)
        table |= {Channel.X_REPLY: x, Channel.X_DM: x}
    if TwilioCarrier.configured(settings):
        table[Channel.SMS] = TwilioCarrier(settings, http=http, clock=clock)
    if ses is not None and settings.ses_sender:
        table[Channel.EMAIL] = SesCarrier(settings, client=ses)
    return table
