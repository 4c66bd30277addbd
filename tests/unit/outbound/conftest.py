"""A provider that answers what a test scripts, over real HTTP on 127.0.0.1."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import urllib3

from chalicelib.model import Channel, Handover, OutboxEntry, Reply
from chalicelib.settings import Settings
from infra.local.carriers import LOCAL_SECRETS, Mailbox
from infra.local.carriers.server import Request, Response, StandIn

NOW = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)


def seeded(seed: int = 1) -> random.Random:
    return random.Random(seed)  # a test wants the same nonces each time


class Scripted(StandIn):
    """Answers `then` in turn and keeps what it was asked."""

    provider = "scripted"

    def __init__(self) -> None:
        super().__init__(Mailbox(), lambda: NOW, seeded())
        self.url = self.start()
        self.requests: list[Request] = []
        self._then: deque[Response] = deque()

    def then(
        self, status: int, document: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self._then.append(Response(status, document, headers or {}))

    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        return self._then.popleft()


@pytest.fixture(scope="session")
def scripted_server() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.stop()


@pytest.fixture
def provider(scripted_server: Scripted) -> Scripted:
    scripted_server.requests.clear()
    scripted_server._then.clear()
    return scripted_server


@pytest.fixture(scope="session")
def http() -> urllib3.PoolManager:
    return urllib3.PoolManager()


@pytest.fixture
def settings(scripted_server: Scripted) -> Settings:
    url = scripted_server.url
    own = {"x_api_url": url, "twilio_api_url": f"{url}/", "public_url": "https://reply.example/"}
    own |= {"whatsapp_api_url": f"{url}/v26.0/"}
    return Settings.model_validate({**LOCAL_SECRETS, **own})


def a_reply(channel: Channel, to: str = "1234", **other: Any) -> Reply:
    return Reply(channel=channel, to=to, text=other.pop("text", "In stock & near you"), **other)


def an_entry(body: Reply | Handover, **other: Any) -> OutboxEntry:
    known: dict[str, Any] = {"id": "out-1", "interaction_id": "x:1", "customer_id": "joe"}
    known |= {"committed_at": NOW, "due_at": NOW}
    return OutboxEntry(body=body, **{**known, **other})
