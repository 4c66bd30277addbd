"""That what runs is what was proven, on moto's Lambda."""

from __future__ import annotations

import io
import zipfile
from hashlib import sha256
from typing import Any

import boto3
import pytest

from infra.deployment.installation import compare_code, limit_logs
from infra.packaging import PackagingError

pytestmark = pytest.mark.usefixtures("simulated_aws")


def a_zip(text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        opened.writestr("app.py", text)
    return made.getvalue()


PROVEN = a_zip("proven")


def a_function(name: str, code: bytes) -> dict[str, Any]:
    """As chalice's record has it."""
    iam = boto3.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    made = boto3.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="app.app",
        Code={"ZipFile": code},
    )
    return {"resource_type": "lambda_function", "name": name, "lambda_arn": made["FunctionArn"]}


def test_functions_that_run_the_proven_zip_are_counted() -> None:
    record = {
        "resources": [
            a_function("rejoinder-dev", PROVEN),
            a_function("rejoinder-dev-handle_sweep", PROVEN),
            {"resource_type": "rest_api", "name": "rest_api"},
        ]
    }

    assert compare_code(boto3.client("lambda"), record, sha256(PROVEN).hexdigest()) == 2


def test_a_function_that_runs_anything_else_is_named() -> None:
    record = {
        "resources": [
            a_function("rejoinder-dev", PROVEN),
            a_function("rejoinder-dev-handle_sweep", a_zip("another")),
        ]
    }

    with pytest.raises(PackagingError, match=r"proven zip runs in rejoinder-dev-handle_sweep$"):
        compare_code(boto3.client("lambda"), record, sha256(PROVEN).hexdigest())


def test_every_function_s_log_is_forgotten_in_time_the_api_s_too() -> None:
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName="/aws/lambda/rejoinder-dev-handle_sweep")
    arn = "arn:aws:lambda:us-east-1:123456789012:function"
    record = {
        "resources": [
            {"resource_type": "lambda_function", "lambda_arn": f"{arn}:rejoinder-dev"},
            {"resource_type": "lambda_function", "lambda_arn": f"{arn}:rejoinder-dev-handle_sweep"},
        ]
    }

    limit_logs(logs, record, 30)
    limit_logs(logs, record, 14)

    kept = {
        g["logGroupName"]: g["retentionInDays"] for g in logs.describe_log_groups()["logGroups"]
    }
    assert kept == {
        "/aws/lambda/rejoinder-dev": 14,
        "/aws/lambda/rejoinder-dev-handle_sweep": 14,
    }
