"""A threaded HTTP/1.1 server on 127.0.0.1 that turns requests into plain values and back.

Lives here: reading within limits and deadlines, keep-alive, stopping without cutting anyone off.
Never here: what a request means.
"""

from __future__ import annotations

import io
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BODY_LIMIT_BYTES = 10 * 1024 * 1024
"""API Gateway's payload limit."""

_CHUNK_LINE_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request; `target` is the raw path and query. Only the method stands in the repr."""

    method: str
    target: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    peer: str = "127.0.0.1"

    def header(self, name: str) -> str | None:
        """The last value of a header, by its lower-case name."""
        return next((v for n, v in reversed(self.headers) if n.lower() == name), None)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


Answer = Callable[[HttpRequest], HttpResponse]
Refuse = Callable[[int, str], HttpResponse]


class HttpServer:
    """Serves `answer` on 127.0.0.1; `refuse(status, message)` words what never reaches it."""

    def __init__(
        self,
        answer: Answer,
        refuse: Refuse,
        *,
        port: int = 0,
        name: str = "http",
        request_seconds: float = 20,
        idle_seconds: float = 60,
        body_bytes: int = BODY_LIMIT_BYTES,
    ) -> None:
        """Binds at once. `request_seconds` bounds the reading of one request, `body_bytes` its
        body. Raises OSError."""
        self._server = _Server(port, answer, refuse, request_seconds, idle_seconds, body_bytes)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name=name
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no more, let what has begun finish, and end every thread."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.hang_up_idle()
        self._server.server_close()


class _TooLarge(Exception):
    """The body is over the limit."""


class _Unreadable(Exception):
    """The request is not HTTP as we read it."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 512

    def __init__(
        self,
        port: int,
        answer: Answer,
        refuse: Refuse,
        request_seconds: float,
        idle_seconds: float,
        body_bytes: int,
    ) -> None:
        self.answer, self.refuse = answer, refuse
        self.request_seconds, self.idle_seconds = request_seconds, idle_seconds
        self.body_bytes = body_bytes
        self.stopping = False
        self._idle: set[socket.socket] = set()
        self._idle_lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        """Without HTTPServer's look-up of the host's name, which may ask a network."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def await_request(self, connection: socket.socket, *, idle: bool) -> None:
        """Between requests a connection may be hung up on; `stop` does so."""
        with self._idle_lock:
            (self._idle.add if idle else self._idle.discard)(connection)
            if idle and self.stopping:
                _hang_up(connection)

    def hang_up_idle(self) -> None:
        with self._idle_lock:
            self.stopping = True
            for connection in self._idle:
                _hang_up(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Silent: callers hang up as they like, and a traceback may hold what they sent."""


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RD)


class _Incoming(io.RawIOBase):
    """A socket's bytes, up to a deadline over the whole request rather than over each read."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.deadline = 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65_536

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self._incoming = _Incoming(self.connection)
        self._reader = io.BufferedReader(self._incoming, 65_536)
        self.rfile = self._reader

    def finish(self) -> None:
        self.server.await_request(self.connection, idle=False)
        with suppress(OSError):
            super().finish()

    def handle_one_request(self) -> None:
        self.close_connection = True
        try:
            if self._await_request() and self.parse_request():
                self._respond()
        except TimeoutError:
            self._refuse(408, "the request did not arrive in time")
        except _TooLarge:
            self._refuse(413, f"the body is over {self.server.body_bytes} bytes")
        except _Unreadable as error:
            self._refuse(400, str(error))
        except OSError:
            return  # The caller has hung up.

    def _await_request(self) -> bool:
        """Read the request line; False where the caller has no more requests."""
        self.server.await_request(self.connection, idle=True)
        self._incoming.deadline = time.monotonic() + self.server.idle_seconds
        try:
            if not self._reader.peek(1):
                return False
        except TimeoutError:
            return False
        self.server.await_request(self.connection, idle=False)
        self._incoming.deadline = time.monotonic() + self.server.request_seconds
        self.raw_requestline = self.rfile.readline(65_537)
        if len(self.raw_requestline) > 65_536:
            self.requestline = self.request_version = self.command = ""
            self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
            return False
        return bool(self.raw_requestline.strip())

    def _respond(self) -> None:
        keep_alive = not self.close_connection and not self.server.stopping
        self.close_connection = True
        request = HttpRequest(
            self.command,
            self.path,
            tuple(self.headers.items()),
            self._read_body(),
            self.client_address[0],
        )
        self._incoming.deadline = time.monotonic() + self.server.request_seconds
        self.connection.settimeout(self.server.request_seconds)
        response = self.server.answer(request)
        self.close_connection = not keep_alive
        self._write(response)

    def _read_body(self) -> bytes:
        encoding = self.headers.get("Transfer-Encoding", "").strip().lower()
        lengths = set(self.headers.get_all("Content-Length", []))
        if encoding and (encoding != "chunked" or lengths):
            raise _Unreadable("Transfer-Encoding is chunked, alone, or absent")
        if encoding:
            return self._read_chunks()
        if len(lengths) > 1 or not all(n.isascii() and n.isdecimal() for n in lengths):
            raise _Unreadable("Content-Length is one whole number")
        return self._read_exactly(int(next(iter(lengths), "0")))

    def _read_chunks(self) -> bytes:
        """RFC 9112, section 7.1; trailers are read and dropped."""
        body = bytearray()
        while size := self._read_chunk_size():
            body += self._read_exactly(size, len(body))
            if self.rfile.readline(_CHUNK_LINE_LIMIT).strip():
                raise _Unreadable("a chunk is longer than it says")
        while self.rfile.readline(_CHUNK_LINE_LIMIT).strip():
            pass
        return bytes(body)

    def _read_chunk_size(self) -> int:
        line = self.rfile.readline(_CHUNK_LINE_LIMIT)
        size = line.split(b";")[0].strip()
        if not line.endswith(b"\n") or not size or size.strip(b"0123456789abcdefABCDEF"):
            raise _Unreadable("a chunk begins with its size")
        return int(size, 16)

    def _read_exactly(self, count: int, before: int = 0) -> bytes:
        if before + count > self.server.body_bytes:
            raise _TooLarge
        body = self.rfile.read(count)
        if len(body) < count:
            raise ConnectionError("the caller hung up within the body")
        return body

    def handle_expect_100(self) -> bool:
        """The caller waits for it, so it cannot stay in the buffer."""
        proceed = super().handle_expect_100()
        self.wfile.flush()
        return proceed

    def _refuse(self, status: int, message: str) -> None:
        """Answer what cannot be read further, and hang up."""
        self.close_connection = True
        # http.server would answer what it could not parse as HTTP/0.9, without a status.
        self.request_version = self.protocol_version
        with suppress(OSError):
            self.connection.settimeout(1)
            self._write(self.server.refuse(status, message))
            self._drain()

    def _drain(self) -> None:
        """Closing on unread bytes resets the connection, and the caller would miss the answer."""
        self.connection.shutdown(socket.SHUT_WR)
        self._incoming.deadline = time.monotonic() + 1
        for _ in range(2 * self.server.body_bytes // 65_536):
            if not self._reader.read1(65_536):
                return

    def _write(self, response: HttpResponse) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers:
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                # As UTF-8, whatever http.server thinks of it: links may hold any letter.
                self.send_header(name, value.encode().decode("latin-1"))
        has_body = response.status not in (204, 304) and response.status >= 200
        if has_body:
            self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if has_body and getattr(self, "command", "") != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def send_error(self, code: int, message: str | None = None, explain: Any = None) -> None:
        """How BaseHTTPRequestHandler says what it cannot parse."""
        self._refuse(int(code), message or HTTPStatus(code).phrase)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: a path may hold a person's id."""
