"""What the races run on: DynamoDB Local for the tables, moto for queues and bucket.

`make test-races` installs the engine; one process of it serves the whole session.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.steps.rooms import Rooms
from tests.races.crowd import Crowd
from tests.races.engine import Strict, running, tables
from tests.races.soundness import faults
from tests.stage import Aws, stock_the_shop

QUEUES = ("interactions", "urgent", "learning", "interactions-dead", "urgent-dead", "notices-dead")


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with running(tmp_path_factory.mktemp("races") / "dynamodb-local.log") as client:
        yield client


@pytest.fixture
def dynamodb(engine: Any) -> Strict:
    return Strict(engine)


@pytest.fixture
def aws(clients: dict[str, Any], dynamodb: Strict) -> Iterator[Aws]:
    """Empty tables on DynamoDB Local; buckets and queues of this process."""
    with mock_aws(), tables(dynamodb, "dev"):
        for name in QUEUES:
            clients["sqs"].create_queue(QueueName=f"rejoinder-dev-{name}")
        clients["s3"].create_bucket(Bucket="artifacts")
        yield Aws({**clients, "dynamodb": dynamodb}, {"ArtifactsBucket": "artifacts"})


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    """The first container, with the shop stocked: it looks on, and tells what came of it."""
    stock_the_shop(rooms)
    return rooms


@pytest.fixture
def crowd(shop: Rooms) -> Iterator[Crowd]:
    """Whatever they do at once, they leave no customer in halves, and need no second delivery."""
    made = Crowd(shop)
    yield made
    assert faults(shop.dynamodb, shop.customers) == []
    assert made.redelivered == []
