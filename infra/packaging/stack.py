"""The stateful stack of a stage, made and brought up to date from infra/resources.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from . import ROOT, PackagingError

TEMPLATE = ROOT / "infra" / "resources.yaml"

_NEVER_MADE = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"}
_PAUSE_SECONDS = 5


def stack_name(stage: str) -> str:
    return f"rejoinder-{stage}"


def status(client: Any, stage: str) -> str | None:
    """CloudFormation's word for the stack's state, None where there is none."""
    found = _described(client, stage)
    return str(found["StackStatus"]) if found else None


def apply(
    client: Any, stage: str, *, template: Path = TEMPLATE, pause_seconds: float = _PAUSE_SECONDS
) -> dict[str, str]:
    """Create or update the stack, wait until it stands, and answer its outputs.

    Raises PackagingError with the first reason that CloudFormation gives.
    """
    before = status(client, stage)
    if before in _NEVER_MADE:
        raise PackagingError(
            f"stack {stack_name(stage)} is in {before}: its creation failed. Delete it "
            f"(aws cloudformation delete-stack --stack-name {stack_name(stage)}) and deploy again"
        )
    if before is not None and before.endswith("_IN_PROGRESS"):
        raise PackagingError(f"stack {stack_name(stage)} is in {before}: wait until it is done")
    request = {
        "StackName": stack_name(stage),
        "TemplateBody": template.read_text(encoding="utf-8"),
        "Parameters": [{"ParameterKey": "Stage", "ParameterValue": stage}],
    }
    if before is None:
        client.create_stack(**request, EnableTerminationProtection=True)
        _wait(client, stage, "stack_create_complete", pause_seconds)
    elif _updated(client, request):
        _wait(client, stage, "stack_update_complete", pause_seconds)
    return outputs(client, stage)


def outputs(client: Any, stage: str) -> dict[str, str]:
    """The outputs of the stack by name. Raises PackagingError where there is no stack."""
    found = _described(client, stage)
    if found is None:
        raise PackagingError(f"there is no stack {stack_name(stage)}")
    return {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", ())}


def _described(client: Any, stage: str) -> Mapping[str, Any] | None:
    try:
        stacks = client.describe_stacks(StackName=stack_name(stage))["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    return next(iter(stacks), None)


def _updated(client: Any, request: Mapping[str, Any]) -> bool:
    """Whether there was anything to update."""
    try:
        client.update_stack(**request)
    except ClientError as error:
        if "No updates" in error.response["Error"]["Message"]:
            return False
        raise
    return True


def _wait(client: Any, stage: str, waiter: str, pause_seconds: float) -> None:
    try:
        client.get_waiter(waiter).wait(
            StackName=stack_name(stage), WaiterConfig={"Delay": pause_seconds, "MaxAttempts": 360}
        )
    except WaiterError as error:
        raise PackagingError(
            f"stack {stack_name(stage)} was not made: {_first_reason(client, stage)}"
        ) from error


def _first_reason(client: Any, stage: str) -> str:
    events = client.describe_stack_events(StackName=stack_name(stage))["StackEvents"]
    failed = [e for e in events if e.get("ResourceStatus", "").endswith("_FAILED")]
    if not failed:
        return "CloudFormation gave no reason"
    # Newest first: the oldest failure is the cause, the others follow from it.
    first = failed[-1]
    return f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', 'no reason given')}"
