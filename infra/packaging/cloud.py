"""The cloud of the proof: moto, holding the functions to their hand-written policies.

Each function signs with an access key id of its own; what its policy does not allow is refused
here as IAM would, so that a permission that was forgotten fails the proof and not the deployment.
"""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from .permissions import Permission, UnknownCallError, allows, needed, read_call

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class PolicedCloud:
    """moto on a free port of 127.0.0.1; a context manager."""

    def __init__(self) -> None:
        self._policies: dict[str, Mapping[str, Any]] = {}
        self.used: set[tuple[str, Permission]] = set()
        """(principal, permission) of everything that was asked for and allowed."""
        self.refused: list[str] = []

    def __enter__(self) -> PolicedCloud:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=MotoRequestHandler
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def hold(self, principal: str, policy: Mapping[str, Any]) -> None:
        """From here on, who signs with this access key id may do what the policy says only."""
        self._policies[principal] = policy

    def _answer(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        why = self._objection(environ, body)
        if why is None:
            answer: Iterable[bytes] = self._moto(environ, start_response)
            return answer
        self.refused.append(why)
        start_response("403 Forbidden", [("Content-Type", "application/x-amz-json-1.0")])
        return [json.dumps({"__type": "AccessDeniedException", "message": why}).encode()]

    def _objection(self, environ: Environ, body: bytes) -> str | None:
        call = read_call(
            environ.get("HTTP_AUTHORIZATION", ""),
            environ.get("HTTP_X_AMZ_TARGET", ""),
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            body,
        )
        if call is None or call.principal not in self._policies:
            return None
        try:
            for permission in needed(call):
                if not allows(self._policies[call.principal], permission):
                    action, resource = permission
                    return f"{call.principal} may not {action} on {resource}"
                self.used.add((call.principal, permission))
        except UnknownCallError as error:
            return f"{call.principal} made a call of unknown permission: {error}"
        return None
