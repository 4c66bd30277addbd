"""Change sets: what is proposed, made, dropped, and refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.deployment import changes
from infra.packaging import PackagingError

STACK, BUCKET = "rejoinder-dev-functions", "artifacts"


def template(*queues: str) -> str:
    return json.dumps({"Resources": {name: {"Type": "AWS::SQS::Queue"} for name in queues}})


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield boto3.client("cloudformation")


def propose(client: Any, text: str, name: str) -> changes.Changes | None:
    boto3.client("s3").put_object(Bucket=BUCKET, Key="t.json", Body=text.encode())
    url = f"https://s3.amazonaws.com/{BUCKET}/t.json"
    return changes.propose(client, STACK, url, {}, name=name, pause=no_pause)


def no_pause(seconds: float) -> None:
    """Nobody waits here."""


def test_a_stack_is_created_and_then_updated(cloud: Any) -> None:
    first = propose(cloud, template("A"), "first")
    assert first is not None
    assert first.creates
    assert first.lines == ("Add A (AWS::SQS::Queue)",)
    changes.make(cloud, first, pause=no_pause)

    second = propose(cloud, template("A", "B"), "second")
    assert second is not None
    assert not second.creates
    changes.make(cloud, second, pause=no_pause)

    assert len(cloud.describe_stack_resources(StackName=STACK)["StackResources"]) == 2


def test_a_stack_that_was_only_looked_at_is_not_left_behind(cloud: Any) -> None:
    proposed = propose(cloud, template("A"), "look")
    assert proposed is not None

    changes.drop(cloud, proposed)

    states = {s["StackStatus"] for s in cloud.list_stacks()["StackSummaries"]}
    assert states <= {"DELETE_COMPLETE"}


class Formation:
    """CloudFormation as it answers what moto has no faults for."""

    def __init__(self, told: Sequence[Mapping[str, Any]], stack: str = "UPDATE_COMPLETE") -> None:
        self._told = list(told)
        self._stack = stack
        self.deleted: list[str] = []

    def describe_stacks(self, **_: Any) -> Any:
        return {"Stacks": [{"StackStatus": self._stack}]}

    def create_change_set(self, **asked: Any) -> Any:
        assert asked["ChangeSetType"] == "UPDATE"
        return {"Id": "arn:set"}

    def describe_change_set(self, **_: Any) -> Any:
        return self._told.pop(0)

    def delete_change_set(self, *, ChangeSetName: str) -> None:
        self.deleted.append(ChangeSetName)

    def execute_change_set(self, **_: Any) -> None:
        self._stack = "UPDATE_ROLLBACK_COMPLETE"

    def describe_stack_events(self, **_: Any) -> Any:
        later = {"ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "Cancelled"}
        cause = {"ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": "Role is missing"}
        return {
            "StackEvents": [
                {**later, "LogicalResourceId": "B"},
                {**cause, "LogicalResourceId": "A"},
            ]
        }


def test_nothing_to_change_is_no_failure() -> None:
    reason = "The submitted information didn't contain changes."
    waiting, failed = {"Status": "CREATE_IN_PROGRESS"}, {"Status": "FAILED", "StatusReason": reason}
    formation = Formation([waiting, failed])

    proposed = changes.propose(formation, STACK, "url", {}, name="n", pause=no_pause)

    assert proposed is None
    assert formation.deleted == ["arn:set"]


def test_a_template_that_is_refused_says_why() -> None:
    formation = Formation([{"Status": "FAILED", "StatusReason": "Circular dependency"}])

    with pytest.raises(PackagingError, match="Circular dependency"):
        changes.propose(formation, STACK, "url", {}, name="n", pause=no_pause)


def test_a_stack_whose_creation_failed_has_to_be_deleted_first() -> None:
    formation = Formation([], stack="ROLLBACK_COMPLETE")

    with pytest.raises(PackagingError, match="delete-stack --stack-name rejoinder-dev-functions"):
        changes.propose(formation, STACK, "url", {}, name="n", pause=no_pause)


def test_an_update_that_was_rolled_back_tells_the_first_cause() -> None:
    with pytest.raises(PackagingError, match="ROLLBACK_COMPLETE: A: Role is missing"):
        changes.make(Formation([]), changes.Changes(STACK, "id", False, ()), pause=no_pause)
