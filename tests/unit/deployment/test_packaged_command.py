"""`python -m infra.packaged`: what it asks for before it touches anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra import packaged
from infra.deployment.demands import SECRETS
from infra.packaging import PackagingError


@pytest.fixture
def session() -> Iterator[Any]:
    with mock_aws():
        yield boto3.session.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
        )


def test_a_stage_without_its_secrets_is_refused_by_their_names(session: Any) -> None:
    ssm = session.client("ssm")
    ssm.put_parameter(Name="/rejoinder/dev/write_key", Value="hidden", Type="SecureString")

    with pytest.raises(PackagingError) as refused:
        packaged.where(session, "dev")

    absent = str(refused.value)
    assert "/rejoinder/dev: twilio_auth_token" in absent
    assert "write_key" not in absent
    assert "hidden" not in absent


def test_with_its_secrets_it_tells_the_account(
    session: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in SECRETS:
        path = f"/rejoinder/dev/{name}"
        session.client("ssm").put_parameter(Name=path, Value="hidden", Type="SecureString")

    packaged.where(session, "dev")

    assert capsys.readouterr().out == "stage dev in account 123456789012, region us-east-1\n"


def test_a_region_is_asked_for() -> None:
    nowhere = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test")
    if nowhere.region_name:
        pytest.skip("this machine has a region of its own")

    with pytest.raises(PackagingError, match="no region"):
        packaged.where(nowhere, "dev")


def test_a_dry_run_and_terraform_are_one_or_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        packaged.main(["--dry-run", "--terraform"])

    assert "not allowed with" in capsys.readouterr().err
