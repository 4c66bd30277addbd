"""What the package says of AWS is what botocore says, and enough for every call that we make."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore
import botocore.session
import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.stub import Stubber

from chalicelib.aws import Clients
from chalicelib.catalog import Artifacts
from chalicelib.errors import NotFoundError
from chalicelib.settings import Settings
from infra.packaging import ROOT, PackagingError, models
from infra.packaging.models import OPERATIONS

DATA = Path(botocore.__file__).parent / "data"
SERVICES = sorted(OPERATIONS)


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cut") / "aws_models"
    models.write_models(DATA, folder)
    return folder


@pytest.fixture(scope="module")
def whole() -> Loader:
    return models.open_models(DATA)


@pytest.mark.parametrize("service", SERVICES)
def test_the_operations_read_as_in_botocore_s_own_model(
    service: str, cut: Path, whole: Loader
) -> None:
    ours = models.open_models(cut).load_service_model(service, "service-2")
    theirs = whole.load_service_model(service, "service-2")

    assert ours["metadata"] == theirs["metadata"]
    assert ours.get("clientContextParams") == theirs.get("clientContextParams")
    assert set(ours["operations"]) == set(OPERATIONS[service])
    for name, operation in ours["operations"].items():
        assert operation == bare(theirs["operations"][name])
    assert ours["shapes"]
    for name, shape in ours["shapes"].items():
        assert shape == bare(theirs["shapes"][name])


@pytest.mark.parametrize("service", SERVICES)
def test_every_shape_that_an_operation_leads_to_is_there(service: str, cut: Path) -> None:
    ours = models.open_models(cut).load_service_model(service, "service-2")
    text = json.dumps([ours["operations"], ours["shapes"]])

    named = {part.partition('"')[0] for part in text.split('"shape": "')[1:]}

    assert named
    assert named <= set(ours["shapes"])


@pytest.mark.parametrize("service", SERVICES)
def test_endpoints_are_resolved_by_botocore_s_own_rules(
    service: str, cut: Path, whole: Loader
) -> None:
    ours = models.open_models(cut)

    rules = "endpoint-rule-set-1"
    assert ours.load_service_model(service, rules) == whole.load_service_model(service, rules)
    prefix = ours.load_service_model(service, "service-2")["metadata"]["endpointPrefix"]
    stated = zip(
        *(told.load_data("endpoints")["partitions"] for told in (ours, whole)), strict=True
    )
    for mine, theirs in stated:
        assert mine["regions"] == theirs["regions"]
        assert mine["services"].get(prefix) == theirs["services"].get(prefix)


@pytest.mark.parametrize("service", SERVICES)
def test_a_client_goes_to_the_same_place_with_less_to_read(
    service: str, cut: Path, whole: Loader
) -> None:
    for region in ("us-east-1", "us-gov-west-1", "cn-north-1"):
        urls = set()
        for loader in (models.open_models(cut), whole):
            session = botocore.session.get_session()
            session.set_credentials("none", "none")
            session.register_component("data_loader", loader)
            urls.add(session.create_client(service, region).meta.endpoint_url)
        assert len(urls) == 1


def test_an_answer_is_read_and_paged_through(cut: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = Clients(Settings(), cut)("dynamodb")
    asked: dict[str, Any] = {"TableName": "t", "KeyConditionExpression": "pk = :pk"}
    key = {"pk": {"S": "a"}}

    with Stubber(client) as stub:
        stub.add_response("query", {"Items": [key], "LastEvaluatedKey": key}, asked)
        stub.add_response("query", {"Items": [key]}, {**asked, "ExclusiveStartKey": key})
        pages = list(client.get_paginator("query").paginate(**asked))

    assert [page["Items"] for page in pages] == [[key], [key]]


def test_what_a_bucket_says_is_understood(cut: Path, settings: Settings) -> None:
    artifacts = Artifacts(Clients(settings, cut)("s3"), settings.artifacts_bucket)

    written = artifacts.put("catalog", b"bytes")

    assert (artifacts.get("catalog"), artifacts.tag("catalog")) == (b"bytes", written)
    with pytest.raises(NotFoundError):
        artifacts.tag("model")


def test_every_call_of_ours_is_among_the_operations(whole: Loader) -> None:
    """By name: a method that some AWS client has is one, unless Python's own types have it too."""
    offered = {
        xform_name(operation) for operations in OPERATIONS.values() for operation in operations
    }
    known = {
        xform_name(operation)
        for service in OPERATIONS
        for operation in whole.load_service_model(service, "service-2")["operations"]
    }

    called = {name for name in _called() if name in known}

    assert called
    assert called - offered == set()


def test_an_operation_that_botocore_does_not_know_is_refused_by_name(whole: Loader) -> None:
    model = whole.load_service_model("sqs", "service-2")

    with pytest.raises(PackagingError, match=r"model of SQS lacks SendPigeon$"):
        models.cut_model(model, ("SendMessage", "SendPigeon"))


def test_a_member_by_the_name_of_documentation_stays() -> None:
    shapes = {
        "In": {"type": "structure", "members": {"documentation": {"shape": "Text"}}},
        "Text": {"type": "string", "documentation": "<p>words</p>"},
        "Idle": {"type": "string"},
    }
    model = {"metadata": {}, "operations": {"Say": {"input": {"shape": "In"}}}, "shapes": shapes}

    cut = models.cut_model(model, ("Say",))

    assert cut["shapes"] == {"In": shapes["In"], "Text": {"type": "string"}}


def bare(part: Any) -> Any:
    """Without the documentation, by a way of its own: as text."""
    if isinstance(part, dict):
        kept = {n: bare(p) for n, p in part.items() if n != "documentation" or isinstance(p, dict)}
        return kept
    return [bare(p) for p in part] if isinstance(part, list) else part


def _called() -> Iterator[str]:
    """Every method called, and every operation that is named to a paginator, in chalicelib."""
    for path in [ROOT / "app.py", *sorted((ROOT / "chalicelib").rglob("*.py"))]:
        text = path.read_text(encoding="utf-8")
        yield from re.findall(r"\.([a-z0-9_]+)\(", text)
        yield from re.findall(r"get_paginator\(\"([a-z0-9_]+)\"\)", text)
