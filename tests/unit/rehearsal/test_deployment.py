"""What of the templates ministack is given in another form, and that it is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infra.deployment import stack
from infra.rehearsal.deployment import rehearsed_template

KNOWN = frozenset({"AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "AWS::CloudWatch::Alarm"})
WRITTEN = """
Parameters: {Stage: {Type: String}}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "rejoinder-${Stage}"}}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      PolicyDocument:
        Statement:
          - {Effect: Allow, Action: "sqs:SendMessage", Resource: !GetAtt Queue.Arn}
          - {Effect: Deny, Action: "sqs:*", Condition: {Bool: {"aws:SecureTransport": "false"}}}
  Plain: {Type: AWS::CloudWatch::Alarm, Properties: {MetricName: Sent}}
  Mathematical: {Type: AWS::CloudWatch::Alarm, Properties: {Metrics: []}}
  Budget: {Type: AWS::Budgets::Budget, Properties: {}}
"""


def rehearsed(tmp_path: Path, template: Path, known: frozenset[str]) -> tuple[Any, list[str]]:
    told: list[str] = []
    copy = rehearsed_template(template, known, tmp_path, told.append)
    return json.loads(copy.read_text(encoding="utf-8")), told


def test_what_ministack_does_not_know_is_left_out_and_told(tmp_path: Path) -> None:
    template = tmp_path / "resources.yaml"
    template.write_text(WRITTEN, encoding="utf-8")

    document, told = rehearsed(tmp_path, template, KNOWN)

    assert set(document["Resources"]) == {"Queue", "Policy", "Plain"}
    assert [line.rpartition(": ")[2] for line in told[:2]] == ["Budget", "Mathematical"]


def test_only_the_demand_of_tls_is_lifted_from_a_policy(tmp_path: Path) -> None:
    template = tmp_path / "resources.yaml"
    template.write_text(WRITTEN, encoding="utf-8")

    document, told = rehearsed(tmp_path, template, KNOWN)

    statements = document["Resources"]["Policy"]["Properties"]["PolicyDocument"]["Statement"]
    assert [s["Effect"] for s in statements] == ["Allow"]
    assert "TLS" in told[-1]
    assert told[-1].endswith("Policy")


def test_all_that_holds_state_is_rehearsed(tmp_path: Path) -> None:
    document, _ = rehearsed(
        tmp_path, stack.TEMPLATE, frozenset({"AWS::DynamoDB::Table", "AWS::SQS::Queue"})
    )

    types = [resource["Type"] for resource in document["Resources"].values()]
    assert types.count("AWS::DynamoDB::Table") == 3
    assert types.count("AWS::SQS::Queue") == 8
