"""The address that the world knows: what it passes on, and as what."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import urllib3

from infra.local.server import HttpRequest, HttpResponse, HttpServer
from infra.rehearsal.edge import Edge


def echo(request: HttpRequest) -> HttpResponse:
    told = f"{request.method} {request.target} {request.header('host')}"
    body = f"{told} {request.header('x-forwarded-proto')} {request.body.decode()}"
    return HttpResponse(201, (("X-Told", "yes"),), body.encode())


@pytest.fixture
def edge() -> Iterator[Edge]:
    behind = HttpServer(echo, lambda status, message: HttpResponse(status))
    behind.start()
    with Edge() as running:
        running.lead_to(f"{behind.url}/restapis/1/api/_user_request_")
        yield running
    behind.stop()


def test_a_request_is_passed_on_under_the_host_that_its_caller_signed(edge: Edge) -> None:
    answer = urllib3.request("POST", f"{edge.url}/webhooks/x?a=b%20c", body=b"{}", retries=False)

    host = edge.url.removeprefix("http://").partition("/")[0]
    assert answer.status == 201
    assert answer.headers["X-Told"] == "yes"
    assert answer.data.decode() == (
        f"POST /restapis/1/api/_user_request_/webhooks/x?a=b%20c {host} http {{}}"
    )


def test_another_path_than_the_api_s_is_nobody_s(edge: Edge) -> None:
    root = edge.url.removesuffix("/api")

    assert urllib3.request("GET", f"{root}/other/healthz", retries=False).status == 404


def test_before_there_is_an_api_it_says_so() -> None:
    with Edge() as early:
        assert urllib3.request("GET", f"{early.url}/healthz", retries=False).status == 404
