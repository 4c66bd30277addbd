"""How one gets in: as an operator, and as those who sign what they send to the webhooks.

Lives here: the two ways in which an operator shows who they are, and the secrets of senders, read
where the stage keeps them. Never here: a request, or a secret in a log, an error or a repr.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from chalicelib.settings import Settings

from ..local.environment import IDENTITY_SECRET, WRITE_KEY, carrier_secrets

JSON = "application/json"
SECRETS = ("twilio_auth_token", "write_key", "identity_secret")
"""What Twilio signs with, what a page names, and what the shop's server vouches with."""


class Operator(Protocol):
    """Who may call the operators' routes."""

    def headers(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        """What this request, with a JSON body, is to carry."""


@dataclass(frozen=True)
class Bearer:
    """The operator of a local run, by the token that `make run` prints."""

    token: str = field(repr=False)

    def headers(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": JSON}


@dataclass(frozen=True)
class SigV4:
    """The operator of a stage, by the credentials and the region of a boto3 session.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html; who calls a REST API signs
    for `execute-api`.
    """

    session: Any

    def headers(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        credentials = self.session.get_credentials().get_frozen_credentials()
        request = AWSRequest(method=method, url=url, data=body, headers={"Content-Type": JSON})
        SigV4Auth(credentials, "execute-api", self.session.region_name).add_auth(request)
        return dict(request.headers)


def stage_secrets(ssm: Any, path: str) -> Settings:
    """SECRETS out of Parameter Store, below `path`; what is not there is empty. ClientError."""
    found = ssm.get_parameters(Names=[f"{path}/{n}" for n in SECRETS], WithDecryption=True)
    named = {p["Name"].rpartition("/")[2]: p["Value"] for p in found["Parameters"]}
    return Settings.model_validate(named)


def local_secrets(given: Mapping[str, str]) -> Settings:
    """Those of a local run with this environment."""
    ours = {"write_key": WRITE_KEY, "identity_secret": IDENTITY_SECRET}
    overridden = {name: given.get(name.upper()) or value for name, value in ours.items()}
    return Settings.model_validate({**carrier_secrets(given), **overridden})
