"""The only reader of environment and secrets.

Every setting is one environment variable, the field's name in capitals; `.chalice/config.json` sets
them per stage and the README lists them. Secrets may instead live in SSM Parameter Store under
`SECRETS_PATH`, one parameter per field (`/rejoinder/prod/twilio_auth_token`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from pydantic import BaseModel, ConfigDict, Field, Json, SecretStr, ValidationError

from .errors import ConfigurationError


class Settings(BaseModel):
    """Everything that differs between stages. Times carry their unit in the name."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stage: str = Field("dev", description="names every resource: rejoinder-<stage>-…")
    public_url: str = Field("", description="where the world reaches us, for links and callbacks")
    aws_endpoint_url: str | None = Field(None, description="another AWS, such as the local cloud")

    artifacts_bucket: str = Field("", description="S3 bucket of the published catalogs")

    brand_name: str = Field("RetailerXYZ", description="how replies name us")
    support_contact: str = Field("help@retailerxyz.example", description="named in HELP replies")
    postal_address: str = Field(
        "RetailerXYZ, 1 Main Street, Springfield", description="stands in marketing e-mail"
    )

    write_key: SecretStr = Field(SecretStr(""), description="the Segment write key")
    x_consumer_key: SecretStr = Field(SecretStr(""), description="X app key (OAuth 1.0a)")
    x_consumer_secret: SecretStr = Field(SecretStr(""), description="X app secret, signs webhooks")
    x_access_token: SecretStr = Field(SecretStr(""), description="the brand account's token")
    x_access_token_secret: SecretStr = Field(SecretStr(""), description="and its secret")
    x_user_id: str = Field("", description="the brand account: its own posts are never answered")
    x_api_url: str = Field("https://api.x.com", description="X API v2")
    twilio_account_sid: str = Field("", description="Twilio account")
    twilio_auth_token: SecretStr = Field(
        SecretStr(""), description="signs webhooks, authorises sends"
    )
    twilio_number: str = Field("", description="the number that texts come from, E.164")
    twilio_api_url: str = Field("https://api.twilio.com", description="Twilio REST API")
    ses_sender: str = Field("", description="From address of e-mail; empty: no e-mail")
    ses_endpoint_url: str | None = Field(None, description="another SES, such as the stand-in")

    handover_webhook_url: str = Field("", description="the service desk's webhook, if any")
    handover_webhook_secret: SecretStr = Field(SecretStr(""), description="signs handovers")
    handover_email: str = Field("", description="the service desk's mailbox, if any")

    confidence_threshold: float = Field(0.55, ge=0, le=1, description="below it we ask back")
    marketing_hours: str = Field("08:00-21:00", description="marketing only then, recipient's time")
    marketing_hours_by_country: Json[dict[str, str]] = Field(
        default_factory=dict, description='JSON, e.g. {"FR": "10:00-20:00"}'
    )
    attribution_hours: float = Field(
        72, gt=0, le=720, description="an answer within it counts as taking the offer up"
    )
    catalog_refresh_seconds: float = Field(30, description="how often a container looks for news")
    gate_least_ratio: float = Field(
        0.9, ge=0, le=1, description="share of what is earned below which publishing asks"
    )
    interaction_retention_days: int = Field(400, description="TTL of interactions and decisions")
    behaviour_retention_days: int = Field(90, description="TTL of orders kept in detail")
    suppression_key: SecretStr = Field(SecretStr(""), description="keys the hashes of the erased")
    secrets_path: str = Field("", description="SSM path that holds the secrets, if not here")

    def name(self, resource: str) -> str:
        """`customers` -> `rejoinder-dev-customers`, as infra/resources.yaml names it."""
        return f"rejoinder-{self.stage}-{resource}"


def load_settings(
    environment: Mapping[str, str] | None = None,
    fetch_secrets: Callable[[str], Mapping[str, str]] | None = None,
) -> Settings:
    """The settings from the environment, then `fetch_secrets(secrets_path)` for what it lacks.

    Raises ConfigurationError naming the variable, never its value.
    """
    source = os.environ if environment is None else environment
    found = {
        name: source[name.upper()] for name in Settings.model_fields if source.get(name.upper())
    }
    if found.get("secrets_path") and fetch_secrets is not None:
        found = {**fetch_secrets(found["secrets_path"]), **found}
    try:
        return Settings.model_validate(found)
    except ValidationError as error:
        wrong = "; ".join(f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(f"settings: {wrong}") from None
