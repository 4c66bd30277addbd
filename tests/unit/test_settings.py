"""The environment, read once and strictly."""

from __future__ import annotations

import pytest

from chalicelib.errors import ConfigurationError
from chalicelib.settings import load_settings


def test_what_is_not_set_has_its_default() -> None:
    settings = load_settings({})

    assert (settings.stage, settings.marketing_hours) == ("dev", "08:00-21:00")
    assert settings.name("customers") == "rejoinder-dev-customers"


def test_a_wrong_value_is_named_and_not_shown() -> None:
    wrong = {"CONFIDENCE_THRESHOLD": "s3cret", "MARKETING_HOURS_BY_COUNTRY": "{"}
    with pytest.raises(ConfigurationError) as error:
        load_settings(wrong)

    assert "CONFIDENCE_THRESHOLD" in str(error.value)
    assert "MARKETING_HOURS_BY_COUNTRY" in str(error.value)
    assert "s3cret" not in str(error.value)


def test_hours_by_country_are_json() -> None:
    settings = load_settings({"MARKETING_HOURS_BY_COUNTRY": '{"FR": "10:00-20:00"}'})

    assert settings.marketing_hours_by_country == {"FR": "10:00-20:00"}


def test_the_environment_wins_over_the_parameter_store() -> None:
    asked: list[str] = []

    def fetch(path: str) -> dict[str, str]:
        asked.append(path)
        return {"write_key": "stored", "twilio_auth_token": "stored"}

    settings = load_settings({"SECRETS_PATH": "/rejoinder/dev", "WRITE_KEY": "given"}, fetch)
    assert asked == ["/rejoinder/dev"]
    assert settings.write_key.get_secret_value() == "given"
    assert settings.twilio_auth_token.get_secret_value() == "stored"


def test_no_secret_is_in_a_repr() -> None:
    assert "hush" not in repr(load_settings({"WRITE_KEY": "hush", "X_CONSUMER_SECRET": "hush"}))
