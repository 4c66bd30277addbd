"""Which carrier serves which channel."""

from __future__ import annotations

import logging
from typing import Any

import boto3
import pytest
import urllib3

from chalicelib.model import Channel
from chalicelib.outbound import SES_CONFIG, Carrier, carriers
from chalicelib.outbound.x import CREDENTIALS
from chalicelib.settings import Settings

from .conftest import NOW, Scripted, a_reply, seeded


@pytest.fixture(scope="module")
def ses() -> Any:
    return boto3.client(
        "sesv2",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=SES_CONFIG,
    )


def made(settings: Settings, http: urllib3.PoolManager, ses: Any) -> dict[Channel, Carrier]:
    return carriers(settings, http=http, ses=ses, clock=lambda: NOW, rng=seeded())


def test_each_channel_has_its_carrier(
    settings: Settings, http: urllib3.PoolManager, ses: Any
) -> None:
    table = made(settings, http, ses)
    assert {channel: carrier.provider for channel, carrier in table.items()} == {
        Channel.X_REPLY: "x",
        Channel.X_DM: "x",
        Channel.SMS: "twilio",
        Channel.EMAIL: "ses",
    }
    assert all(channel in carrier.channels for channel, carrier in table.items())


@pytest.mark.parametrize(
    ("missing", "channels"),
    [
        *((name, {Channel.X_REPLY, Channel.X_DM}) for name in CREDENTIALS),
        ("twilio_account_sid", {Channel.SMS}),
        ("twilio_auth_token", {Channel.SMS}),
        ("twilio_number", {Channel.SMS}),
        ("ses_sender", {Channel.EMAIL}),
    ],
)
def test_a_channel_whose_settings_are_missing_is_absent(
    settings: Settings, http: urllib3.PoolManager, ses: Any, missing: str, channels: set[Channel]
) -> None:
    without = Settings.model_validate({**settings.model_dump(exclude_defaults=True), missing: ""})
    assert set(made(settings, http, ses)) - set(made(without, http, ses)) == channels


def test_without_an_ses_client_there_is_no_e_mail(
    settings: Settings, http: urllib3.PoolManager
) -> None:
    assert Channel.EMAIL not in made(settings, http, None)


def test_our_own_loggers_say_nothing_of_a_send(
    settings: Settings,
    http: urllib3.PoolManager,
    provider: Scripted,
    caplog: pytest.LogCaptureFixture,
) -> None:
    provider.then(400, {"code": 21211, "message": "+15551230001 is not valid"})
    with caplog.at_level(logging.INFO):
        carrier = made(settings, http, None)[Channel.SMS]
        carrier.send(a_reply(Channel.SMS, "+15551230001"), key="out-1")
    assert caplog.text == ""
