"""What the end of an HTTP exchange means for a send."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import urllib3
from urllib3.exceptions import HTTPError, ProtocolError, SSLError

from chalicelib.outbound.exchange import (
    TIMEOUT,
    Answer,
    exchange,
    http_date,
    retry_after,
    settle,
)

from .conftest import NOW, Scripted


class Failing(urllib3.PoolManager):
    """A network that fails in one stated way."""

    def __init__(self, error: HTTPError) -> None:
        super().__init__()
        self._error = error

    def request(self, *_: object, **__: object) -> urllib3.BaseHTTPResponse:
        raise self._error


def test_an_exchange_waits_three_seconds_to_connect_and_ten_to_read() -> None:
    assert (TIMEOUT.connect_timeout, TIMEOUT._read) == (3.0, 10.0)


def test_a_refused_connection_was_never_sent(http: urllib3.PoolManager) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unheard.getsockname()[1]}/"
        answer = exchange(http, "POST", url, headers={})
    assert answer.fate == "never_sent"
    assert settle(answer, "x").status == "retry"


def test_a_connection_closed_without_an_answer_is_unknown(
    http: urllib3.PoolManager, provider: Scripted
) -> None:
    provider.then(201)
    provider.lose_next_answer()
    answer = exchange(http, "POST", provider.url, headers={}, body=b"x")
    assert answer.fate == "lost"
    assert settle(answer, "x").status == "unknown"
    assert len(provider.requests) == 1


def test_a_connection_serves_one_send_so_that_none_goes_stale(
    http: urllib3.PoolManager, provider: Scripted
) -> None:
    provider.then(201)
    exchange(http, "POST", provider.url, headers={"X-Own": "1"})
    headers = provider.requests[0].headers
    assert (headers["connection"], headers["x-own"]) == ("close", "1")


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (SSLError(ssl.SSLCertVerificationError("expired")), "never_sent"),
        (SSLError(ssl.SSLEOFError("cut off")), "lost"),
        (ProtocolError("reset"), "lost"),
    ],
)
def test_a_bad_certificate_was_never_sent_but_a_cut_connection_may_have_been(
    error: HTTPError, fate: str
) -> None:
    assert exchange(Failing(error), "POST", "https://carrier.example", headers={}).fate == fate


def test_an_address_that_is_no_url_was_never_sent(http: urllib3.PoolManager) -> None:
    assert exchange(http, "POST", "ftp://carrier.example", headers={}).fate == "never_sent"


def test_a_redirect_is_not_followed_and_fails(
    http: urllib3.PoolManager, provider: Scripted
) -> None:
    provider.then(302, headers={"Location": provider.url})
    answer = exchange(http, "POST", provider.url, headers={})
    assert settle(answer, "x").status == "failed"
    assert settle(answer, "x").code == "http_302"
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("http_status", "status"),
    [(200, "sent"), (201, "sent"), (400, "failed"), (404, "failed"), (429, "retry")],
)
def test_the_status_decides_the_result(http_status: int, status: str) -> None:
    assert settle(Answer("answered", http_status), "x").status == status


@pytest.mark.parametrize("http_status", [500, 502, 503, 504])
def test_a_server_error_leaves_the_send_unknown(http_status: int) -> None:
    result = settle(Answer("answered", http_status), "x")
    assert (result.status, result.code) == ("unknown", f"http_{http_status}")


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[1]", b"null"])
def test_a_body_that_is_no_json_object_is_an_empty_document(body: bytes) -> None:
    assert Answer("answered", 200, {}, body).document() == {}


def test_an_answer_shows_neither_its_body_nor_its_headers() -> None:
    shown = repr(Answer("answered", 200, {"location": "/joe"}, b"hello joe"))
    assert "joe" not in shown


def test_retry_after_may_be_seconds_or_a_date() -> None:
    assert retry_after({"retry-after": "90"}, NOW) == NOW + timedelta(seconds=90)
    date = "Wed, 18 Nov 2026 17:05:00 GMT"
    assert retry_after({"retry-after": date}, NOW) == datetime(2026, 11, 18, 17, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "-5", "9" * 30, "²"])
def test_a_retry_after_that_means_nothing_is_none(text: str) -> None:
    assert retry_after({"retry-after": text}, NOW) is None
    assert retry_after({}, NOW) is None


def test_a_date_without_a_zone_is_utc() -> None:
    assert http_date("Wed, 18 Nov 2026 17:00:00 -0000") == NOW
