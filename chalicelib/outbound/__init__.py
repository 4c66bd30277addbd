"""What leaves: one file per provider, and the table of which provider carries which channel.

Lives here: the Carrier protocol and the table. Never here: what to say, to whom, on which
channel, whether it may be said at all, or when a send is tried again; the pipeline and the sweeper
know that.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import urllib3

from ..errors import ConfigurationError
from ..model import Channel, OutboxEntry, Receipt, Reply, SendResult
from ..settings import Settings
from .aws import ONE_ATTEMPT
from .aws_sms import AwsSmsCarrier
from .handover import HandoverDesk
from .inbox import InboxCarrier
from .push import PushCarrier
from .ses import SesCarrier
from .twilio import TwilioCarrier
from .voice import TwilioVoiceCarrier
from .whatsapp import WhatsAppCarrier
from .x import XCarrier

__all__ = [
    "ONE_ATTEMPT",
    "AwsSmsCarrier",
    "Carrier",
    "HandoverDesk",
    "InboxCarrier",
    "PushCarrier",
    "SesCarrier",
    "TwilioCarrier",
    "TwilioVoiceCarrier",
    "WhatsAppCarrier",
    "Withdrawing",
    "XCarrier",
    "carriers",
    "sms_provider",
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


@runtime_checkable
class Withdrawing(Protocol):
    """A carrier that can take back what has not been seen."""

    def withdraw(self, provider_id: str) -> bool:
        """Take it back; whether nobody has seen it or will. The same answer when asked again."""


def carriers(
    settings: Settings,
    *,
    http: urllib3.PoolManager,
    ses: Any | None,
    aws_sms: Any | None = None,
    dynamodb: Any | None = None,
    clock: Callable[[], datetime],
    rng: random.Random,
) -> dict[Channel, Carrier]:
    """Which carrier serves which channel; a channel whose settings are missing is absent.

    `ses` is a boto3 `sesv2` client and `aws_sms` one of `pinpoint-sms-voice-v2`, each made with
    ONE_ATTEMPT; `dynamodb` is one of `dynamodb`, for the inbox. Raises ConfigurationError for one
    of the first two that retries, and for an SMS provider that is named but not configured.
    """
    table: dict[Channel, Carrier] = {}
    if XCarrier.configured(settings):
        x = XCarrier(settings, http=http, clock=clock, rng=rng)
        table |= {Channel.X_REPLY: x, Channel.X_DM: x}
    if sms_provider(settings) == "twilio":
        table[Channel.SMS] = TwilioCarrier(settings, http=http, clock=clock)
    elif aws_sms is not None and sms_provider(settings) == "aws_sms":
        table[Channel.SMS] = AwsSmsCarrier(settings, client=aws_sms)
    if TwilioVoiceCarrier.configured(settings):
        table[Channel.VOICE] = TwilioVoiceCarrier(settings, http=http, clock=clock)
    if WhatsAppCarrier.configured(settings):
        table[Channel.WHATSAPP] = WhatsAppCarrier(settings, http=http)
    if ses is not None and SesCarrier.configured(settings):
        table[Channel.EMAIL] = SesCarrier(settings, client=ses)
    if PushCarrier.configured(settings):
        table[Channel.PUSH] = PushCarrier(settings, http=http, clock=clock)
    if dynamodb is not None and InboxCarrier.configured(settings):
        table[Channel.INBOX] = InboxCarrier(settings, client=dynamodb, clock=clock)
    return table


def sms_provider(settings: Settings) -> str | None:
    """Who carries texts: as SMS_PROVIDER says, else Twilio where it is configured, else AWS.

    Raises ConfigurationError where the named one is not configured.
    """
    ready = {
        "twilio": TwilioCarrier.configured(settings),
        "aws_sms": AwsSmsCarrier.configured(settings),
    }
    if settings.sms_provider and not ready[settings.sms_provider]:
        raise ConfigurationError(f"SMS_PROVIDER is {settings.sms_provider}: it lacks its settings")
    return settings.sms_provider or next((name for name in ready if ready[name]), None)
