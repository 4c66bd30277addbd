"""Clients of AWS, made when they are first called for and kept.

Straight from botocore: boto3's resources and transfers are not used, and cost every cold start. A
package for Lambda holds `aws_models/`, descriptions of the services cut to what is called here
(infra/packaging makes it): reading AWS's whole ones takes longer than all else of a client. Never
here: what is asked of AWS.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

if TYPE_CHECKING:
    from .settings import Settings

FEW_ATTEMPTS = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 3})
"""Retries are few: the queue is what retries."""

ONE_ATTEMPT = Config(
    connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 1}
)
"""What a client that sends must be made with: neither SendEmail nor SendTextMessage has an
idempotency key, and botocore's usual retry after a lost answer would send to the customer twice."""

SENDING = frozenset({"sesv2", "pinpoint-sms-voice-v2"})

MODELS = Path(__file__).with_name("aws_models")


class Clients:
    """The clients of one stage, by the service's name."""

    def __init__(self, settings: Settings, models: Path = MODELS) -> None:
        self._settings = settings
        self._models = models
        self._session: Any = None
        self._made: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        """The client; that of a service in SENDING never tries twice."""
        if service not in self._made:
            self._session = self._session or _session(self._models)
            self._made[service] = self._session.create_client(
                service,
                endpoint_url=_endpoint(service, self._settings),
                config=ONE_ATTEMPT if service in SENDING else FEW_ATTEMPTS,
            )
        return self._made[service]


Client = Callable[[str], Any]
"""What stands for Clients wherever somebody brings their own."""


def _session(models: Path) -> Any:
    session = botocore.session.get_session()
    if models.is_dir():
        cut = Loader(extra_search_paths=[str(models)], include_default_search_paths=False)
        session.register_component("data_loader", cut)
    return session


def _endpoint(service: str, settings: Settings) -> str | None:
    own = {
        "sesv2": settings.ses_endpoint_url,
        "pinpoint-sms-voice-v2": settings.aws_sms_endpoint_url,
    }
    return own.get(service) or settings.aws_endpoint_url
