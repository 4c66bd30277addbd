"""The stand-in carriers, and our carriers pointed at them."""

from __future__ import annotations

import base64
import hashlib
import random
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config

from chalicelib.model import Channel, Reply
from chalicelib.outbound import (
    ONE_ATTEMPT,
    AwsSmsCarrier,
    Carrier,
    PushCarrier,
    SesCarrier,
    TwilioCarrier,
    TwilioVoiceCarrier,
    WhatsAppCarrier,
    XCarrier,
)
from chalicelib.settings import Settings
from infra.local.carriers import LOCAL_SECRETS, Carriers, Mailbox, Urls
from infra.local.carriers.push import address
from infra.local.carriers.server import StandIn

NOW = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
JOE_X, JOE_PHONE, JOE_EMAIL = "1234", "+15551230001", "joe@example.com"
POST = "1990000000000000001"


def seeded(seed: int = 1) -> random.Random:
    return random.Random(seed)  # a test wants the same ids each time


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, time: timedelta) -> None:
        self.now += time


@dataclass
class Local:
    """The stand-ins and all that surrounds them."""

    clock: Clock = field(default_factory=Clock)
    mailbox: Mailbox = field(default_factory=Mailbox)
    http: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)

    def __post_init__(self) -> None:
        self.carriers = Carriers(self.mailbox, clock=self.clock, rng=seeded())

    def start(self) -> None:
        self.urls: Urls = self.carriers.start()
        self.carriers.x.seen(POST, JOE_X)
        self.carriers.x.seen("1990000000000000002", JOE_X, dm=True)

    def settings(self, **other: Any) -> Settings:
        return Settings.model_validate({**LOCAL_SECRETS, **other})

    def ses_client(self, url: str, **other: Any) -> Any:
        return boto3.client(
            "sesv2",
            endpoint_url=url,
            region_name="eu-central-1",
            aws_access_key_id=other.pop("key", "local"),
            aws_secret_access_key=other.pop("secret", "local"),
            config=ONE_ATTEMPT.merge(Config(**other)),
        )


@pytest.fixture
def local() -> Iterator[Local]:
    made = Local()
    made.start()
    yield made
    made.carriers.stop()


@dataclass(frozen=True)
class Case:
    """One channel of one carrier: what its contract needs to know of it."""

    channel: Channel
    to: str
    standin: Callable[[Carriers], StandIn]
    url: Callable[[Urls], str]
    make: Callable[[Local, str, float], Carrier]
    refused: Reply
    says_when: bool
    can_be_asked: bool
    wrong_credential: str

    def reply(self, text: str = "In stock at Broadway: 3 left, 129.90 USD") -> Reply:
        return Reply(
            channel=self.channel,
            to=self.to,
            text=text,
            subject="Your shoe" if self.channel == Channel.EMAIL else None,
            reply_to=POST if self.channel == Channel.X_REPLY else None,
        )


def make_x(local: Local, url: str, read_seconds: float, **secrets: str) -> Carrier:
    settings = local.settings(x_api_url=url, **secrets)
    timeout = urllib3.Timeout(connect=3.0, read=read_seconds)
    return XCarrier(settings, http=local.http, clock=local.clock, rng=seeded(), timeout=timeout)


def make_twilio(local: Local, url: str, read_seconds: float, **secrets: str) -> Carrier:
    settings = local.settings(twilio_api_url=url, **secrets)
    timeout = urllib3.Timeout(connect=3.0, read=read_seconds)
    return TwilioCarrier(settings, http=local.http, clock=local.clock, timeout=timeout)


def make_voice(local: Local, url: str, read_seconds: float, **secrets: str) -> Carrier:
    public = {"public_url": "https://reply.example"}
    settings = local.settings(twilio_api_url=url, **public, **secrets)
    timeout = urllib3.Timeout(connect=3.0, read=read_seconds)
    return TwilioVoiceCarrier(settings, http=local.http, clock=local.clock, timeout=timeout)


def make_whatsapp(local: Local, url: str, read_seconds: float, **secrets: str) -> Carrier:
    settings = local.settings(whatsapp_api_url=url, **secrets)
    timeout = urllib3.Timeout(connect=3.0, read=read_seconds)
    return WhatsAppCarrier(settings, http=local.http, timeout=timeout)


def make_push(local: Local, url: str, read_seconds: float, **secrets: str) -> Carrier:
    keys = {name: a_vapid_key(secret) for name, secret in secrets.items()}
    settings = local.settings(push_service_url=url, **keys)
    timeout = urllib3.Timeout(connect=3.0, read=read_seconds)
    return PushCarrier(settings, http=local.http, clock=local.clock, timeout=timeout)


def a_vapid_key(secret: str) -> str:
    """A private key that is one, whatever it was guessed from."""
    return base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()).decode()


def make_ses(local: Local, url: str, read_seconds: float, **secrets: str) -> Carrier:
    secret = secrets.get("aws_secret_access_key", "local")
    client = local.ses_client(url, read_timeout=read_seconds, secret=secret)
    return SesCarrier(local.settings(), client=client)


def make_aws_sms(local: Local, url: str, read_seconds: float, **secrets: str) -> Carrier:
    client = boto3.client(
        "pinpoint-sms-voice-v2",
        endpoint_url=url,
        region_name="eu-central-1",
        aws_access_key_id="local",
        aws_secret_access_key=secrets.get("aws_secret_access_key", "local"),
        config=ONE_ATTEMPT.merge(Config(read_timeout=read_seconds)),
    )
    return AwsSmsCarrier(local.settings(), client=client)


CASES = (
    Case(
        channel=Channel.X_REPLY,
        to=JOE_X,
        standin=lambda c: c.x,
        url=lambda urls: urls.x_url,
        make=make_x,
        refused=Reply(channel=Channel.X_REPLY, to="77", text="Hello", reply_to="404"),
        says_when=True,
        can_be_asked=True,
        wrong_credential="x_access_token_secret",
    ),
    Case(
        channel=Channel.X_DM,
        to=JOE_X,
        standin=lambda c: c.x,
        url=lambda urls: urls.x_url,
        make=make_x,
        refused=Reply(channel=Channel.X_DM, to="77", text="Hello"),
        says_when=True,
        can_be_asked=True,
        wrong_credential="x_consumer_secret",
    ),
    Case(
        channel=Channel.SMS,
        to=JOE_PHONE,
        standin=lambda c: c.twilio,
        url=lambda urls: urls.twilio_url,
        make=make_twilio,
        refused=Reply(channel=Channel.SMS, to="12", text="Hello"),
        says_when=True,
        can_be_asked=True,
        wrong_credential="twilio_auth_token",
    ),
    Case(
        channel=Channel.VOICE,
        to=JOE_PHONE,
        standin=lambda c: c.twilio,
        url=lambda urls: urls.twilio_url,
        make=make_voice,
        refused=Reply(channel=Channel.VOICE, to="12", text="Hello"),
        says_when=True,
        can_be_asked=True,
        wrong_credential="twilio_auth_token",
    ),
    Case(
        channel=Channel.WHATSAPP,
        to=JOE_PHONE,
        standin=lambda c: c.whatsapp,
        url=lambda urls: urls.whatsapp_url,
        make=make_whatsapp,
        refused=Reply(channel=Channel.WHATSAPP, to="12", text="Hello"),
        says_when=False,
        can_be_asked=False,
        wrong_credential="whatsapp_token",
    ),
    Case(
        channel=Channel.SMS,
        to=JOE_PHONE,
        standin=lambda c: c.aws_sms,
        url=lambda urls: urls.aws_sms_url,
        make=make_aws_sms,
        refused=Reply(channel=Channel.SMS, to="12", text="Hello"),
        says_when=False,
        can_be_asked=False,
        wrong_credential="aws_secret_access_key",
    ),
    Case(
        channel=Channel.EMAIL,
        to=JOE_EMAIL,
        standin=lambda c: c.ses,
        url=lambda urls: urls.ses_url,
        make=make_ses,
        refused=Reply(channel=Channel.EMAIL, to="nobody", text="Hello", subject="Hello"),
        says_when=False,
        can_be_asked=False,
        wrong_credential="aws_secret_access_key",
    ),
    Case(
        channel=Channel.PUSH,
        to=address("joes-browser"),
        standin=lambda c: c.push,
        url=lambda urls: urls.push_url,
        make=make_push,
        refused=Reply(
            channel=Channel.PUSH, to=address("joes").replace("/send/", "/elsewhere/"), text="Hello"
        ),
        says_when=True,
        can_be_asked=False,
        wrong_credential="vapid_private_key",
    ),
)


@pytest.fixture
def unheard() -> Iterator[str]:
    """A URL where nothing listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
