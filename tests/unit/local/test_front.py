"""The one address of the local run: what it tells the rest of the machine of."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.front import Front
from infra.local.server import HttpRequest, HttpResponse


class Gateway:
    """Answers everything with one status."""

    def __init__(self, status: int) -> None:
        self._status = status

    def answer(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(self._status)


@pytest.mark.parametrize(
    ("method", "target", "status", "erased"),
    [
        ("POST", "/customers/joe/erasure", 200, 1),
        ("POST", "/customers/joe%40example.com/erasure?now=1", 200, 1),
        ("DELETE", "/customers/joe", 200, 1),
        ("POST", "/customers/joe/erasure", 404, 0),
        ("DELETE", "/customers/joe", 401, 0),
        ("POST", "/customers/joe/consents", 200, 0),
        ("GET", "/customers/joe", 200, 0),
        ("DELETE", "/offers/joe", 200, 0),
    ],
)
def test_who_keeps_bytes_hears_of_an_erasure_before_it_is_answered(
    method: str, target: str, status: int, erased: int
) -> None:
    told: list[str] = []
    gateway: Any = Gateway(status)
    front = Front(
        gateway,
        lambda request: HttpResponse(500),
        own_origin="http://127.0.0.1:8000",
        told_by_x=lambda request: None,
        erased=lambda: told.append(target),
    )
    assert front.answer(HttpRequest(method, target, (), b"")).status == status
    assert len(told) == erased
