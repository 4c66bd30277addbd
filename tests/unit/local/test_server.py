from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from infra.local.server import BODY_LIMIT_BYTES, HttpRequest, HttpResponse, HttpServer


def echo(request: HttpRequest) -> HttpResponse:
    if request.target == "/broken":
        raise RuntimeError("inside")
    status = 204 if request.target == "/none" else 200
    return HttpResponse(status, (("X-Method", request.method), ("X-Link", "ü")), request.body)


def refuse(status: int, message: str) -> HttpResponse:
    return HttpResponse(status, (), message.encode())


Start = Callable[..., HttpServer]


@pytest.fixture
def start() -> Iterator[Start]:
    servers: list[HttpServer] = []

    def start_one(
        answer: Callable[[HttpRequest], HttpResponse] = echo, **options: float
    ) -> HttpServer:
        server = HttpServer(answer, refuse, **options)  # type: ignore[arg-type]
        servers.append(server)
        server.start()
        return server

    yield start_one
    for server in servers:
        server.stop()


def talk(server: HttpServer, *parts: bytes) -> bytes:
    """Send bytes, and read until the server hangs up."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        found = b""
        while received := connection.recv(65_536):
            found += received
        return found


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "Host: x", "Connection: close", "", ""]).encode()


def test_one_connection_carries_many_requests(start: Start) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", start().port, timeout=10)
    for body in (b"a", b"", b"\x00" * 100_000):
        connection.request("POST", "/", body)
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, body)
    connection.request("HEAD", "/", b"")
    response = connection.getresponse()
    assert (response.getheader("X-Method"), response.read()) == ("HEAD", b"")
    connection.request("GET", "/none")
    response = connection.getresponse()
    assert (response.status, response.getheader("Content-Length"), response.read()) == (
        204,
        None,
        b"",
    )
    connection.close()


def test_a_chunked_body_arrives_whole(start: Start) -> None:
    chunks = b"3\r\nabc\r\n4;note=x\r\ndefg\r\n0\r\nTrailer: x\r\n\r\n"

    answer = talk(start(), head("POST / HTTP/1.1", "Transfer-Encoding: chunked"), chunks)

    assert answer.endswith(b"\r\n\r\nabcdefg")


def test_a_caller_that_waits_for_100_is_told_to_go_on(start: Start) -> None:
    with socket.create_connection(("127.0.0.1", start().port), timeout=10) as connection:
        connection.sendall(head("POST / HTTP/1.1", "Content-Length: 2", "Expect: 100-continue"))
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"ok")
        answer = b""
        while received := connection.recv(1000):
            answer += received
    assert answer.endswith(b"ok")


@pytest.mark.parametrize(
    ("lines", "body", "status"),
    [
        (["Content-Length: x"], b"", 400),
        (["Content-Length: -1"], b"", 400),
        (["Content-Length: ²"], b"", 400),
        (["Content-Length: 1", "Content-Length: 2"], b"ab", 400),
        (["Content-Length: 1", "Transfer-Encoding: chunked"], b"0\r\n\r\n", 400),
        (["Transfer-Encoding: gzip"], b"", 400),
        (["Transfer-Encoding: chunked"], b"xyz\r\n", 400),
        (["Transfer-Encoding: chunked"], b"\r\n", 400),
        (["Transfer-Encoding: chunked"], b"2\r\nabc\r\n0\r\n\r\n", 400),
        (["Transfer-Encoding: chunked"], b"ffffffffff\r\n", 413),
        ([f"Content-Length: {BODY_LIMIT_BYTES + 1}"], b"x" * 1_000_000, 413),
        ([f"X-{n}: x" for n in range(200)], b"", 431),
    ],
)
def test_what_is_not_a_request_is_refused(
    lines: list[str], body: bytes, status: int, start: Start
) -> None:
    answer = talk(start(), head("POST / HTTP/1.1", *lines), body)

    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize(
    ("line", "status"),
    [(b"nonsense\r\n\r\n", 400), (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 414)],
)
def test_a_bad_request_line_is_refused(line: bytes, status: int, start: Start) -> None:
    assert f" {status} ".encode() in talk(start(), line)[:20]


def test_a_body_of_exactly_the_limit_is_taken(start: Start) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", start().port, timeout=30)
    connection.request("POST", "/", b"x" * BODY_LIMIT_BYTES)
    assert len(connection.getresponse().read()) == BODY_LIMIT_BYTES
    connection.close()


def test_a_slow_caller_is_given_up_and_keeps_nobody_waiting(start: Start) -> None:
    """Bytes that trickle in do not extend the time that the whole request has."""
    server = start(request_seconds=1)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc")

        assert talk(server, head("GET / HTTP/1.1")).startswith(b"HTTP/1.1 200")
        assert slow.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_an_idle_connection_is_hung_up_on(start: Start) -> None:
    assert talk(start(idle_seconds=0.1)) == b""


def test_a_caller_who_hangs_up_within_the_body_is_let_go(start: Start) -> None:
    asked = list[HttpRequest]()

    def answer(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return HttpResponse(200)

    server = start(answer)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc")
    server.stop()

    assert asked == []


def test_a_fault_inside_costs_only_its_own_connection(start: Start) -> None:
    server = start()

    assert talk(server, head("GET /broken HTTP/1.1")) == b""
    assert talk(server, head("GET / HTTP/1.1")).startswith(b"HTTP/1.1 200")


def test_stopping_lets_what_has_begun_finish(start: Start) -> None:
    begun, release = threading.Event(), threading.Event()

    def answer(request: HttpRequest) -> HttpResponse:
        begun.set()
        release.wait(10)
        return HttpResponse(200, (), b"done")

    server, got = start(answer), list[bytes]()
    idle = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    asking = threading.Thread(target=lambda: got.append(talk(server, head("GET / HTTP/1.1"))))
    asking.start()
    assert begun.wait(10)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    release.set()
    stopping.join(10)
    asking.join(10)
    idle.close()

    assert not stopping.is_alive()
    assert got[0].endswith(b"done")


def test_a_port_in_use_is_an_error(start: Start) -> None:
    server = start()

    with pytest.raises(OSError, match="in use"):
        HttpServer(echo, refuse, port=server.port)


def test_a_request_shows_nothing_of_its_caller() -> None:
    request = HttpRequest("POST", "/r/secret", (("Authorization", "secret"),), b"secret")

    assert "secret" not in repr(request)
    assert request.header("authorization") == "secret"
    assert request.header("cookie") is None
