"""What many tests start from: one test's AWS in this process, its settings, a clock, the rooms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib import wiring
from chalicelib.settings import Settings
from chalicelib.steps.rooms import Rooms
from tests.stage import Aws, Clock, Desk, Recorder, a_stage

RESOURCES = Path(__file__).parents[1] / "infra" / "resources.yaml"
SERVICES = ("cloudformation", "dynamodb", "s3", "sqs")


@pytest.fixture(scope="session")
def clients() -> dict[str, Any]:
    """Made once, for making them takes longer than most tests; they hold no state."""
    with mock_aws():
        session = boto3.Session("test", "test", region_name="us-east-1")
        return {name: session.client(name) for name in SERVICES}


@pytest.fixture
def aws(clients: dict[str, Any], tmp_path: Path) -> Iterator[Aws]:
    """Everything of infra/resources.yaml."""
    with mock_aws():
        formation = clients["cloudformation"]
        formation.create_stack(StackName="rejoinder-dev", TemplateBody=RESOURCES.read_text())
        stack = formation.describe_stacks(StackName="rejoinder-dev")["Stacks"][0]
        outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
        yield Aws(clients, outputs, tmp_path / "scratch")


@pytest.fixture
def settings(aws: Aws) -> Settings:
    return a_stage(aws.outputs["ArtifactsBucket"])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recorder() -> Recorder:
    """Every channel's carrier: accepts what it is given and remembers it."""
    return Recorder()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def rooms(
    aws: Aws, settings: Settings, clock: Clock, recorder: Recorder, desk: Desk
) -> Iterator[Rooms]:
    """The real rooms over this test's AWS, with carriers that remember."""
    made = aws.rooms(settings, clock, recorder, desk)
    wiring.use(made)
    yield made
    wiring.use(None)
