"""`make package` and `make deploy`, for real but for AWS: slow, so not in `make test`.

The deployment is rehearsed on moto, which knows CloudFormation, S3, IAM, Lambda, event source
mappings and schedules, and imports REST APIs from OpenAPI 3 alone: what chalice sends is put in
that form on the way, without the preflight answers. Nothing here says what AWS itself would do.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest

from infra import deploy
from infra.package import digest, package
from infra.packaging.building import Built
from infra.packaging.cloud import PolicedCloud
from infra.packaging.permissions import allows

pytestmark = [
    pytest.mark.package,
    # moto makes no policies of queues and topics, and says so.
    pytest.mark.filterwarnings("ignore:Tried to parse AWS..S.S..(Queue|Topic)Policy:UserWarning"),
]


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


def test_a_first_deployment_stands_and_a_second_changes_it_in_place(
    built: Built, cloud: PolicedCloud
) -> None:
    session = boto3.session.Session()
    for name in deploy.SECRETS:
        session.client("ssm").put_parameter(
            Name=f"/rejoinder/dev/{name}", Value="any", Type="SecureString"
        )

    url = deploy.deploy(session, deploy.proven("dev"))
    again = deploy.deploy(session, deploy.proven("dev"))

    assert url == again
    assert url.startswith("https://")
    functions = session.client("lambda").list_functions()["Functions"]
    assert {f["FunctionName"] for f in functions} == {
        "rejoinder-dev",
        *(
            f"rejoinder-dev-handle_{n}"
            for n in (
                *("interactions", "urgent", "notices"),
                *("sweep", "learn", "collect", "snapshot"),
            )
        ),
    }
    for function in functions:
        variables = function["Environment"]["Variables"]
        assert variables["PUBLIC_URL"] == url
        assert variables["ARTIFACTS_BUCKET"] == "rejoinder-dev-artifacts-123456789012"
        assert function["Runtime"] == "python3.13"
        assert function["CodeSize"] == built.zip.stat().st_size
        _may_log(session, function)
    assert len(session.client("apigateway").get_rest_apis()["items"]) == 1
    mappings = session.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert sorted(m["EventSourceArn"].rpartition(":")[2] for m in mappings) == [
        "rejoinder-dev-interactions",
        "rejoinder-dev-learning",
        "rejoinder-dev-notices",
        "rejoinder-dev-urgent",
    ]


def _may_log(session: boto3.session.Session, function: dict[str, Any]) -> None:
    """The function's role may write the log that Lambda makes under the function's name."""
    role = function["Role"].rpartition("/")[2]
    policy = session.client("iam").get_role_policy(RoleName=role, PolicyName=role)
    stream = f"log-group:/aws/lambda/{function['FunctionName']}:log-stream:any"
    needed = ("logs:PutLogEvents", f"arn:aws:logs:us-east-1:123456789012:{stream}")
    assert allows(policy["PolicyDocument"], needed), function["FunctionName"]
