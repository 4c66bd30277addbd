"""What API Gateway does between HTTP and a Chalice app: match, check, convert, call, convert back.

Lives here: one request's way into the app and out again. Never here: sockets, or any route of
Rejoinder's. Formats: https://docs.aws.amazon.com/apigateway/latest/developerguide/
set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format
"""

from __future__ import annotations

import base64
import hmac
import json
import time
import uuid
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from chalice.app import Chalice
from chalice.local import LocalChalice

from .server import BODY_LIMIT_BYTES, HttpRequest, HttpResponse

TIMEOUT_SECONDS = 29
_WINDOW = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


def error_response(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None, **details: Any
) -> HttpResponse:
    """An error in the project's one form."""
    body = {"error": {"code": code, "message": message, "details": details}}
    stated = {"Content-Type": "application/json", **(headers or {})}
    return HttpResponse(status, tuple(stated.items()), json.dumps(body).encode())


class LambdaContext:
    """What Lambda tells a function of its own call."""

    function_name = "rejoinder-local"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000001:function:rejoinder-local"
    memory_limit_in_mb = "1024"
    log_group_name = log_stream_name = "local"
    identity = client_context = None

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.aws_request_id = str(uuid.uuid4())
        self._until = time.monotonic() + timeout_seconds

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._until - time.monotonic()) * 1000))


class Gateway:
    """The REST API of one Chalice app. Many threads may call `answer`."""

    def __init__(self, app: Chalice, *, token: str, domain: str) -> None:
        """`token` opens the routes that have an authorizer; `domain` is host and port."""
        if not isinstance(app, LocalChalice):
            # A Chalice app holds the current request in one place; chalice's own local server
            # swaps the class so that each thread has its own.
            app.__class__ = LocalChalice
        self._app = app
        self._token = token
        self._domain = domain
        self._routes = sorted(
            ((_segments(path), path) for path in app.routes),
            key=lambda route: [s.startswith("{") for s in route[0]],
        )

    def answer(self, request: HttpRequest) -> HttpResponse:
        """The app's answer, or why the request does not get as far as the app."""
        path = request.target.partition("?")[0]
        resource, captured = self._match(path)
        if resource is None:
            return error_response(404, "not_found", "there is no such route")
        methods = self._app.routes[resource]
        if request.method == "OPTIONS" and "OPTIONS" not in methods:
            return _preflight(methods)
        method = request.method
        if method == "HEAD" and method not in methods:
            method = "GET"
        if method not in methods:
            return _not_allowed(methods)
        entry = methods[method]
        cors = entry.cors.get_access_control_headers() if entry.cors else {}
        if entry.authorizer is not None and not self._is_operator(request):
            challenge = {"WWW-Authenticate": "Bearer", **cors}
            message = "this route is for operators: Authorization: Bearer <token of make run>"
            return error_response(401, "unauthorized", message, challenge)
        try:
            body, headers = _decode(request)
        except _Refused as refused:
            return error_response(refused.status, refused.code, refused.message, cors)
        event = self._event(request, method, resource, captured, headers, body)
        return _response(self._app(event, LambdaContext()))

    def _match(self, path: str) -> tuple[str | None, dict[str, str]]:
        """The resource and its parameters, percent-decoded; a fixed segment wins over `{any}`."""
        asked = _segments(path)
        for segments, resource in self._routes:
            if len(segments) != len(asked):
                continue
            pairs = list(zip(segments, asked, strict=True))
            if all(s == unquote(a) or (s.startswith("{") and a) for s, a in pairs):
                return resource, {s[1:-1]: unquote(a) for s, a in pairs if s.startswith("{")}
        return None, {}

    def _is_operator(self, request: HttpRequest) -> bool:
        scheme, _, given = (request.header("authorization") or "").partition(" ")
        same = hmac.compare_digest(given.strip().encode(), self._token.encode())
        return scheme.lower() == "bearer" and same

    def _event(
        self,
        request: HttpRequest,
        method: str,
        resource: str,
        captured: Mapping[str, str],
        headers: dict[str, list[str]],
        body: bytes,
    ) -> dict[str, Any]:
        path, _, query = request.target.partition("?")
        values = parse_qs(query, keep_blank_values=True)
        content_type = headers.get("content-type", [""])[-1].partition(";")[0].strip().lower()
        text, is_binary = _as_text(body, content_type in self._app.api.binary_types)
        return {
            "resource": resource,
            "path": path,
            "httpMethod": method,
            "headers": {name: given[-1] for name, given in headers.items()},
            "multiValueHeaders": headers,
            "queryStringParameters": {n: v[-1] for n, v in values.items()} or None,
            "multiValueQueryStringParameters": values or None,
            "pathParameters": dict(captured) or None,
            "stageVariables": None,
            "requestContext": self._context(request, method, resource, path, headers),
            "body": text,
            "isBase64Encoded": is_binary,
        }

    def _context(
        self,
        request: HttpRequest,
        method: str,
        resource: str,
        path: str,
        headers: Mapping[str, list[str]],
    ) -> dict[str, Any]:
        agent = headers.get("user-agent", [""])[-1]
        return {
            "accountId": "000000000001",
            "apiId": "local",
            "stage": "local",
            "protocol": "HTTP/1.1",
            "requestId": str(uuid.uuid4()),
            "requestTimeEpoch": int(time.time() * 1000),
            "httpMethod": method,
            "resourcePath": resource,
            "path": path,
            "domainName": self._domain,
            "identity": {"sourceIp": request.peer, "userAgent": agent},
        }


class _Refused(Exception):
    """A body that does not get as far as the app."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message


def _segments(path: str) -> list[str]:
    return path.rstrip("/").split("/")


def _preflight(methods: Mapping[str, Any]) -> HttpResponse:
    """As the mock integration answers that Chalice deploys beside each route with CORS."""
    entry = next((entry for entry in methods.values() if entry.cors), None)
    if entry is None:
        return _not_allowed(methods)
    headers = {
        "Content-Type": "application/json",
        "Access-Control-Allow-Methods": ",".join(sorted({*methods, "OPTIONS"})),
        **entry.cors.get_access_control_headers(),
    }
    return HttpResponse(200, tuple(headers.items()))


def _not_allowed(methods: Mapping[str, Any]) -> HttpResponse:
    allowed = ", ".join(sorted(methods))
    return error_response(
        405, "method_not_allowed", f"this route takes {allowed}", {"Allow": allowed}
    )


def _decode(request: HttpRequest) -> tuple[bytes, dict[str, list[str]]]:
    """The body, decompressed, and the headers by lower-case name. Raises _Refused.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-enable-compression.html
    """
    headers: dict[str, list[str]] = {}
    for name, value in request.headers:
        headers.setdefault(name.lower(), []).append(value)
    # A tunnel that brings a public address to this machine says so itself.
    headers.setdefault("x-forwarded-proto", ["http"])
    headers.setdefault("x-forwarded-for", [request.peer])
    encoding = headers.get("content-encoding", ["identity"])[-1].strip().lower()
    if encoding in ("identity", "") or not request.body:
        return request.body, headers
    if encoding not in _WINDOW:
        raise _Refused(415, "unsupported_encoding", "Content-Encoding is gzip, deflate or identity")
    del headers["content-encoding"]
    headers.pop("content-length", None)
    return _inflate(request.body, _WINDOW[encoding]), headers


def _inflate(body: bytes, window: int) -> bytes:
    """Bounded: a bomb costs no more than the limit."""
    stream = zlib.decompressobj(window)
    try:
        plain = stream.decompress(body, BODY_LIMIT_BYTES + 1)
    except zlib.error:
        raise _Refused(400, "payload", "the body is not what Content-Encoding says") from None
    if len(plain) > BODY_LIMIT_BYTES:
        raise _Refused(413, "too_large", f"the body is over {BODY_LIMIT_BYTES} bytes")
    if not stream.eof or stream.unused_data:
        raise _Refused(400, "payload", "the compressed body is not whole")
    return plain


def _as_text(body: bytes, declared_binary: bool) -> tuple[str | None, bool]:
    """The event's body and isBase64Encoded; bytes that are no UTF-8 arrive as they were sent."""
    if not body:
        return None, False
    if not declared_binary:
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def _response(answer: Mapping[str, Any]) -> HttpResponse:
    """The proxy integration's answer as HTTP."""
    body = answer.get("body") or ""
    content = base64.b64decode(body) if answer.get("isBase64Encoded") else str(body).encode()
    headers = [(n, str(v)) for n, v in (answer.get("headers") or {}).items()]
    for name, values in (answer.get("multiValueHeaders") or {}).items():
        headers += [(name, str(value)) for value in values]
    if not any(name.lower() == "content-type" for name, _ in headers):
        # What API Gateway says of an answer that does not say it itself.
        headers.append(("Content-Type", "application/json"))
    return HttpResponse(int(answer["statusCode"]), tuple(headers), content)
