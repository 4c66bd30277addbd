"""`make package` and `make deploy`, for real but for AWS: slow, so not in `make test`.

The deployment is rehearsed on moto, which knows CloudFormation, S3, IAM, Lambda, event source
mappings and schedules, and imports REST APIs from OpenAPI 3 alone: what chalice sends is put in
that form on the way, without the preflight answers. Nothing here says what AWS itself would do.
"""

from __future__ import annotations

import base64
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest

from infra import deploy, destroy, rollback
from infra.deployment import history
from infra.deployment.demands import SECRETS
from infra.package import digest, package
from infra.packaging import PackagingError
from infra.packaging.building import Built
from infra.packaging.cloud import PolicedCloud
from infra.packaging.permissions import allows
from tests.unit.deployment.taught import teach_protection

pytestmark = [
    pytest.mark.package,
    # moto makes no policies of queues and topics, no budgets and no subscriptions, and says so.
    pytest.mark.filterwarnings("ignore:Tried to parse AWS..(S.S|Budgets):UserWarning"),
]

FUNCTIONS = {
    "rejoinder-dev",
    *(
        f"rejoinder-dev-handle_{name}"
        for name in (
            *("interactions", "urgent", "notices"),
            *("sweep", "learn", "collect", "snapshot"),
        )
    ),
}


class RehearsalCloud(PolicedCloud):
    """moto, with chalice's Swagger 2.0 rewritten as far as moto can read it."""

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/restapis") and "mode=" in environ["QUERY_STRING"]:
            sent = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            sent.pop("swagger")
            sent |= {"openapi": "3.0.1", "info": {**sent["info"], "description": ""}}
            for methods in sent["paths"].values():
                methods.pop("options", None)
            body = json.dumps(sent).encode()
            environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return super()._answer(environ, start_response)


@pytest.fixture(scope="module")
def built() -> Built:
    return package("dev")


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[PolicedCloud]:
    with RehearsalCloud() as running:
        # The proof ran in this process too, and moto's state is the process's.
        urlopen(Request(f"{running.url}/moto-api/reset", method="POST")).close()  # noqa: S310
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "rehearsal")
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        yield running


def test_the_package_is_proven_and_its_digest_kept(built: Built) -> None:
    proof = json.loads(built.zip.with_name("proof.json").read_text("utf-8"))

    assert proof == {"stage": "dev", "sha256": digest(built.zip)}
    assert set(built.functions()) == {
        *("app.app", "app.handle_interactions", "app.handle_urgent", "app.handle_sweep"),
        *("app.handle_learn", "app.handle_collect", "app.handle_snapshot"),
        "app.handle_notices",
    }


def test_a_stage_is_deployed_again_rolled_back_and_destroyed(
    built: Built, cloud: PolicedCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach_protection(monkeypatch)
    package = deploy.proven("dev")
    other = replace(package, zip=_with_a_note(package.zip, tmp_path / "other.zip"))
    session, tried = boto3.session.Session(), list[str]()
    for name in SECRETS:
        session.client("ssm").put_parameter(
            Name=f"/rejoinder/dev/{name}", Value="any", Type="SecureString"
        )

    def try_out(session: Any, stage: str, url: str) -> None:
        tried.append(url)
        if len(tried) == 2:
            raise PackagingError("a signed text is answered 500")

    url = deploy.deploy(session, package, clock=_clock(1), try_out=try_out)
    _stands(session, package.zip, url)
    with pytest.raises(PackagingError, match=r"are deployed; what failed: a signed(.|\n)*goes"):
        deploy.deploy(session, other, clock=_clock(2), try_out=try_out)
    _stands(session, other.zip, url)
    target = rollback.target_of(session, "dev")
    again = rollback.roll_back(session, target, clock=_clock(3), try_out=try_out)

    assert tried == [url, url, again]
    _stands(session, package.zip, again)
    states = [r.state for r in history.releases(session.client("s3"), target)]
    assert states == ["passed", "failed", "passed"]
    first, _, third = reversed(rollback.listed(session, target))
    assert third.startswith("* ")
    assert f"again {first.split()[0]}" in third
    _is_destroyed(session)


def _clock(minute: int) -> Callable[[], datetime]:
    return lambda: datetime(2026, 11, 22, 12, minute, tzinfo=UTC)


def _with_a_note(zip_file: Path, other: Path) -> Path:
    """The same package, and another zip."""
    shutil.copyfile(zip_file, other)
    with zipfile.ZipFile(other, "a") as opened:
        opened.writestr("note.txt", "another")
    return other


def _stands(session: boto3.session.Session, zip_file: Path, url: str) -> None:
    """Functions, API and queues are as they should be, and the code is the proven zip's."""
    assert url.startswith("https://")
    proven = base64.b64encode(bytes.fromhex(digest(zip_file))).decode()
    functions = session.client("lambda").list_functions()["Functions"]
    assert {f["FunctionName"] for f in functions} == FUNCTIONS
    for function in functions:
        variables = function["Environment"]["Variables"]
        assert variables["PUBLIC_URL"] == url
        assert variables["ARTIFACTS_BUCKET"] == "rejoinder-dev-artifacts-123456789012"
        assert function["Runtime"] == "python3.13"
        assert function["CodeSha256"] == proven
        _may_log(session, function)
    logs = {g["logGroupName"]: g for g in session.client("logs").describe_log_groups()["logGroups"]}
    assert all(logs[f"/aws/lambda/{name}"]["retentionInDays"] == 30 for name in FUNCTIONS)
    assert len(session.client("apigateway").get_rest_apis()["items"]) == 1
    mappings = session.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert sorted(m["EventSourceArn"].rpartition(":")[2] for m in mappings) == [
        "rejoinder-dev-interactions",
        "rejoinder-dev-learning",
        "rejoinder-dev-notices",
        "rejoinder-dev-urgent",
    ]


def _is_destroyed(session: boto3.session.Session) -> None:
    """First what answers and works; then, said twice, the data."""
    destroy.destroy(session, "dev", with_data=False)
    assert session.client("lambda").list_functions()["Functions"] == []
    assert session.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    assert session.client("apigateway").get_rest_apis()["items"] == []
    assert session.client("iam").list_roles()["Roles"] == []
    assert session.client("events").list_rules()["Rules"] == []
    assert len(session.client("dynamodb").list_tables()["TableNames"]) == 3

    destroy.destroy(session, "dev", with_data=True, pause_seconds=0)
    assert session.client("dynamodb").list_tables()["TableNames"] == []
    assert session.client("s3").list_buckets()["Buckets"] == []
    assert "QueueUrls" not in session.client("sqs").list_queues()
    assert session.client("logs").describe_log_groups()["logGroups"] == []


def _may_log(session: boto3.session.Session, function: dict[str, Any]) -> None:
    """The function's role may write the log that Lambda makes under the function's name."""
    role = function["Role"].rpartition("/")[2]
    policy = session.client("iam").get_role_policy(RoleName=role, PolicyName=role)
    stream = f"log-group:/aws/lambda/{function['FunctionName']}:log-stream:any"
    needed = ("logs:PutLogEvents", f"arn:aws:logs:us-east-1:123456789012:{stream}")
    assert allows(policy["PolicyDocument"], needed), function["FunctionName"]
