"""Runs one function of the package as Lambda does: its own process, `awslambdaric`, nothing else.

The Runtime API is what the function's process asks for its next event and tells its answer:
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from . import PackagingError

TIMEOUT_SECONDS = 120.0
"""Far more than a function takes: this only ends a proof that hangs."""

_INVOCATION = "/2018-06-01/runtime/invocation/"

ISOLATED = ("-I", "-S", "-B")
"""No environment of Python's, no user's or installed packages, nothing written beside the code."""

PATHS = "import sys; sys.path.insert(0, sys.argv[1]); sys.path.append(sys.argv[2]); "
"""The order of a Lambda's path: our zip, Python's own library, what the image brings."""

_BOOT = PATHS + (
    "import os; from awslambdaric import bootstrap; "
    "from awslambdaric.lambda_runtime_client import LambdaRuntimeClient; "
    "bootstrap.run(sys.argv[3], LambdaRuntimeClient(os.environ['AWS_LAMBDA_RUNTIME_API']))"
)


@dataclass(frozen=True)
class Place:
    """Where functions run: the Python, the unpacked zip, the image's packages, and for logs."""

    python: Path
    task: Path
    image: Path
    logs: Path


class Function:
    """One function, started and stopped as a context manager; `invoke` as often as wanted."""

    def __init__(self, place: Place, handler: str, environment: Mapping[str, str]) -> None:
        """`handler` as the template names it (`app.app`); `environment` is all that there is."""
        self._place = place
        self._handler = handler
        self._environment = environment
        self.init_seconds = 0.0
        """From the start of the process until it asked for its first event."""

    def __enter__(self) -> Function:
        self._api = _RuntimeApi()
        self._log = (self._place.logs / f"{self._handler}.log").open("w", encoding="utf-8")
        started = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603
            [
                *(str(self._place.python), *ISOLATED, "-c", _BOOT),
                *(str(self._place.task), str(self._place.image), self._handler),
            ],
            cwd=self._place.task,
            env={**self._environment, "AWS_LAMBDA_RUNTIME_API": self._api.address},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        try:
            self._wait(self._api.asked)
        except BaseException:
            self.__exit__()
            raise
        self.init_seconds = time.monotonic() - started
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()
        self._api.stop()

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """What the function returned. Raises PackagingError with its type where it raised."""
        self._api.events.put(json.dumps(event).encode())
        self._wait(self._api.answered)
        self._api.answered.clear()
        kind, answer = self._api.answers.get_nowait()
        if kind == "error":
            said = f"{answer.get('errorType')}: {answer.get('errorMessage')}"
            raise PackagingError(f"{self._handler} failed: {said} (see {self._log.name})")
        return answer

    def _wait(self, event: threading.Event) -> None:
        until = time.monotonic() + TIMEOUT_SECONDS
        while not event.wait(0.05):
            if self._process.poll() is not None or time.monotonic() > until:
                self._log.flush()
                log = Path(self._log.name).read_text(encoding="utf-8").strip().splitlines()
                raise PackagingError(
                    "\n".join([f"{self._handler} stopped ({self._process.poll()}):", *log[-15:]])
                )


class _RuntimeApi:
    """The service at AWS_LAMBDA_RUNTIME_API, for one function, on a free port of 127.0.0.1."""

    def __init__(self) -> None:
        self.events: queue.Queue[bytes | None] = queue.Queue()
        self.answers: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.asked, self.answered = threading.Event(), threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _RuntimeHandler)
        self._server.daemon_threads = True
        self._server.api = self  # type: ignore[attr-defined]
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self) -> None:
        self.events.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _RuntimeHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        api: _RuntimeApi = self.server.api  # type: ignore[attr-defined]
        api.asked.set()
        event = api.events.get()
        if event is None:
            self.close_connection = True
            return
        headers = {
            # Without it awslambdaric's C client ends in a segmentation fault.
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": "00000000-0000-4000-8000-000000000001",
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + TIMEOUT_SECONDS) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function",
        }
        self._answer(200, event, headers)

    def do_POST(self) -> None:
        api: _RuntimeApi = self.server.api  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(202, b"", {})
        kind = self.path.rpartition("/")[2]
        if self.path.startswith(_INVOCATION):
            api.answers.put((kind, json.loads(body or b"null")))
            api.answered.set()

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the proof says what it did."""
