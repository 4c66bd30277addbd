"""What a service of AWS tells: published to a topic of SNS, from a thread of its own.

Lives here: the Publish call, signed. Never here: what is told.
https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .callbacks import Callbacks, Notice

REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Told:
    """One event about one message, in the words of the service."""

    provider_id: str
    status: str
    document: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic, and where its SNS is."""

    url: str
    arn: str

    def publication(self, message: str) -> tuple[dict[str, str], bytes]:
        """Headers and body of the call that publishes it."""
        form = {"Action": "Publish", "Version": "2010-03-31", "TopicArn": self.arn}
        body = urlencode({**form, "Message": message}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        request = AWSRequest("POST", f"{self.url}/", headers=headers, data=body)
        SigV4Auth(Credentials("local", "local"), "sns", REGION).add_auth(request)
        return dict(request.headers.items()), body


class Topics:
    """Follows each accepted message to its end, and publishes what became of it."""

    def __init__(self, provider: str) -> None:
        self._topic: Topic | None = None
        self.callbacks: Callbacks[Told] = Callbacks(provider, self._notice)

    def subscribe(self, topic: Topic) -> None:
        """Tell this topic from here on."""
        self._topic = topic

    def follow(self, *told: Told) -> None:
        """Publish these, one after the other, if there is a topic."""
        if self._topic is not None:
            self.callbacks.follow(f"{self._topic.url}/", lambda: told)

    def _notice(self, url: str, told: Told) -> Notice:
        if self._topic is None:
            raise ValueError("nobody has subscribed")
        headers, body = self._topic.publication(json.dumps(told.document))
        return Notice(told.provider_id, told.status, headers, body)
