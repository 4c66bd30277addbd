"""The one HTTP address of the local run: `/local/*` answered here, all else by the app's gateway.

Never here: what the app or the local routes do.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from .gateway import Gateway, error_response
from .guard import find_intrusion
from .server import Answer, HttpRequest, HttpResponse

log = logging.getLogger("rejoinder.local")

ToldByX = Callable[[HttpRequest], None]

_ERASES = re.compile(r"(POST /customers/[^/]+/erasure|DELETE /customers/[^/]+)/?")


class Front:
    """`answer` for the HTTP server; many threads may call it."""

    def __init__(
        self,
        gateway: Gateway,
        local: Answer,
        *,
        own_origin: str,
        told_by_x: ToldByX,
        erased: Callable[[], None] = lambda: None,
    ) -> None:
        """`told_by_x` sees each request that X sends us before the app does: X knows its posts
        before it tells anyone of them, and the reply may be sent before the webhook is answered.
        `erased` is called after a customer was, before that is answered."""
        self._gateway = gateway
        self._local = local
        self._own_origin = own_origin
        self._told_by_x = told_by_x
        self._erased = erased

    def answer(self, request: HttpRequest) -> HttpResponse:
        """The answer to one request; what goes wrong inside is a 500 that tells nothing."""
        path = request.target.partition("?")[0]
        try:
            if path == "/local" or path.startswith("/local/"):
                if intrusion := find_intrusion(request, self._own_origin):
                    return error_response(403, "forbidden", intrusion)
                return self._local(request)
            if (request.method, path) == ("POST", "/webhooks/x"):
                self._told_by_x(request)
            answered = self._gateway.answer(request)
            if answered.status == 200 and _ERASES.fullmatch(f"{request.method} {path}"):
                self._erased()
            return answered
        except Exception as error:
            log.error("a request failed: %s", type(error).__name__)
            return error_response(500, "internal", "something went wrong on our side")


def refuse(status: int, message: str) -> HttpResponse:
    """How the HTTP server words what never reaches the front."""
    codes = {408: "timeout", 413: "too_large"}
    return error_response(status, codes.get(status, "bad_request"), message)
