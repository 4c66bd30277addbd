"""The shop in which the rules are shown: every channel has a carrier that remembers, and the
tables are kept in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.model import Channel
from chalicelib.settings import Settings
from chalicelib.steps.rooms import Rooms
from infra.local.template import Resource
from tests.conftest import ACCOUNT, MODELS, REGION
from tests.memory import Memory
from tests.stage import Aws, Clock, Desk, Recorder, stock_the_shop

TABLE = "AWS::DynamoDB::Table"


@pytest.fixture
def aws(clients: dict[str, Any], resources: Sequence[Resource], tmp_path: Path) -> Iterator[Aws]:
    """The buckets and queues of moto, and DynamoDB in a dictionary: ten times as quick."""
    with mock_aws():
        for resource in resources:
            if resource.type != TABLE:
                stated = {"Properties": deepcopy(dict(resource.properties))}
                MODELS[resource.type].create_from_cloudformation_json(
                    resource.name, stated, ACCOUNT, REGION
                )
        outputs = {resource.id: resource.name for resource in resources}
        yield Aws({**clients, "dynamodb": Memory()}, outputs, tmp_path / "scratch")


@pytest.fixture
def shop(aws: Aws, settings: Settings, clock: Clock, recorder: Recorder, desk: Desk) -> Rooms:
    """Joe's shop, with a carrier for every channel."""
    made = aws.rooms(settings, clock, recorder, desk)
    made = made.but(carriers=dict.fromkeys(Channel, recorder))
    stock_the_shop(made)
    return made
