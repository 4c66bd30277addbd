"""Stack, settings and record of a deployment, on moto's CloudFormation and S3."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from infra import deploy
from infra.deployment import release, stack
from infra.deployment.installation import Package
from infra.deployment.release import Target
from infra.package import digest
from infra.packaging import ROOT, PackagingError

pytestmark = pytest.mark.usefixtures("simulated_aws")

TARGET = Target("dev", "123456789012", "us-east-1", "rejoinder-dev-artifacts-123456789012")
URL = "https://abcdefghij.execute-api.us-east-1.amazonaws.com/api"
RECORD = {
    "resources": [{"name": "rest_api", "resource_type": "rest_api", "rest_api_url": f"{URL}/"}]
}


SMALL = """\
Parameters:
  Stage: {Type: String}
  AlarmEmail: {Type: String, Default: ""}
  MonthlyBudgetUsd: {Type: Number, Default: 100}
Resources:
  Queue: {Type: "AWS::SQS::Queue", Properties: {QueueName: !Sub "rejoinder-${Stage}-urgent"}}
  ArtifactsBucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties: {BucketName: !Sub "rejoinder-${Stage}-artifacts-${AWS::AccountId}"}
Outputs:
  ArtifactsBucket: {Value: !Ref ArtifactsBucket}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A template that says in a few lines what the real one does."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / ".chalice", tmp_path / ".chalice")
    return tmp_path


def cloudformation() -> Any:
    return boto3.client("cloudformation")


def variables(project: Path, stage: str = "dev") -> dict[str, str]:
    config = json.loads((project / ".chalice" / "config.json").read_text("utf-8"))
    found: dict[str, str] = config["stages"][stage]["environment_variables"]
    return found


# moto makes neither subscriptions nor budgets, and says so.
@pytest.mark.filterwarnings("ignore:Tried to parse AWS..(SNS..Subscription|Budgets)")
def test_the_stack_is_made_once_and_then_left_as_it_is() -> None:
    client = cloudformation()

    first = stack.apply(client, "dev", pause_seconds=0)
    again = stack.apply(client, "dev", pause_seconds=0)

    assert first == again
    assert first["ArtifactsBucket"] == TARGET.bucket
    assert stack.status(client, "dev") in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    tables = boto3.client("dynamodb").list_tables()["TableNames"]
    assert set(tables) == {f"rejoinder-dev-{n}" for n in ("catalog", "customers", "ledger")}


def test_what_changed_in_the_template_is_brought_to_the_stack(small: Path) -> None:
    client = cloudformation()
    stack.apply(client, "dev", template=small, pause_seconds=0)
    small.write_text(f"{SMALL}  Later: {{Value: yes it is}}\n", encoding="utf-8")

    assert stack.apply(client, "dev", template=small, pause_seconds=0)["Later"] == "yes it is"


def test_a_stage_without_a_stack_has_no_outputs() -> None:
    assert stack.status(cloudformation(), "dev") is None
    with pytest.raises(PackagingError, match="there is no stack rejoinder-dev"):
        stack.outputs(cloudformation(), "dev")


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        ("ROLLBACK_COMPLETE", "Delete it"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("DELETE_FAILED", "make destroy"),
        ("UPDATE_IN_PROGRESS", "wait until it is done"),
    ],
)
def test_a_stack_that_cannot_be_updated_is_told_apart(state: str, advice: str) -> None:
    client = cloudformation()
    described = {"StackName": "rejoinder-dev", "StackStatus": state, "CreationTime": "2026-11-18"}
    with Stubber(client) as stubbed:
        stubbed.add_response("describe_stacks", {"Stacks": [described]})
        with pytest.raises(PackagingError, match=f"{state}.*{advice}"):
            stack.apply(client, "dev")


def an_event(resource: str, status: str, reason: str = "") -> dict[str, Any]:
    return {
        "StackId": "s",
        "StackName": "rejoinder-dev",
        "EventId": "e",
        "Timestamp": "2026-11-18T00:00:00Z",
        "LogicalResourceId": resource,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


def test_a_failure_tells_the_first_reason_of_this_very_attempt() -> None:
    client = cloudformation()
    events = [
        an_event("UrgentQueue", "CREATE_FAILED", "cancelled"),
        an_event("ArtifactsBucket", "CREATE_FAILED", "name is taken"),
        an_event("rejoinder-dev", "CREATE_IN_PROGRESS"),
        an_event("MailTopic", "CREATE_FAILED", "of another day"),
    ]
    failed = {"StackName": "rejoinder-dev", "StackStatus": "CREATE_FAILED"}
    with Stubber(client) as stubbed:
        stubbed.add_response("describe_stacks", {"Stacks": []})
        stubbed.add_response("create_stack", {"StackId": "s"})
        stubbed.add_response(
            "describe_stacks", {"Stacks": [{**failed, "CreationTime": "2026-11-18"}]}
        )
        stubbed.add_response("describe_stack_events", {"StackEvents": events})
        with pytest.raises(PackagingError, match="create failed: ArtifactsBucket: name is taken"):
            stack.apply(client, "dev", pause_seconds=0)


def test_a_parameter_stays_as_it_was_given_until_it_is_given_again(small: Path) -> None:
    client = cloudformation()

    def held() -> dict[str, str]:
        (found,) = client.describe_stacks(StackName="rejoinder-dev")["Stacks"]
        return {p["ParameterKey"]: p.get("ParameterValue") for p in found["Parameters"]}

    def apply(**given: str) -> None:
        stack.apply(client, "dev", template=small, parameters=given, pause_seconds=0)

    apply(AlarmEmail="ops@example.com")
    assert held() == {**held(), "Stage": "dev", "AlarmEmail": "ops@example.com"}
    apply(MonthlyBudgetUsd="7")
    assert held() == {**held(), "AlarmEmail": "ops@example.com", "MonthlyBudgetUsd": "7"}

    with pytest.raises(PackagingError, match="no parameter AlarmMail"):
        apply(AlarmMail="any")


def test_a_template_too_long_to_be_sent_is_refused_here(tmp_path: Path) -> None:
    long = tmp_path / "resources.yaml"
    long.write_text(stack.TEMPLATE.read_text(encoding="utf-8") + "#" * 51_200, encoding="utf-8")

    with pytest.raises(PackagingError, match="over 51200 bytes"):
        stack.apply(cloudformation(), "dev", template=long)


def test_a_protected_stack_is_deleted_once_and_keeps_what_it_retains(small: Path) -> None:
    client = cloudformation()
    stack.apply(client, "dev", template=small, pause_seconds=0)

    stack.delete(client, "dev", pause_seconds=0)
    stack.delete(client, "dev", pause_seconds=0)

    assert stack.status(client, "dev") is None
    assert boto3.client("s3").list_buckets()["Buckets"][0]["Name"] == TARGET.bucket
    assert "QueueUrls" not in boto3.client("sqs").list_queues()


def test_a_first_deployment_learns_its_url_only_afterwards(project: Path) -> None:
    assert release.fill_in(project, TARGET, None) is False
    assert variables(project)["ARTIFACTS_BUCKET"] == TARGET.bucket
    assert "PUBLIC_URL" not in variables(project)

    assert release.fill_in(project, TARGET, URL) is True
    assert variables(project)["PUBLIC_URL"] == URL
    assert "ARTIFACTS_BUCKET" not in variables(project, "prod")


def test_a_stated_setting_is_not_overwritten(project: Path) -> None:
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text("utf-8"))
    config["environment_variables"] = {"PUBLIC_URL": "https://reply.retailerxyz.example"}
    path.write_text(json.dumps(config), encoding="utf-8")

    assert release.fill_in(project, TARGET, None) is True
    assert "PUBLIC_URL" not in variables(project)


def test_policies_are_narrowed_to_the_account(project: Path) -> None:
    release.narrow_policies(project, TARGET)

    for role in ("api", "worker", "sweep"):
        text = (project / ".chalice" / f"policy-dev-{role}.json").read_text("utf-8")
        assert ":*:*:" not in text
        assert "-artifacts-*" not in text
        assert f"arn:aws:s3:::{TARGET.bucket}/" in text
        assert "arn:aws:dynamodb:us-east-1:123456789012:table/rejoinder-dev-customers" in text
    assert ":*:*:" in (project / ".chalice" / "policy-prod-api.json").read_text("utf-8")


def test_the_record_of_a_deployment_is_there_for_the_next_machine(project: Path) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=TARGET.bucket)
    assert release.fetch_record(s3, project, TARGET) is None
    with pytest.raises(PackagingError, match="no record"):
        release.keep_record(s3, project, TARGET)
    record = project / ".chalice" / "deployed" / "dev.json"
    record.parent.mkdir()
    record.write_text(json.dumps(RECORD), encoding="utf-8")

    assert release.keep_record(s3, project, TARGET) == RECORD
    record.unlink()
    assert release.fetch_record(s3, project, TARGET) == RECORD
    assert json.loads(record.read_text("utf-8")) == RECORD


def test_the_url_is_read_from_chalice_s_record() -> None:
    assert release.api_url(RECORD) == URL
    assert release.api_url({"resources": [{"resource_type": "lambda_function"}]}) is None
    assert release.api_url(None) is None


def test_nothing_unproven_is_deployed(tmp_path: Path) -> None:
    out = tmp_path / "dev" / "out"
    with pytest.raises(PackagingError, match="run `make package STAGE=dev` first"):
        deploy.proven("dev", tmp_path)
    out.mkdir(parents=True)
    (out / "deployment.zip").write_bytes(b"proven")
    (out / "proof.json").write_text(
        json.dumps({"sha256": digest(out / "deployment.zip")}), encoding="utf-8"
    )
    assert deploy.proven("dev", tmp_path).project == tmp_path / "dev" / "project"

    (out / "deployment.zip").write_bytes(b"changed since")
    with pytest.raises(PackagingError, match="is not what was proven"):
        deploy.proven("dev", tmp_path)


def a_package(project: Path) -> Package:
    proven = project.parent / "deployment.zip"
    proven.write_bytes(b"proven")
    return Package("dev", project, proven, project / "bin")


def test_a_dry_run_tells_what_would_be_done_and_does_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy.tell_plan(boto3.session.Session(), a_package(project))

    told = capsys.readouterr().out
    assert "account 123456789012, region us-east-1, stage dev; nothing is changed" in told
    assert "stack rejoinder-dev of infra/resources.yaml: create" in told
    assert "twilio_auth_token, x_consumer_secret, write_key missing" in told
    assert "smoke test" in told
    assert "nothing goes to a carrier" in told
    assert stack.status(cloudformation(), "dev") is None


def test_a_stage_without_its_secrets_is_not_deployed(project: Path) -> None:
    boto3.client("ssm").put_parameter(
        Name="/rejoinder/dev/write_key", Value="any", Type="SecureString"
    )

    with pytest.raises(PackagingError, match="twilio_auth_token, x_consumer_secret missing; put"):
        deploy.deploy(boto3.session.Session(), a_package(project))
    assert stack.status(cloudformation(), "dev") is None


def test_without_a_region_it_says_what_to_set(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")

    with pytest.raises(PackagingError, match="export AWS_DEFAULT_REGION"):
        deploy.tell_plan(boto3.session.Session(), a_package(project))


def test_an_unknown_stage_ends_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy.main(["--stage", "moon"]) == 1
    assert "there is no stage 'moon'" in capsys.readouterr().err


def test_parameters_of_the_stack_are_written_with_an_equals_sign() -> None:
    given = deploy.read_parameters(["AlarmEmail=ops@example.com", "Alarms="])

    assert given == {"AlarmEmail": "ops@example.com", "Alarms": ""}
    with pytest.raises(PackagingError, match="written NAME=VALUE, not AlarmEmail"):
        deploy.read_parameters(["AlarmEmail"])
