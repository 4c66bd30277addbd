"""The stateful stack of a stage, made and brought up to date from infra/resources.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from ..packaging import ROOT, PackagingError
from . import formation

TEMPLATE = ROOT / "infra" / "resources.yaml"

TEMPLATE_LIMIT_BYTES = 51_200
"""Of a template that is sent along, and not read from a bucket (which this stack is yet to make).
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""

_NEVER_MADE = {*formation.NEVER_MADE, "REVIEW_IN_PROGRESS"}
_STUCK = {
    "UPDATE_ROLLBACK_FAILED": "aws cloudformation continue-update-rollback --stack-name {name}",
    "UPDATE_FAILED": "aws cloudformation rollback-stack --stack-name {name}",
    "DELETE_FAILED": "make destroy with DATA and SURE, which goes on with it",
}
"""States in which it takes no update, and what helps."""
_PAUSE_SECONDS = 5


def stack_name(stage: str) -> str:
    return f"rejoinder-{stage}"


def status(client: Any, stage: str) -> str | None:
    """CloudFormation's word for the stack's state, None where there is none."""
    return formation.status(client, stack_name(stage))


def apply(
    client: Any,
    stage: str,
    *,
    template: Path = TEMPLATE,
    parameters: Mapping[str, str] | None = None,
    pause_seconds: float = _PAUSE_SECONDS,
) -> dict[str, str]:
    """Create or update the stack, wait until it stands, and answer its outputs.

    A parameter of the template that is not given stays as it is, at first as the template says.
    Raises PackagingError with the first reason that CloudFormation gives.
    """
    body = template.read_text(encoding="utf-8")
    if len(body.encode()) > TEMPLATE_LIMIT_BYTES:
        raise PackagingError(f"{template} has over {TEMPLATE_LIMIT_BYTES} bytes: shorten it")
    before = formation.described(client, stack_name(stage))
    _refuse_state(stage, str(before["StackStatus"]) if before else None)
    request = {
        "StackName": stack_name(stage),
        "TemplateBody": body,
        "Parameters": _parameters(body, {**(parameters or {}), "Stage": stage}, before),
    }
    if before is None:
        client.create_stack(**request, EnableTerminationProtection=True)
        _wait(client, stage, "stack_create_complete", pause_seconds)
    elif _updated(client, request):
        _wait(client, stage, "stack_update_complete", pause_seconds)
    return outputs(client, stage)


def delete(client: Any, stage: str, *, pause_seconds: float = _PAUSE_SECONDS) -> None:
    """Delete the stack but for what it retains, protected or not; none is as good.

    Raises PackagingError with the first reason that CloudFormation gives.
    """
    found = formation.described(client, stack_name(stage))
    if found is None:
        return
    if found.get("EnableTerminationProtection"):
        client.update_termination_protection(
            StackName=stack_name(stage), EnableTerminationProtection=False
        )
    client.delete_stack(StackName=stack_name(stage))
    _wait(client, stage, "stack_delete_complete", pause_seconds)


def outputs(client: Any, stage: str) -> dict[str, str]:
    """The outputs of the stack by name. Raises PackagingError where there is no stack."""
    return formation.outputs(client, stack_name(stage))


def _refuse_state(stage: str, before: str | None) -> None:
    name = stack_name(stage)
    if before in _NEVER_MADE:
        raise formation.never_made(name, before)
    if before in _STUCK:
        raise PackagingError(f"stack {name} is in {before}: {_STUCK[before].format(name=name)}")
    if before is not None and before.endswith("_IN_PROGRESS"):
        raise PackagingError(f"stack {name} is in {before}: wait until it is done")


def _parameters(
    body: str, given: Mapping[str, str], before: Mapping[str, Any] | None
) -> list[dict[str, str]]:
    """Those given, and the others as the stack was given them before."""
    names = formation.read_template(body).get("Parameters", {})
    if unknown := given.keys() - names.keys():
        raise PackagingError(f"the template has no parameter {', '.join(sorted(unknown))}")
    held = {p["ParameterKey"]: p["ParameterValue"] for p in (before or {}).get("Parameters", ())}
    kept = {name: value for name, value in held.items() if name in names}
    return [{"ParameterKey": n, "ParameterValue": v} for n, v in {**kept, **given}.items()]


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
        done, name = waiter.split("_")[1], stack_name(stage)
        raise PackagingError(
            f"stack {name}: {done} failed: {formation.first_reason(client, name)}"
        ) from error
