"""What many tests start from: one test's AWS in this process, its settings, a clock, the rooms."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from coverage.tracer import CTracer
from flask import Flask
from moto import mock_aws
from moto.dynamodb.models.table import Table
from moto.s3.models import FakeBucket
from moto.sns.models import Topic
from moto.sqs.models import Queue

from chalicelib import wiring
from chalicelib.settings import Settings
from chalicelib.steps.rooms import Rooms
from infra.local.template import Resource, read_template
from tests.stage import Aws, Clock, Desk, Recorder, a_stage

ACCOUNT, REGION = "123456789012", "us-east-1"
SERVICES = ("dynamodb", "s3", "sns", "sqs")
MODELS: dict[str, Any] = {
    "AWS::DynamoDB::Table": Table,
    "AWS::SQS::Queue": Queue,
    "AWS::S3::Bucket": FakeBucket,
    "AWS::SNS::Topic": Topic,
}


def untraced(call: Callable[..., Any]) -> Callable[..., Any]:
    def called(*given: Any, **named: Any) -> Any:
        tracer = sys.gettrace()
        if not isinstance(tracer, CTracer):
            return call(*given, **named)
        tracer.stop()
        try:
            return call(*given, **named)
        finally:
            tracer.start()

    return called


@pytest.fixture(scope="session", autouse=True)
def _aws_is_not_traced() -> Iterator[None]:
    """Coverage would look at every line of botocore and moto and note none, for most of the time
    that the tests take."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", untraced(BaseClient._make_api_call))
        patch.setattr(Flask, "__call__", untraced(Flask.__call__))
        yield


@pytest.fixture(scope="session")
def clients() -> dict[str, Any]:
    """Made once, for making them takes longer than most tests; they hold no state."""
    with mock_aws():
        session = boto3.Session("test", "test", region_name=REGION)
        return {name: session.client(name) for name in SERVICES}


@pytest.fixture(scope="session")
def resources() -> Sequence[Resource]:
    """What infra/resources.yaml states, in the order of its making: dead letters' queues first."""
    stated = read_template("dev", ACCOUNT, REGION)
    return sorted(stated, key=lambda resource: "RedrivePolicy" in resource.properties)


@pytest.fixture
def aws(clients: dict[str, Any], resources: Sequence[Resource], tmp_path: Path) -> Iterator[Aws]:
    """Everything of infra/resources.yaml, made by the hooks that moto's CloudFormation calls.

    That itself would take five times as long: it reads the template anew for each test, and has an
    RSA key made for the encryption at rest, which moto does not do.
    """
    with mock_aws():
        for resource in resources:
            stated = {k: v for k, v in resource.properties.items() if k != "SSESpecification"}
            stated = deepcopy(stated)  # moto keeps, and changes, what it is given
            MODELS[resource.type].create_from_cloudformation_json(
                resource.name, {"Properties": stated}, ACCOUNT, REGION
            )
        outputs = {resource.id: resource.name for resource in resources}
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
