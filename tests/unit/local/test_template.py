from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.local.cloud import REGION, Cloud
from infra.local.template import TEMPLATE, read_template

IGNORED = {"CreationDateTime", "TableArn", "TableId", "SSEDescription", "QueueArn"}
IGNORED |= {"CreatedTimestamp", "LastModifiedTimestamp", "RedrivePolicy"}


def described(client_of: Any) -> dict[str, Any]:
    """What there is, as AWS describes it, without what differs from run to run."""
    dynamodb, sqs = client_of("dynamodb"), client_of("sqs")
    found: dict[str, Any] = {}
    for name in dynamodb.list_tables()["TableNames"]:
        table = dynamodb.describe_table(TableName=name)["Table"]
        found[name] = {k: v for k, v in table.items() if k not in IGNORED}
    for url in sqs.list_queues()["QueueUrls"]:
        stated = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        redrive = stated.get("RedrivePolicy", "").replace("123456789012", "000000000001")
        kept = {k: v for k, v in stated.items() if k not in IGNORED}
        found[url.rsplit("/", 1)[-1]] = {**kept, "redrive": redrive}
    buckets = [bucket["Name"] for bucket in client_of("s3").list_buckets()["Buckets"]]
    return {**found, "buckets": [b.replace("123456789012", "000000000001") for b in buckets]}


@pytest.mark.filterwarnings("ignore:Tried to parse AWS..S.S..(Queue|Topic)Policy:UserWarning")
def test_we_make_what_cloudformation_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judged by moto's CloudFormation, which is too slow to start with each time."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        boto3.client("cloudformation", region_name=REGION).create_stack(
            StackName="rejoinder-local",
            TemplateBody=TEMPLATE.read_text(),
            Parameters=[{"ParameterKey": "Stage", "ParameterValue": "local"}],
        )
        expected = described(lambda service: boto3.client(service, region_name=REGION))
    with Cloud() as cloud:
        assert cloud.account == "000000000001"
        ours = described(
            lambda service: boto3.client(service, region_name=REGION, endpoint_url=cloud.url)
        )

    assert ours == expected


def test_references_are_resolved_for_the_stage() -> None:
    found = {r.id: r for r in read_template("dev", "1", "eu-west-1")}

    assert found["LedgerTable"].name == "rejoinder-dev-ledger"
    redrive = found["InteractionsQueue"].properties["RedrivePolicy"]
    assert (
        redrive["deadLetterTargetArn"] == "arn:aws:sqs:eu-west-1:1:rejoinder-dev-interactions-dead"
    )


@pytest.mark.parametrize(
    ("property_line", "complaint"),
    [
        ("QueueName: !ImportValue x", "!ImportValue"),
        ("QueueName: !Ref Nowhere", "Nowhere"),
        ("QueueName: !Sub [a, {b: c}]", "line 4"),
    ],
)
def test_what_the_reader_does_not_know_is_named(
    property_line: str, complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "resources.yaml"
    path.write_text(
        f"Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties: {{{property_line}}}"
    )

    with pytest.raises(ValueError, match=complaint):
        read_template("local", "1", REGION, path)
