"""The hand-written policies: least privilege, by the names of our own resources."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

import app as rejoinder
from infra.local.template import read_template
from infra.packaging import ROOT

ROLES = ("api", "worker", "notices", "sweep", "learner", "collector", "snapshot")
STAGES = ("dev", "prod")
CONFIG: Mapping[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_text("utf-8"))

NOT_BY_STAGE = {
    "arn:aws:ses:*:*:identity/*",
    "arn:aws:ses:*:*:configuration-set/*",
    "arn:aws:sms-voice:*:*:phone-number/*",
    "arn:aws:sms-voice:*:*:pool/*",
    "arn:aws:sms-voice:*:*:sender-id/*",
    "arn:aws:sms-voice:*:*:configuration-set/*",
}
"""What sends is the brand's, whatever the stage: SES_SENDER and AWS_SMS_IDENTITY name it."""

MAY_SAMPLE = ("api", "snapshot")
"""Publishing and learning draw customers at random, by Scans of a page each
(customers/sampling.py)."""


def policy(stage: str, role: str) -> Mapping[str, Any]:
    path = ROOT / ".chalice" / f"policy-{stage}-{role}.json"
    read: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    return read


def granted(stage: str, role: str) -> Iterator[tuple[str, str]]:
    """(action, resource) of every Allow."""
    for statement in policy(stage, role)["Statement"]:
        assert statement["Effect"] == "Allow"
        for action in statement["Action"]:
            yield from ((action, resource) for resource in statement["Resource"])


def names(stage: str) -> set[str]:
    """The tables, queues and buckets that infra/resources.yaml makes, an account's id as `*`."""
    return {r.name for r in read_template(stage, "*", "us-east-1")}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("stage", STAGES)
def test_a_policy_names_only_resources_of_its_stage(stage: str, role: str) -> None:
    ours = names(stage)
    for action, resource in granted(stage, role):
        if resource in NOT_BY_STAGE:
            continue
        if action.startswith("xray:"):
            assert resource == "*", "X-Ray knows no resources for these"
            continue
        service, _, rest = resource.removeprefix("arn:aws:").partition(":")
        name = re.split(r"[/:]", rest.rsplit(":", 1)[-1].removeprefix("table/"))[0]
        if service in ("dynamodb", "sqs", "s3"):
            assert name in ours, f"{action} on {resource}"
        else:
            assert f"rejoinder-{stage}" in rest or f"/rejoinder/{stage}" in rest, resource


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("stage", STAGES)
def test_no_action_is_a_wildcard_or_reads_a_whole_table(stage: str, role: str) -> None:
    for action, resource in granted(stage, role):
        assert "*" not in action
        if action == "dynamodb:Scan":
            assert role in MAY_SAMPLE
            assert resource == f"arn:aws:dynamodb:*:*:table/rejoinder-{stage}-customers"
        assert not action.startswith(("iam:", "sts:", "kms:"))


@pytest.mark.parametrize("role", ROLES)
def test_production_may_do_what_was_tried_in_development(role: str) -> None:
    written = json.dumps(policy("dev", role))

    assert json.loads(re.sub(r"rejoinder([-/])dev", r"rejoinder\1prod", written)) == policy(
        "prod", role
    )


@pytest.mark.parametrize("stage", STAGES)
def test_every_function_states_its_policy(stage: str) -> None:
    functions = {"api_handler", *(source.name for source in rejoinder.app.event_sources)}
    stated = CONFIG["stages"][stage]["lambda_functions"]

    assert set(stated) == functions
    for entry in stated.values():
        assert (ROOT / ".chalice" / entry["iam_policy_file"]).is_file()
        assert entry["iam_policy_file"].startswith(f"policy-{stage}-")


def test_no_policy_is_written_from_the_code_by_guessing() -> None:
    assert CONFIG["autogen_policy"] is False


@pytest.mark.parametrize("stage", STAGES)
def test_no_secret_stands_in_the_config(stage: str) -> None:
    variables = CONFIG["stages"][stage]["environment_variables"]

    tuning = {"PYDANTIC_DISABLE_PLUGINS": "__all__", "OPENBLAS_NUM_THREADS": "1"}
    assert variables == {"STAGE": stage, "SECRETS_PATH": f"/rejoinder/{stage}", **tuning}


def test_a_message_stays_hidden_six_times_as_long_as_its_worker_may_take() -> None:
    longest = CONFIG["lambda_timeout"]
    for resource in read_template("dev", "123456789012", "us-east-1"):
        if resource.type == "AWS::SQS::Queue" and not resource.name.endswith("-dead"):
            assert resource.properties["VisibilityTimeout"] == 6 * longest


def test_the_api_gives_up_when_api_gateway_does() -> None:
    for stage in STAGES:
        assert CONFIG["stages"][stage]["lambda_functions"]["api_handler"]["lambda_timeout"] == 29


@pytest.mark.parametrize("role", ROLES)
def test_each_function_may_write_its_own_log(role: str) -> None:
    logs = {r for action, r in granted("dev", role) if action == "logs:PutLogEvents"}

    # Chalice names the API's function after app and stage alone.
    name = "rejoinder-dev:*" if role == "api" else "rejoinder-dev-handle_*"
    assert f"arn:aws:logs:*:*:log-group:/aws/lambda/{name}" in logs
