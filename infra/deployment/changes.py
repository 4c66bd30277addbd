"""A stack made or brought up to date by a change set: what will change is known before it does."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..packaging import PackagingError
from . import formation

Pause = Callable[[float], None]

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
"""The stack makes roles, and SAM's transform expands the template."""

_ONLY_LOOKED_AT = "REVIEW_IN_PROGRESS"
_NOTHING = ("didn't contain changes", "No updates are to be performed")
_PAUSE_SECONDS = 3.0
_TRIES = 1200


@dataclass(frozen=True)
class Changes:
    """A change set that CloudFormation worked out: lines such as `Modify APIHandler`."""

    stack: str
    id: str
    creates: bool
    lines: tuple[str, ...]


def propose(
    client: Any,
    stack: str,
    template_url: str,
    parameters: Mapping[str, str],
    *,
    name: str,
    pause: Pause = time.sleep,
) -> Changes | None:
    """What bringing the stack to this template would change, None for nothing.

    Raises PackagingError with CloudFormation's reason.
    """
    before = formation.status(client, stack)
    if before in formation.NEVER_MADE:
        raise formation.never_made(stack, before)
    creates = before in (None, _ONLY_LOOKED_AT)
    made = client.create_change_set(
        StackName=stack,
        ChangeSetName=name,
        ChangeSetType="CREATE" if creates else "UPDATE",
        TemplateURL=template_url,
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=list(CAPABILITIES),
    )
    id = str(made["Id"])
    told = _until(
        lambda: client.describe_change_set(ChangeSetName=id),
        lambda told: told["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"),
        pause,
    )
    if told["Status"] == "FAILED":
        client.delete_change_set(ChangeSetName=id)
        reason = told.get("StatusReason", "no reason given")
        if any(nothing in reason for nothing in _NOTHING):
            return None
        raise PackagingError(f"stack {stack} cannot be changed: {reason}")
    return Changes(stack, id, creates, tuple(_lines(told.get("Changes", ()))))


def drop(client: Any, changes: Changes) -> None:
    """Leave everything as it was; a stack that was only looked at is not left behind either."""
    client.delete_change_set(ChangeSetName=changes.id)
    if changes.creates:
        client.delete_stack(StackName=changes.stack)


def make(client: Any, changes: Changes, *, pause: Pause = time.sleep) -> None:
    """Change the stack and wait until it stands. Raises PackagingError with the first reason."""
    client.execute_change_set(ChangeSetName=changes.id)
    status = _until(
        lambda: formation.status(client, changes.stack) or "DELETE_COMPLETE",
        lambda status: not status.endswith("_IN_PROGRESS"),
        pause,
    )
    wanted = "CREATE_COMPLETE" if changes.creates else "UPDATE_COMPLETE"
    if status != wanted:
        raise PackagingError(
            f"stack {changes.stack} is in {status}: {formation.first_reason(client, changes.stack)}"
        )


def _lines(changes: Sequence[Mapping[str, Any]]) -> list[str]:
    told = (change["ResourceChange"] for change in changes if "ResourceChange" in change)
    return [f"{t['Action']} {t['LogicalResourceId']} ({t['ResourceType']})" for t in told]


def _until(ask: Callable[[], Any], done: Callable[[Any], bool], pause: Pause) -> Any:
    for _ in range(_TRIES):
        told = ask()
        if done(told):
            return told
        pause(_PAUSE_SECONDS)
    raise PackagingError("CloudFormation did not finish within an hour: look at its console")
