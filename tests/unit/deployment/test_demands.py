"""What a deployment asks for before it changes anything."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from infra.deployment.demands import SECRETS, demand, reserved
from infra.packaging import PackagingError


class Account:
    """A session whose Parameter Store holds the secrets, and whose account has that limit."""

    def __init__(self, executions: int) -> None:
        self._executions = executions

    def client(self, service: str) -> Any:
        client = boto3.client(
            service, "us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        stubber = Stubber(client)
        if service == "ssm":
            held = [{"Name": f"/rejoinder/prod/{name}"} for name in SECRETS]
            stubber.add_response("get_parameters_by_path", {"Parameters": held})
        else:
            limit = {"ConcurrentExecutions": self._executions}
            stubber.add_response("get_account_settings", {"AccountLimit": limit})
        stubber.activate()
        return client


def test_dev_reserves_nothing() -> None:
    assert reserved("dev") == 0


def test_an_account_that_cannot_reserve_so_much_is_told_so_before_anything_is_changed() -> None:
    with pytest.raises(PackagingError, match=r"reserves 203 .* the account has 10\. Ask for more"):
        demand(Account(10), "prod")


def test_an_account_with_the_usual_limit_will_do() -> None:
    demand(Account(1000), "prod")
