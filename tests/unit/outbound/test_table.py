"""Which carrier serves which channel."""

from __future__ import annotations

import logging
from typing import Any

import boto3
import pytest
import urllib3

from chalicelib.errors import ConfigurationError
from chalicelib.model import Channel
from chalicelib.outbound import ONE_ATTEMPT, Carrier, carriers, sms_provider
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
        config=ONE_ATTEMPT,
    )


def made(settings: Settings, http: urllib3.PoolManager, ses: Any) -> dict[Channel, Carrier]:
    return carriers(
        settings, http=http, ses=ses, dynamodb=object(), clock=lambda: NOW, rng=seeded()
    )


def test_each_channel_has_its_carrier(
    settings: Settings, http: urllib3.PoolManager, ses: Any
) -> None:
    table = made(settings, http, ses)
    assert {channel: carrier.provider for channel, carrier in table.items()} == {
        Channel.X_REPLY: "x",
        Channel.X_DM: "x",
        Channel.SMS: "twilio",
        Channel.VOICE: "twilio_voice",
        Channel.WHATSAPP: "whatsapp",
        Channel.EMAIL: "ses",
        Channel.PUSH: "push",
        Channel.INBOX: "inbox",
    }
    assert all(channel in carrier.channels for channel, carrier in table.items())


@pytest.mark.parametrize(
    ("missing", "channels"),
    [
        *((name, {Channel.X_REPLY, Channel.X_DM}) for name in (*CREDENTIALS, "x_marked_automated")),
        ("twilio_account_sid", {Channel.SMS, Channel.VOICE}),
        ("twilio_auth_token", {Channel.SMS, Channel.VOICE}),
        ("twilio_number", {Channel.SMS, Channel.VOICE}),
        ("public_url", {Channel.VOICE}),
        ("whatsapp_token", {Channel.WHATSAPP}),
        ("whatsapp_phone_number_id", {Channel.WHATSAPP}),
        ("ses_sender", {Channel.EMAIL}),
        ("vapid_private_key", {Channel.PUSH}),
        ("vapid_subject", {Channel.PUSH}),
        ("inbox_retention_days", {Channel.INBOX}),
    ],
)
def test_a_channel_whose_settings_are_missing_is_absent(
    settings: Settings, http: urllib3.PoolManager, ses: Any, missing: str, channels: set[Channel]
) -> None:
    nothing = {"inbox_retention_days": 0, "x_marked_automated": False}.get(missing, "")
    given = settings.model_dump(exclude_defaults=True)
    without = Settings.model_validate({**given, missing: nothing})
    assert set(made(settings, http, ses)) - set(made(without, http, ses)) == channels


@pytest.fixture(scope="module")
def aws_sms() -> Any:
    return boto3.client(
        "pinpoint-sms-voice-v2",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=ONE_ATTEMPT,
    )


@pytest.mark.parametrize(
    ("changes", "provider"),
    [
        ({}, "twilio"),
        ({"sms_provider": "twilio"}, "twilio"),
        ({"sms_provider": "aws_sms"}, "aws_sms"),
        ({"twilio_number": ""}, "aws_sms"),
        ({"aws_sms_identity": ""}, "twilio"),
        ({"twilio_number": "", "aws_sms_identity": ""}, None),
    ],
)
def test_texts_go_by_whom_the_settings_name(
    settings: Settings,
    http: urllib3.PoolManager,
    aws_sms: Any,
    changes: dict[str, str],
    provider: str | None,
) -> None:
    chosen = settings.model_copy(update=changes)
    table = carriers(chosen, http=http, ses=None, aws_sms=aws_sms, clock=lambda: NOW, rng=seeded())
    carrier = table.get(Channel.SMS)
    assert (carrier.provider if carrier else None) == provider


def test_a_provider_of_texts_that_lacks_its_settings_is_told(settings: Settings) -> None:
    for changes in (
        {"sms_provider": "twilio", "twilio_number": ""},
        {"sms_provider": "aws_sms", "aws_sms_identity": ""},
    ):
        with pytest.raises(ConfigurationError, match="SMS_PROVIDER"):
            sms_provider(settings.model_copy(update=changes))


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
