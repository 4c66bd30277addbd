"""CloudFormation, asked about one stack by its name; and its templates, read as plain YAML.

Lives here: what the stack of state and that of the packaged functions have in common. Never here:
which stacks there are, and making or changing one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from botocore.exceptions import ClientError

from ..packaging import PackagingError

NEVER_MADE = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})
"""States of a stack whose creation failed: all that it takes is its deletion."""

_BEGUN = frozenset({"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"})


def described(client: Any, name: str) -> Mapping[str, Any] | None:
    """What CloudFormation tells of the stack, None where there is none. Raises ClientError."""
    try:
        stacks = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    return next(iter(stacks), None)


def status(client: Any, name: str) -> str | None:
    """CloudFormation's word for the stack's state, None where there is none."""
    found = described(client, name)
    return str(found["StackStatus"]) if found else None


def outputs(client: Any, name: str) -> dict[str, str]:
    """The outputs of the stack by name. Raises PackagingError where there is no stack."""
    found = described(client, name)
    if found is None:
        raise PackagingError(f"there is no stack {name}")
    return {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", ())}


def never_made(name: str, state: str) -> PackagingError:
    """What is said of a stack whose creation failed."""
    return PackagingError(
        f"stack {name} is in {state}: its creation failed. Delete it "
        f"(aws cloudformation delete-stack --stack-name {name}) and deploy again"
    )


def first_reason(client: Any, name: str) -> str:
    """Why the latest attempt failed, in CloudFormation's words."""
    failed = [e for e in _latest(client, name) if e.get("ResourceStatus", "").endswith("_FAILED")]
    if not failed:
        return "CloudFormation gave no reason"
    # Newest first: the oldest failure is the cause, the others follow from it.
    first = failed[-1]
    return f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', 'no reason given')}"


def read_template(text: str) -> dict[str, Any]:
    """A template whose tags (`!Sub` and its like) are read as the values beside them."""
    # A SafeLoader that reads tags as plain values makes no objects of Python's.
    read: dict[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506
    return read


def _latest(client: Any, name: str) -> Iterator[Mapping[str, Any]]:
    """The events since the stack was last set to work, newest first."""
    for event in client.describe_stack_events(StackName=name)["StackEvents"]:
        yield event
        if event.get("ResourceStatus") in _BEGUN and event.get("LogicalResourceId") == name:
            return


class _Loader(yaml.CSafeLoader):
    """Reads CloudFormation's tags without heeding them."""


def _plain(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return [loader.construct_object(each, deep=True) for each in node.value]


_Loader.add_multi_constructor("!", _plain)
