"""The address that the world knows: passes each request on to the API's, path and host as AWS does.

ministack serves a REST API below a path of its own. Here it is a domain of the brand's, with the
API's stage for its path, so that a signature over the whole URL is checked as it will be.
"""

from __future__ import annotations

import urllib3

from ..local.gateway import error_response
from ..local.server import HttpRequest, HttpResponse, HttpServer

_OWN = {"connection", "content-length", "transfer-encoding", "keep-alive", "x-forwarded-proto"}
_TIMEOUT_SECONDS = 100.0


class Edge:
    """An HTTP server on a free port of 127.0.0.1; a context manager."""

    def __init__(self, api_stage: str = "api") -> None:
        self._server = HttpServer(self._pass_on, _refuse, name="edge")
        self._http = urllib3.PoolManager(retries=False, timeout=_TIMEOUT_SECONDS)
        self._prefix = f"/{api_stage}"
        self._behind = ""
        self.url = f"{self._server.url}{self._prefix}"

    def __enter__(self) -> Edge:
        self._server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.stop()
        self._http.clear()

    def lead_to(self, url: str) -> None:
        """Where the API is, once it is."""
        self._behind = url

    def _pass_on(self, request: HttpRequest) -> HttpResponse:
        if not self._behind or not request.target.startswith(f"{self._prefix}/"):
            return _refuse(404, "there is nothing here yet")
        headers = {n: v for n, v in request.headers if n.lower() not in _OWN}
        answer = self._http.request(
            request.method,
            self._behind + request.target.removeprefix(self._prefix),
            headers={**headers, "X-Forwarded-Proto": "http"},
            body=request.body,
            redirect=False,
            decode_content=False,
        )
        kept = tuple((n, v) for n, v in answer.headers.items() if n.lower() not in _OWN)
        return HttpResponse(answer.status, kept, answer.data)


def _refuse(status: int, message: str) -> HttpResponse:
    return error_response(status, "edge", message)
