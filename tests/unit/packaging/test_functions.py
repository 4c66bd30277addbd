"""The Runtime API stand-in, with a small client in the place of awslambdaric."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from infra.packaging import PackagingError
from infra.packaging.functions import Function, Place

BOOTSTRAP = """
import http.client, importlib, json, os

def run(handler, client):
    module, _, name = handler.partition(".")
    function = getattr(importlib.import_module(module), name)
    while True:
        connection = http.client.HTTPConnection(client)
        connection.request("GET", "/2018-06-01/runtime/invocation/next")
        answer = connection.getresponse()
        event = json.loads(answer.read())
        said, kind = None, "response"
        try:
            said = function(event, None)
        except Exception as error:
            said = {"errorType": type(error).__name__, "errorMessage": str(error)}
            kind = "error"
        id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        connection.request("POST", f"/2018-06-01/runtime/invocation/{id}/{kind}", json.dumps(said))
        connection.getresponse().read()
"""
CODE = """
import os, sys

def answer(event, context):
    if event.get("fail"):
        raise ValueError("as asked")
    if event.get("die"):
        os._exit(3)
    strangers = [p for p in sys.path if "site-packages" in p]
    return {"got": event, "environment": sorted(os.environ), "strangers": strangers}
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    task, image = tmp_path / "task", tmp_path / "image"
    (image / "awslambdaric").mkdir(parents=True)
    (image / "awslambdaric" / "__init__.py").touch()
    (image / "awslambdaric" / "bootstrap.py").write_text(BOOTSTRAP, encoding="utf-8")
    (image / "awslambdaric" / "lambda_runtime_client.py").write_text(
        "def LambdaRuntimeClient(address): return address\n", encoding="utf-8"
    )
    task.mkdir()
    (task / "handlers.py").write_text(CODE, encoding="utf-8")
    (task / "broken.py").write_text("import nowhere_to_be_found\n", encoding="utf-8")
    return Place(Path(sys.executable), task, image, tmp_path)


def test_a_function_answers_events_with_only_its_own_environment_and_packages(
    place: Place,
) -> None:
    os.environ["NOT_FOR_LAMBDA"] = "1"
    with Function(place, "handlers.answer", {"STAGE": "dev"}) as function:
        first = function.invoke({"n": 1})
        second = function.invoke({"n": 2})
    del os.environ["NOT_FOR_LAMBDA"]

    assert (first["got"], second["got"]) == ({"n": 1}, {"n": 2})
    assert first["strangers"] == []
    assert {"STAGE", "AWS_LAMBDA_RUNTIME_API"} <= set(first["environment"])
    assert "NOT_FOR_LAMBDA" not in first["environment"]
    assert function.init_seconds > 0


def test_what_a_function_raises_is_told_by_type(place: Place) -> None:
    with Function(place, "handlers.answer", {}) as function:
        with pytest.raises(PackagingError, match=r"handlers\.answer failed: ValueError: as asked"):
            function.invoke({"fail": True})
        assert function.invoke({"n": 3})["got"] == {"n": 3}


def test_a_function_that_cannot_be_imported_shows_its_log(place: Place) -> None:
    with pytest.raises(PackagingError, match="nowhere_to_be_found"):
        Function(place, "broken.answer", {}).__enter__()


def test_a_function_that_dies_at_an_event_is_not_waited_for(place: Place) -> None:
    with (
        Function(place, "handlers.answer", {}) as function,
        pytest.raises(PackagingError, match=r"handlers\.answer stopped \(3\)"),
    ):
        function.invoke({"die": True})
