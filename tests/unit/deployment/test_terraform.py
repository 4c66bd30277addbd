"""What chalice writes for Terraform, with what it leaves out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.deployment.terraform import completed


@pytest.fixture
def written() -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Action": ["dynamodb:Query", "s3:GetObject"],
        "Resource": [
            "arn:aws:dynamodb:*:*:table/rejoinder-dev-ledger",
            "arn:aws:s3:::rejoinder-dev-artifacts-*/models/*",
        ],
    }
    function = {"function_name": "rejoinder-dev", "environment": {"variables": {"STAGE": "dev"}}}
    return {
        "terraform": {"required_version": ">= 0.12.26, < 1.4.0"},
        "resource": {
            "aws_lambda_function": {"api_handler": function},
            "aws_iam_role_policy": {
                "api_handler": {"policy": json.dumps({"Statement": [statement]})}
            },
        },
    }


def test_what_only_the_account_knows_is_a_variable(written: dict[str, Any]) -> None:
    document = completed(written, 30)

    function = document["resource"]["aws_lambda_function"]["api_handler"]
    assert function["environment"]["variables"] == {
        "STAGE": "dev",
        "ARTIFACTS_BUCKET": "${var.artifacts_bucket}",
        "PUBLIC_URL": "${var.public_url}",
    }
    assert set(document["variable"]) == {"artifacts_bucket", "public_url"}


def test_logs_are_kept_for_the_days_that_were_asked_for(written: dict[str, Any]) -> None:
    resources = completed(written, 30)["resource"]

    assert resources["aws_cloudwatch_log_group"]["api_handler"] == {
        "name": "/aws/lambda/rejoinder-dev",
        "retention_in_days": 30,
    }
    depends_on = resources["aws_lambda_function"]["api_handler"]["depends_on"]
    assert depends_on == ["aws_cloudwatch_log_group.api_handler"]


def test_without_days_there_are_no_log_groups(written: dict[str, Any]) -> None:
    assert "aws_cloudwatch_log_group" not in completed(written, None)["resource"]


def test_policies_name_this_account_and_this_bucket(written: dict[str, Any]) -> None:
    policy = completed(written, 30)["resource"]["aws_iam_role_policy"]["api_handler"]["policy"]

    assert json.loads(policy)["Statement"][0]["Resource"] == [
        "arn:aws:dynamodb:${data.aws_region.chalice.name}:"
        "${data.aws_caller_identity.chalice.account_id}:table/rejoinder-dev-ledger",
        "arn:${data.aws_partition.chalice.partition}:s3:::${var.artifacts_bucket}/models/*",
    ]


def test_providers_that_know_python_3_13_are_asked_for(written: dict[str, Any]) -> None:
    versions = completed(written, 30)["terraform"]

    assert versions["required_providers"]["aws"]["version"] == ">= 5.78, < 6"
