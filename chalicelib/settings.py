"""The only reader of environment and secrets.

Every setting is one environment variable, the field's name in capitals; `.chalice/config.json` sets
them per stage and the README lists them. Secrets may instead live in SSM Parameter Store under
`SECRETS_PATH`, one parameter per field (`/rejoinder/prod/twilio_auth_token`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, Json, SecretStr, ValidationError

from .errors import ConfigurationError
from .model import Channel, Purpose

CHANNEL_COSTS: Mapping[Channel, float] = {
    Channel.SMS: 0.0083,
    Channel.WHATSAPP: 0.005,
    Channel.VOICE: 0.014,
    Channel.EMAIL: 0.0001,
}
"""About what carriers ask for a message in the United States; the others cost next to nothing."""

PUSH_HOSTS = ",".join(
    (
        "fcm.googleapis.com",  # Chrome, Opera, Samsung Internet
        "*.push.services.mozilla.com",
        "*.push.apple.com",
        "*.notify.windows.com",  # Edge
    )
)
"""The push services of today's browsers."""

READ_WITHIN_HOURS: Mapping[Purpose, float] = {Purpose.SERVICE: 4, Purpose.MARKETING: 48}


class Settings(BaseModel):
    """Everything that differs between stages. Times carry their unit in the name."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

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
    x_marked_automated: bool = Field(
        False, description="the brand account carries X's automated label; else nothing goes out"
    )
    x_api_url: str = Field("https://api.x.com", description="X API v2")
    twilio_account_sid: str = Field("", description="Twilio account")
    twilio_auth_token: SecretStr = Field(
        SecretStr(""), description="signs webhooks, authorises sends"
    )
    twilio_number: str = Field("", description="the number that texts come from, E.164")
    twilio_voice_number: str = Field(
        "", description="the number that calls come from; empty: twilio_number"
    )
    twilio_api_url: str = Field("https://api.twilio.com", description="Twilio REST API")
    whatsapp_token: SecretStr = Field(SecretStr(""), description="authorises sends (Cloud API)")
    whatsapp_app_secret: SecretStr = Field(SecretStr(""), description="Meta's app: signs webhooks")
    whatsapp_verify_token: SecretStr = Field(
        SecretStr(""), description="what the webhook's challenge must name"
    )
    whatsapp_phone_number_id: str = Field("", description="the number, by its id in the Graph API")
    whatsapp_api_url: str = Field(
        "https://graph.facebook.com/v26.0", description="Graph API, with its version"
    )
    sms_provider: Literal["", "twilio", "aws_sms"] = Field(
        "", description="who carries texts; empty: Twilio where it is configured, else AWS"
    )
    aws_sms_identity: str = Field(
        "", description="the number, pool or sender id at AWS that texts come from"
    )
    aws_sms_configuration_set: str = Field("", description="tells of what became of AWS's texts")
    aws_sms_endpoint_url: str | None = Field(None, description="another AWS, such as the stand-in")
    ses_sender: str = Field("", description="From address of e-mail; empty: no e-mail")
    ses_reply_to: str = Field(
        "", description="where customers write to; only an address whose mail SES receives for us"
    )
    ses_configuration_set: str = Field("", description="tells of what became of e-mail")
    ses_endpoint_url: str | None = Field(None, description="another SES, such as the stand-in")

    vapid_private_key: SecretStr = Field(
        SecretStr(""), description="signs web push: 32 bytes, base64url; empty: no web push"
    )
    vapid_subject: str = Field(
        "", description="whom push services may write to about it: mailto: or https:"
    )
    push_hosts: str = Field(
        PUSH_HOSTS, description="the push services that we send to; *.x stands for all below x"
    )
    push_ttl_seconds: int = Field(
        86_400, ge=0, le=2_419_200, description="how long a push service keeps a notification"
    )
    push_service_url: str | None = Field(None, description="another push service: the stand-in")
    inbox_retention_days: int = Field(
        30, ge=0, description="TTL of messages in the inbox on the site; 0: there is none"
    )
    identity_secret: SecretStr = Field(
        SecretStr(""), description="the shop's server proves by it who a visitor is"
    )
    handover_webhook_url: str = Field("", description="the service desk's webhook, if any")
    handover_webhook_secret: SecretStr = Field(SecretStr(""), description="signs handovers")
    handover_email: str = Field("", description="the service desk's mailbox, if any")

    confidence_threshold: float = Field(0.55, ge=0, le=1, description="below it we ask back")
    marketing_hours: str = Field("08:00-21:00", description="marketing only then, recipient's time")
    marketing_hours_by_country: Json[dict[str, str]] = Field(
        default_factory=dict, description='JSON, e.g. {"FR": "10:00-20:00"}'
    )
    double_opt_in: Json[tuple[Literal["sms", "whatsapp", "email", "x_dm"], ...]] = Field(
        (), description='where a yes to marketing is confirmed first, JSON, e.g. ["email"]'
    )
    opt_in_hours: float = Field(24, gt=0, le=720, description="how long it may be confirmed")
    control_share: float = Field(
        0.02, ge=0, le=1, description="of the customers, who are made no offers, to measure by"
    )
    channel_costs: Json[dict[Channel, float]] = Field(
        default_factory=lambda: dict(CHANNEL_COSTS), description="USD a message, JSON by channel"
    )
    fallback_steps: int = Field(
        2, ge=0, le=5, description="how often a reply that did not arrive goes another way"
    )
    read_within_hours: Json[dict[Purpose, float]] = Field(
        default_factory=lambda: dict(READ_WITHIN_HOURS),
        description="unread in the inbox for so long, it goes another way; JSON by purpose",
    )
    x_acknowledge: bool = Field(
        False, description="say in public that the answer went another way, and no more"
    )
    attribution_hours: float = Field(
        72, gt=0, le=720, description="an answer within it counts as taking the offer up"
    )
    catalog_refresh_seconds: float = Field(30, description="how often a container looks for news")
    gate_least_ratio: float = Field(
        0.9, ge=0, le=1, description="share of what is earned below which publishing asks"
    )
    snapshot_least_decisions: int = Field(
        500, ge=0, description="counted since the last model, for a day's next; 0: none is learned"
    )
    interaction_retention_days: int = Field(400, description="TTL of interactions and decisions")
    behaviour_retention_days: int = Field(90, description="TTL of orders kept in detail")
    profile_retention_days: int = Field(
        1095, ge=1, description="TTL of who a customer is, from when they were last heard of"
    )
    consent_retention_days: int = Field(
        1825, ge=1, description="TTL of each consent and refusal on record"
    )
    suppression_key: SecretStr = Field(SecretStr(""), description="keys the hashes of the erased")
    secrets_path: str = Field("", description="SSM path that holds the secrets, if not here")

    def name(self, resource: str) -> str:
        """`customers` -> `rejoinder-dev-customers`, as infra/resources.yaml names it."""
        return f"rejoinder-{self.stage}-{resource}"


class Runtime(NamedTuple):
    """What Lambda's runtime tells of itself, and of the call in hand; empty elsewhere.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""

    function: str
    handler: str
    initialization: str
    trace_header: str
    tracing_daemon: str


def load_runtime(environment: Mapping[str, str] | None = None) -> Runtime:
    """Asked anew for each call: each has a trace of its own."""
    source = os.environ if environment is None else environment
    names = (
        *("AWS_LAMBDA_FUNCTION_NAME", "_HANDLER", "AWS_LAMBDA_INITIALIZATION_TYPE"),
        *("_X_AMZN_TRACE_ID", "AWS_XRAY_DAEMON_ADDRESS"),
    )
    return Runtime(*(source.get(name, "") for name in names))


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
