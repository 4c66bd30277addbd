"""The embedded cloud: moto behind one lock, on a free port of 127.0.0.1, with a memory.

Lives here: what stands between an AWS client and moto. Calls are made one at a time, which makes
conditional writes and transactions atomic as DynamoDB's are (moto itself takes no lock); what
changed is journaled before the call is answered; long polls wait outside the lock. Never here: what
moto holds and how it is written down (`state.py`), or any knowledge of Rejoinder.
"""

from __future__ import annotations

import gc
import io
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from .guard import find_intrusion
from .journal import Journal, Record
from .server import HttpRequest, HttpResponse, HttpServer
from .state import CloudState
from .template import read_template

REGION = "us-east-1"

_NEWS_SECONDS = 0.1
"""How soon a long poll notices that a message's visibility timeout or delay has run out."""

_OBJECT_BYTES = 1 << 30
"""S3 takes objects of 5 GB in one put; the largest catalogs come to some hundred MB."""

MANY_RECORDS = 1000
"""Fewer are not worth tidying up after."""

_accounts_in_use: set[str] = set()
_accounts_lock = threading.Lock()


@contextmanager
def _account() -> Iterator[str]:
    """An account of moto's that no other cloud of this process uses: its models are global."""
    with _accounts_lock:
        account = next(a for n in range(1, 1000) if (a := f"{n:012d}") not in _accounts_in_use)
        _accounts_in_use.add(account)
    try:
        yield account
    finally:
        with _accounts_lock:
            _accounts_in_use.discard(account)


@contextmanager
def _without_collector() -> Iterator[None]:
    """What is read back stays: to look through it for garbage takes as long as reading it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class Cloud:
    """The stack of `infra/resources.yaml`; as a context manager it runs and stops.

    Several may run in one process. moto's `mock_aws` must not begin meanwhile: it empties them all.
    """

    def __init__(self, journal: Path | None = None, stage: str = "local") -> None:
        """`journal` is where it keeps its state from run to run; None: nowhere."""
        self.stage = stage
        self._path = journal
        self._news = threading.Condition()
        self._stopping = False
        self.damaged = 0
        """Journal lines that could not be read at the start, such as one torn by a crash."""
        self.unknown = 0
        """Journal records of a table, queue or bucket that the template no longer has."""
        self.was_empty = True
        self._outlived: set[tuple[str, str]] = set()
        self._untidy = False

    def __enter__(self) -> Cloud:
        self._holding = _account()
        self.account = self._holding.__enter__()
        self.resources = read_template(self.stage, self.account, REGION)
        self._state = CloudState(self.resources, self.account, REGION)
        self._journal = Journal(self._path) if self._path else None
        if self._journal:
            self._load(self._journal)
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = HttpServer(self._answer, _refuse, name="cloud", body_bytes=_OBJECT_BYTES)
        self.url = self._server.url
        self._server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.release_polls()
        self._server.stop()
        if self._journal:
            self._journal.close()
        self._state.close()
        self._holding.__exit__(None, None, None)

    def name(self, resource_id: str) -> str:
        """The physical name of a resource by its logical id in the template."""
        return next(r.name for r in self.resources if r.id == resource_id)

    def forget(self) -> None:
        """Leave no byte on disk of what is gone: the journal is written anew, and once more when
        messages that wait at this moment are done with and there is time."""
        with self._news:
            self._outlived |= self._state.messages()
            self._tidy_up()

    def release_polls(self) -> None:
        """Answer all long polls, from here on at once."""
        with self._news:
            self._stopping = True
            self._news.notify_all()

    def _load(self, journal: Journal) -> None:
        count = 0
        with _without_collector():
            for record in journal.read():
                self._state.restore(record)
                count += 1
            self._state.restored()
        if count > MANY_RECORDS:
            gc.freeze()
        self.damaged, self.unknown = journal.damaged, self._state.unknown
        self.was_empty = count == 0
        held = len(self._state)
        if count > MANY_RECORDS + held * 3 // 2:
            journal.compact(self._state.records())

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if intrusion := find_intrusion(request, own_origin=None):
            return _refuse(403, intrusion)
        target = request.header("x-amz-target") or ""
        if target == "AmazonSQS.ReceiveMessage":
            return self._receive(request, target)
        with self._news:
            return self._call(request, target)

    def _receive(self, request: HttpRequest, target: str) -> HttpResponse:
        """ReceiveMessage, waiting its WaitTimeSeconds here: moto would wait within the lock."""
        queue, wait_seconds, request = _split_wait(request)
        until = time.monotonic() + wait_seconds
        with self._news:
            while not (self._stopping or self._state.has_visible(queue)):
                if self._untidy:
                    self._tidy_up()
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._news.wait(min(left, _NEWS_SECONDS))
            return self._call(request, target)

    def _call(self, request: HttpRequest, target: str) -> HttpResponse:
        """One call of moto's, whole; under the lock."""
        response = _serve(self._moto, request, self.account)
        changes = self._changes(request.method, target)
        if changes:
            if self._journal:
                self._journal.append(changes)
            if gone := self._outlived - self._state.messages() if self._outlived else None:
                self._outlived -= gone
                self._untidy = True
            self._news.notify_all()
        return response

    def _tidy_up(self) -> None:
        if self._journal:
            self._journal.compact(self._state.records())
        self._untidy = False

    def _changes(self, method: str, target: str) -> list[Record]:
        if target.startswith("DynamoDB"):
            return list(self._state.changed_items())
        if target.startswith("AmazonSQS"):
            return list(self._state.changed_messages())
        if method not in ("PUT", "POST", "DELETE"):
            return []
        # What is published to a topic is a message in the queue behind it.
        return [*self._state.changed_objects(), *self._state.changed_messages()]


def _split_wait(request: HttpRequest) -> tuple[str, float, HttpRequest]:
    """The queue's name, the seconds to wait, and the request with none to wait."""
    try:
        body = json.loads(request.body)
        wait_seconds = min(20.0, float(body.pop("WaitTimeSeconds", 0)))
        queue = str(body["QueueUrl"]).rsplit("/", 1)[-1]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", 0, request
    # moto falls back on the queue's own wait where the call names none.
    without = json.dumps({**body, "WaitTimeSeconds": 0}).encode()
    return queue, wait_seconds, replace(request, body=without)


def _serve(application: Any, request: HttpRequest, account: str) -> HttpResponse:
    """Call moto's WSGI applications (PEP 3333)."""
    environ = _environ(request)
    environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
    begun: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], error: Any = None) -> None:
        begun[:] = [int(status.split(" ", 1)[0]), tuple(headers)]

    try:
        content = application.get_application(environ)(environ, start_response)
        body = b"".join(content)
        if close := getattr(content, "close", None):
            close()
    except Exception as error:  # moto lets what it has not implemented through.
        print(f"local cloud: {type(error).__name__} in moto", file=sys.stderr)
        return _refuse(500, f"the local cloud cannot do this: {type(error).__name__}")
    return HttpResponse(begun[0], begun[1], body)


def _environ(request: HttpRequest) -> dict[str, Any]:
    parts = urlsplit(f"http://127.0.0.1{request.target}")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(parts.path, "latin-1"),
        "QUERY_STRING": parts.query,
        "RAW_URI": request.target,
        "REMOTE_ADDR": request.peer,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(request.body)),
        "CONTENT_TYPE": request.header("content-type") or "",
    }
    for name, value in request.headers:
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    return environ


def _refuse(status: int, message: str) -> HttpResponse:
    """An error in the form of AWS's JSON protocol."""
    body = json.dumps({"__type": "LocalCloudRefused", "message": message}).encode()
    return HttpResponse(status, (("Content-Type", "application/x-amz-json-1.0"),), body)
