"""What users rely on is written down: every route and every setting."""

from __future__ import annotations

import json
from pathlib import Path

from chalice.test import Client

import app as application
from chalicelib.settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def routes() -> set[tuple[str, str]]:
    return {(path, method) for path, found in application.app.routes.items() for method in found}


def test_every_route_is_in_the_readme() -> None:
    assert {path for path, _ in routes() if f"`{path}`" not in README} == set()


def test_every_setting_is_in_the_readme() -> None:
    assert {n.upper() for n in Settings.model_fields if f"`{n.upper()}`" not in README} == set()


def test_every_route_is_in_the_openapi_document() -> None:
    with Client(application.app) as client:
        document = json.loads(client.http.get("/openapi.json").body)

    described = {(path, m.upper()) for path, found in document["paths"].items() for m in found}
    assert described == routes()
