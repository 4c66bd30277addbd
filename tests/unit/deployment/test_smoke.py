"""Where the smoke test finds a stage, and what it says where it finds none."""

from __future__ import annotations

import json

import boto3
import pytest

from infra import smoke
from infra.deployment import stack

pytestmark = pytest.mark.usefixtures("simulated_aws")

BUCKET = "rejoinder-dev-artifacts-123456789012"
NOWHERE = "http://127.0.0.1:9/api"


@pytest.fixture
def stands(simulated_aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "outputs", lambda client, stage: {"ArtifactsBucket": BUCKET})
    boto3.client("s3").create_bucket(Bucket=BUCKET)


def deployed() -> None:
    record = {"resources": [{"resource_type": "rest_api", "rest_api_url": f"{NOWHERE}/"}]}
    body = json.dumps(record)
    boto3.client("s3").put_object(Bucket=BUCKET, Key="deployed/dev.json", Body=body)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What it says as it fails."""
    assert smoke.main(list(arguments)) == 1
    return capsys.readouterr().err


def test_a_stage_without_a_stack_is_no_stage(capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no stack rejoinder-dev" in said(capsys)


@pytest.mark.usefixtures("stands")
def test_without_functions_it_asks_for_a_url(capsys: pytest.CaptureFixture[str]) -> None:
    assert "no functions are deployed in stage dev: name a --url" in said(capsys)


@pytest.mark.usefixtures("stands")
def test_without_twilios_token_nothing_can_be_tried(capsys: pytest.CaptureFixture[str]) -> None:
    deployed()

    assert "the stage has no twilio_auth_token" in said(capsys)


@pytest.mark.usefixtures("stands")
def test_it_goes_where_the_stage_was_deployed_and_tells_no_secret(
    capsys: pytest.CaptureFixture[str],
) -> None:
    deployed()
    boto3.client("ssm").put_parameter(
        Name="/rejoinder/dev/twilio_auth_token", Value="a-secret", Type="SecureString"
    )

    assert smoke.main(["--stage", "dev"]) == 1
    told = capsys.readouterr()
    assert f"smoke test of stage dev at {NOWHERE}" in told.out
    assert "GET /healthz got no answer" in told.err
    assert "a-secret" not in told.out + told.err


def test_without_a_region_it_says_what_to_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")

    assert "export AWS_DEFAULT_REGION" in said(capsys)


def test_a_local_run_needs_its_url(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        smoke.main(["--token", "any"])
    assert "--token needs --url" in capsys.readouterr().err
