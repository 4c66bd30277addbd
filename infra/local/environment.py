"""The environment of the local stage: what settings and the AWS client read.

Secrets, the brand's name and everything else that is only ours come from the real environment where
it has them. Where calls go to does not: a shell set up for a real stage must not have the local run
write to real tables or to real people.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import boto3

from .carriers import LOCAL_SECRETS, Urls
from .cloud import REGION

WRITE_KEY = "local-write-key"
IDENTITY_SECRET = "local-identity-secret"  # noqa: S105
SUPPRESSION_KEY = "local-suppression-key"

_KEY_PAIR = ("aws_access_key_id", "aws_secret_access_key")

_DROPPED = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "SECRETS_PATH",
)


def carrier_secrets(given: Mapping[str, str]) -> dict[str, str]:
    """What the stand-ins know us by: their own names, overridden by `given` environment."""
    ours = {k: v for k, v in LOCAL_SECRETS.items() if k not in _KEY_PAIR}
    return {name: given.get(name.upper()) or value for name, value in ours.items()}


def local_environment(
    given: Mapping[str, str], *, cloud_url: str, bucket: str, urls: Urls, own_url: str
) -> dict[str, str | None]:
    """Variables to set, or (None) to unset, so that Rejoinder runs against the local cloud."""
    secrets = {name.upper(): value for name, value in carrier_secrets(given).items()}
    bypass = [given.get("NO_PROXY") or given.get("no_proxy") or "", "127.0.0.1", "localhost"]
    no_proxy = ",".join(filter(None, bypass))
    return {
        **dict.fromkeys(_DROPPED),
        **secrets,
        "IDENTITY_SECRET": given.get("IDENTITY_SECRET") or IDENTITY_SECRET,
        "SUPPRESSION_KEY": given.get("SUPPRESSION_KEY") or SUPPRESSION_KEY,
        "WRITE_KEY": given.get("WRITE_KEY") or WRITE_KEY,
        "PUBLIC_URL": given.get("PUBLIC_URL") or own_url,
        "STAGE": "local",
        # Whoever tries offers out on one machine is to see them.
        "CONTROL_SHARE": given.get("CONTROL_SHARE") or "0",
        "AWS_ACCESS_KEY_ID": LOCAL_SECRETS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": LOCAL_SECRETS["aws_secret_access_key"],
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": cloud_url,
        "ARTIFACTS_BUCKET": bucket,
        "X_API_URL": urls.x_url,
        "TWILIO_API_URL": urls.twilio_url,
        "WHATSAPP_API_URL": urls.whatsapp_url,
        "AWS_SMS_ENDPOINT_URL": urls.aws_sms_url,
        "SES_ENDPOINT_URL": urls.ses_url,
        "PUSH_SERVICE_URL": urls.push_url,
        "HANDOVER_WEBHOOK_URL": urls.desk_url,
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }


@contextmanager
def environment(variables: Mapping[str, str | None]) -> Iterator[None]:
    """`os.environ` with `variables` set or unset, and as it was afterwards.

    boto3 keeps the credentials that it once read in its default session, so that is put away too.
    """
    before = {name: os.environ.get(name) for name in variables}
    session = boto3.DEFAULT_SESSION
    _apply(variables)
    boto3.DEFAULT_SESSION = None
    try:
        yield
    finally:
        _apply(before)
        boto3.DEFAULT_SESSION = session


def _apply(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
