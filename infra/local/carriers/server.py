"""One stand-in: an HTTP server on 127.0.0.1 with the faults that a test can order.

Lives here: listening, reading a request, and failing on order. Never here: any provider's rules.
"""

from __future__ import annotations

import json
import random
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .mailbox import Accepted, Mailbox

BODY_LIMIT = 1_000_000
HELD_SECONDS = 5.0
"""A held answer is let go after this, whatever its holder does."""


@dataclass(frozen=True, slots=True)
class Request:
    """What came in; `url` as the caller addressed it, header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    def document(self) -> dict[str, Any]:
        """The body's JSON object; empty if it is anything else."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class StandIn:
    """A provider: subclasses say how it answers. Requests are answered one at a time."""

    provider: str

    def __init__(self, mailbox: Mailbox, clock: Callable[[], datetime], rng: random.Random) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._rng = rng
        self.asked = 0
        """Requests so far, whatever became of them."""
        self._lock = threading.RLock()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._limited_until: datetime | None = None
        self._failing: list[int] = []
        self._losing = 0
        self._open = threading.Event()
        self._open.set()

    def start(self) -> str:
        """Listen on a free port of 127.0.0.1; the root URL."""
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name=f"stand-in {self.provider}"
        )
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Stop listening; every thread has ended when this returns."""
        self._open.set()
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None

    def limit_until(self, at: datetime) -> None:
        """Answer 429 until then."""
        with self._lock:
            self._limited_until = at

    def fail_next(self, status: int = 503) -> None:
        """Answer the next request with this status and do nothing."""
        with self._lock:
            self._failing.append(status)

    def lose_next_answer(self) -> None:
        """Act on the next request, then close the connection without a word."""
        with self._lock:
            self._losing += 1

    @contextmanager
    def holding_answers(self) -> Iterator[None]:
        """Act on requests, but answer none before this ends."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    def respond(self, request: Request) -> Response | None:
        """The answer, with the ordered faults; None closes the connection."""
        with self._lock:
            self.asked += 1
            if self._failing:
                return Response(self._failing.pop(0), {"message": "ordered to fail"})
            if self._limited_until is not None and self._clock() < self._limited_until:
                return self.limited(self._limited_until)
            response = self.answer(request)
            lost = self._losing > 0
            self._losing -= lost
        self._open.wait(HELD_SECONDS)
        return None if lost else response

    def answer(self, request: Request) -> Response:
        """What the provider does with a request; called under the lock."""
        raise NotImplementedError

    def limited(self, until: datetime) -> Response:
        """How the provider says 429."""
        raise NotImplementedError

    def accept(
        self,
        channel: str,
        provider_id: str,
        to: str,
        text: str,
        subject: str | None = None,
        key: str | None = None,
    ) -> None:
        """Put what was taken into the mailbox."""
        self._mailbox.accept(
            Accepted(
                channel=channel,
                provider=self.provider,
                provider_id=provider_id,
                key=key,
                to=to,
                text=text,
                subject=subject,
                sent_at=self._clock(),
            )
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, standin: StandIn) -> None:
        self.standin = standin
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        """Without HTTPServer's look-up of the host's name, which may ask a network."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = HELD_SECONDS

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65_537)
        if self.raw_requestline and self.parse_request():
            self._respond()

    def _respond(self) -> None:
        stated = self.headers.get("Content-Length", "0")
        length = int(stated) if stated.isdecimal() else 0
        if length > BODY_LIMIT:
            self._write(Response(413, {"message": "the body is too large"}))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        own = f"127.0.0.1:{self.server.server_port}"
        host = headers.get("host", own)
        # A client may come here in the belief that it speaks to the provider's own TLS host.
        url = f"{'http' if host == own else 'https'}://{host}{self.path}"
        request = Request(self.command, url, headers, self.rfile.read(length))
        response = self.server.standin.respond(request)
        if response is not None:
            self._write(response)

    def _write(self, response: Response) -> None:
        with suppress(ConnectionError):  # The caller has hung up.
            self._write_all(response)

    def _write_all(self, response: Response) -> None:
        body = b"" if response.document is None else json.dumps(response.document).encode()
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: a request's path may hold a person's id."""
