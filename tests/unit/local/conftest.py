from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local.cloud import REGION, Cloud


@pytest.fixture
def open_cloud(tmp_path: Path) -> Iterator[Callable[[], Cloud]]:
    """Opens the cloud over one journal, again and again."""
    with ExitStack() as stack:

        def open_one() -> Cloud:
            stack.close()
            return stack.enter_context(Cloud(tmp_path / "journal.jsonl"))

        yield open_one


@pytest.fixture
def cloud(open_cloud: Callable[[], Cloud]) -> Cloud:
    return open_cloud()


@pytest.fixture
def client_of() -> Iterator[Callable[[Cloud, str], Any]]:
    """Makes boto3 clients, and closes them."""
    made = []

    def make(cloud: Cloud, service: str) -> Any:
        client = boto3.client(
            service,
            endpoint_url=cloud.url,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()
