from __future__ import annotations

import gzip
import json
import threading
import zlib
from typing import Any

import pytest

from infra.local.gateway import Gateway, LambdaContext
from infra.local.server import BODY_LIMIT_BYTES, HttpRequest, HttpResponse

from .small_app import FORM, small_app

TOKEN = "the-token"


@pytest.fixture
def gateway() -> Gateway:
    return Gateway(small_app(), token=TOKEN, domain="127.0.0.1:8000")


def ask(
    gateway: Gateway,
    method: str,
    target: str,
    body: bytes = b"",
    headers: dict[str, str] | tuple[tuple[str, str], ...] = (),
) -> HttpResponse:
    stated = tuple(headers.items()) if isinstance(headers, dict) else headers
    return gateway.answer(HttpRequest(method, target, stated, body))


def document(response: HttpResponse) -> Any:
    return json.loads(response.body)


def code(response: HttpResponse) -> str:
    error = document(response)["error"]
    assert set(error) == {"code", "message", "details"}
    return str(error["code"])


def echoed(gateway: Gateway, body: bytes, **headers: str) -> Any:
    stated = {name.replace("_", "-"): value for name, value in headers.items()}
    response = ask(gateway, "POST", "/echo", body, {"Content-Type": "text/plain", **stated})
    assert response.status == 200, response.body
    found = document(response)
    return {**found, "body": bytes.fromhex(found["body"])}


def test_path_parameters_and_queries_arrive_decoded(gateway: Gateway) -> None:
    target = "/things/x%3A1%2F2%20%C3%A9?a=1&a=2%263&b=&c=%C3%A9"

    found = document(ask(gateway, "GET", target))

    assert found["id"] == "x:1/2 é"
    assert found["query"] == {"a": "2&3", "b": "", "c": "é"}
    context = found["context"]
    assert context["path"] == "/things/x%3A1%2F2%20%C3%A9"
    assert context["resourcePath"] == "/things/{id}"
    assert context["domainName"] == "127.0.0.1:8000"
    assert context["identity"]["sourceIp"] == "127.0.0.1"


def test_a_fixed_segment_wins_over_a_parameter(gateway: Gateway) -> None:
    assert document(ask(gateway, "GET", "/things/all")) == {"all": True}
    assert document(ask(gateway, "GET", "/things/all/")) == {"all": True}


@pytest.mark.parametrize("target", ["/", "", "/things", "/things/", "/things/a/b", "/nothing"])
def test_an_unknown_path_is_404(target: str, gateway: Gateway) -> None:
    response = ask(gateway, "GET", target)

    assert (response.status, code(response)) == (404, "not_found")


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "BREW"])
def test_an_unknown_method_is_405_and_says_which_there_are(method: str, gateway: Gateway) -> None:
    response = ask(gateway, method, "/things/1")

    assert (response.status, code(response)) == (405, "method_not_allowed")
    assert dict(response.headers)["Allow"] == "GET"


def test_head_is_answered_as_get(gateway: Gateway) -> None:
    assert ask(gateway, "HEAD", "/things/1").status == 200


@pytest.mark.parametrize("body", ["é".encode(), b"", b"\x00\xff\xfe", b"\xc3"])
def test_bytes_arrive_as_they_were_sent(body: bytes, gateway: Gateway) -> None:
    assert echoed(gateway, body)["body"] == body


def test_text_travels_as_text_and_other_bytes_as_base64(gateway: Gateway) -> None:
    assert echoed(gateway, "é".encode())["base64"] is False
    assert echoed(gateway, b"\xff")["base64"] is True


def test_headers_arrive_all_with_their_values(gateway: Gateway) -> None:
    headers = (("X-Two", "1"), ("x-two", "2"), ("Content-Type", "text/plain"))

    found = document(ask(gateway, "POST", "/echo", b"x", headers))["headers"]

    assert found["x-two"] == ["1", "2"]
    assert found["x-forwarded-proto"] == ["http"]
    assert found["x-forwarded-for"] == ["127.0.0.1"]


def test_a_tunnel_may_say_that_it_was_https(gateway: Gateway) -> None:
    assert echoed(gateway, b"x", X_Forwarded_Proto="https")["headers"]["x-forwarded-proto"] == [
        "https"
    ]


@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
def test_compressed_bodies_arrive_plain(encode: Any, gateway: Gateway) -> None:
    name = "deflate" if encode is zlib.compress else "gzip"

    found = echoed(gateway, encode(b"\xffplain"), Content_Encoding=name, Content_Length="9")

    assert found["body"] == b"\xffplain"
    assert "content-encoding" not in found["headers"]
    assert "content-length" not in found["headers"]


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (gzip.compress(b"\x00" * (BODY_LIMIT_BYTES + 1), mtime=0), "gzip", 413),
        (gzip.compress(b"x" * 100, mtime=0)[:-9], "gzip", 400),
        (gzip.compress(b"x", mtime=0) + b"more", "gzip", 400),
        (b"plain", "gzip", 400),
        (b"plain", "br", 415),
    ],
)
def test_bombs_and_broken_encodings_are_refused(
    body: bytes, encoding: str, status: int, gateway: Gateway
) -> None:
    response = ask(gateway, "POST", "/echo", body, {"Content-Encoding": encoding})

    assert response.status == status
    code(response)


def test_a_compressed_body_of_exactly_the_limit_is_taken(gateway: Gateway) -> None:
    found = echoed(gateway, gzip.compress(b"x" * BODY_LIMIT_BYTES), Content_Encoding="GZIP")

    assert len(found["body"]) == BODY_LIMIT_BYTES


def test_an_undeclared_content_type_is_chalices_415(gateway: Gateway) -> None:
    assert ask(gateway, "POST", "/echo", b"x", {"Content-Type": "image/png"}).status == 415
    assert ask(gateway, "POST", "/echo", b"a=1", {"Content-Type": FORM}).status == 200


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer ü", f"Bearer {TOKEN}x"]
)
def test_operators_routes_want_the_token(given: str, gateway: Gateway) -> None:
    response = ask(gateway, "GET", "/secret", headers={"Authorization": given} if given else {})

    assert (response.status, code(response)) == (401, "unauthorized")
    assert dict(response.headers)["WWW-Authenticate"] == "Bearer"


def test_the_token_opens_them(gateway: Gateway) -> None:
    headers = {"authorization": f"bearer {TOKEN}"}

    assert document(ask(gateway, "GET", "/secret", headers=headers)) == {"secret": True}


def test_a_preflight_is_answered_from_the_routes_cors(gateway: Gateway) -> None:
    response = ask(gateway, "OPTIONS", "/open", headers={"Origin": "https://shop.example"})

    headers = dict(response.headers)
    assert response.status == 200
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Access-Control-Allow-Methods"] == "OPTIONS,POST"
    assert "anonymousid" in headers["Access-Control-Allow-Headers"]
    assert headers["Access-Control-Max-Age"] == "60"


def test_a_refusal_can_be_read_by_the_page_that_caused_it(gateway: Gateway) -> None:
    response = ask(gateway, "POST", "/open", b"x", {"Content-Encoding": "gzip"})

    assert dict(response.headers)["Access-Control-Allow-Origin"] == "*"


def test_redirects_and_several_cookies_go_out(gateway: Gateway) -> None:
    response = ask(gateway, "GET", "/moved")

    assert response.status == 302
    assert ("Location", "https://shop.example/größe") in response.headers
    assert [v for n, v in response.headers if n == "Set-Cookie"] == ["a=1", "b=2"]


def test_requests_at_once_do_not_see_each_other(gateway: Gateway) -> None:
    """Chalice keeps the current request in the app; here each thread has its own."""
    wrong = list[str]()

    def ask_often(name: str) -> None:
        for n in range(30):
            found = document(ask(gateway, "GET", f"/things/{name}{n}?q={name}{n}"))
            if found["query"] != {"q": found["id"]} or found["id"] != f"{name}{n}":
                wrong.append(name)

    threads = [threading.Thread(target=ask_often, args=(name,)) for name in "abcdef"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_a_context_counts_down() -> None:
    assert 0 < LambdaContext(1).get_remaining_time_in_millis() <= 1000
    assert LambdaContext(-1).get_remaining_time_in_millis() == 0
