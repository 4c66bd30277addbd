from __future__ import annotations

import os

import boto3
import pytest

from chalicelib.settings import load_settings
from infra.local.carriers import Urls
from infra.local.environment import carrier_secrets, environment, local_environment

URLS = Urls(
    x_url="http://x",
    twilio_url="http://twilio",
    whatsapp_url="http://whatsapp/v26.0",
    aws_sms_url="http://aws-sms",
    ses_url="http://ses",
    push_url="http://push",
    desk_url="http://desk/handovers",
)


def made(**given: str) -> dict[str, str | None]:
    return local_environment(
        given, cloud_url="http://cloud", bucket="artifacts", urls=URLS, own_url="http://own"
    )


def test_settings_find_everything_in_it() -> None:
    settings = load_settings({k: v for k, v in made().items() if v is not None})

    assert settings.stage == "local"
    assert settings.public_url == "http://own"
    assert settings.artifacts_bucket == "artifacts"
    assert settings.aws_endpoint_url == "http://cloud"
    assert settings.x_user_id == "999"
    assert settings.twilio_number == "+15550009999"
    assert settings.twilio_auth_token.get_secret_value() == "local-twilio-token"
    assert settings.x_consumer_secret.get_secret_value() == "local-x-secret"
    assert settings.write_key.get_secret_value() == "local-write-key"
    assert settings.whatsapp_api_url == "http://whatsapp/v26.0"
    assert settings.whatsapp_app_secret.get_secret_value() == "local-whatsapp-secret"
    assert settings.aws_sms_endpoint_url == "http://aws-sms"
    assert settings.aws_sms_identity == "+15550008888"
    assert settings.ses_endpoint_url == "http://ses"
    assert settings.push_service_url == "http://push"
    assert settings.identity_secret.get_secret_value() == "local-identity-secret"
    assert settings.handover_webhook_url == "http://desk/handovers"


def test_secrets_and_the_public_address_can_be_given() -> None:
    given = {"TWILIO_AUTH_TOKEN": "mine", "WRITE_KEY": "mine", "PUBLIC_URL": "https://tunnel"}

    found = made(**given)

    assert {name: found[name] for name in given} == given
    assert carrier_secrets(given)["twilio_auth_token"] == "mine"


def test_a_shell_of_a_real_stage_leads_nowhere_real() -> None:
    real = {
        "STAGE": "prod",
        "AWS_PROFILE": "prod",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ENDPOINT_URL": "https://real",
        "X_API_URL": "https://api.x.com",
        "TWILIO_API_URL": "https://api.twilio.com",
        "WHATSAPP_API_URL": "https://graph.facebook.com/v26.0",
        "SES_ENDPOINT_URL": "https://email.amazonaws.com",
        "PUSH_SERVICE_URL": "https://fcm.googleapis.com",
        "HANDOVER_WEBHOOK_URL": "https://desk.example",
        "ARTIFACTS_BUCKET": "real",
        "SECRETS_PATH": "/rejoinder/prod",
        "NO_PROXY": "internal",
    }

    found = made(**real)

    assert {name for name, value in real.items() if found[name] == value} == set()
    assert found["AWS_PROFILE"] is None
    assert found["NO_PROXY"] == "internal,127.0.0.1,localhost"


def test_the_process_environment_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REJOINDER_A", "before")
    monkeypatch.delenv("REJOINDER_B", raising=False)
    session = boto3.Session("before", "before")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)

    with environment({"REJOINDER_A": None, "REJOINDER_B": "during"}):
        assert boto3.DEFAULT_SESSION is None
        assert "REJOINDER_A" not in os.environ
        assert os.environ["REJOINDER_B"] == "during"

    assert os.environ["REJOINDER_A"] == "before"
    assert "REJOINDER_B" not in os.environ
    assert boto3.DEFAULT_SESSION is session


def test_on_one_machine_everybody_is_made_offers_unless_one_asks_otherwise() -> None:
    shares = [
        load_settings({k: v for k, v in made(**given).items() if v is not None}).control_share
        for given in ({}, {"CONTROL_SHARE": "0.5"})
    ]

    assert shares == [0.0, 0.5]
