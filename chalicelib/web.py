"""Between Chalice and the rest: requests in, answers and errors out, and what each route is for.

Every route is declared through `Routes`, which maps errors to HTTP in one place and keeps what
GET /openapi.json says. Never here: what any route does.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode

from chalice.app import Chalice, CORSConfig, IAMAuthorizer, Response
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from . import telemetry
from .errors import PayloadError, RejoinderError, TooLargeError
from .inbound.payload import find_flaw, read_object
from .inbound.request import InboundRequest, Parsed
from .model import EntityId
from .settings import Settings, load_runtime

log = logging.getLogger("rejoinder")

BODY_LIMIT_BYTES = 256 * 1024
IMPORT_LIMIT_BYTES = 10 * 1024 * 1024
"""API Gateway takes no more: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""

_ENTITY_ID: TypeAdapter[str] = TypeAdapter(EntityId, config=ConfigDict(defer_build=True))
_ERRORS_SHOWN = 20
_OTHER_REFUSAL = ("internal", "something went wrong on our side")
_CHALICE_REFUSALS = {
    400: ("rejected", "the Accept header does not take what this route answers"),
    415: ("unsupported_media_type", "this route does not take a body of this Content-Type"),
}

View = Callable[..., Any]
Declare = Callable[[View], View]
Body = TypeVar("Body", bound=BaseModel)
Takes = Callable[[], type[BaseModel]]
"""What a route's body is read as, asked for when it is wanted: most requests want none."""


@dataclass(frozen=True)
class Operation:
    """One method of one path, as /openapi.json tells it."""

    path: str
    method: str
    summary: str
    operator: bool
    takes: Takes | None = None


@dataclass
class Routes:
    """Declares routes on a Chalice app. `operations` lists them for /openapi.json."""

    app: Chalice
    operators: IAMAuthorizer = field(default_factory=IAMAuthorizer)
    operations: list[Operation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.app.register_middleware(_in_one_form, "http")

    def public(self, path: str, method: str, summary: str, **options: Any) -> Declare:
        """A route that the world may call; it checks for itself who does."""
        return self._route(path, method, summary, operator=False, **options)

    def operator(self, path: str, method: str, summary: str, **options: Any) -> Declare:
        """A route for operators: IAM in the cloud, a bearer token on one machine."""
        options = {"authorizer": self.operators, **options}
        return self._route(path, method, summary, operator=True, **options)

    def _route(
        self,
        path: str,
        method: str,
        summary: str,
        *,
        operator: bool,
        takes: Takes | None = None,
        **options: Any,
    ) -> Declare:
        self.operations.append(Operation(path, method, summary, operator, takes))

        def declare(view: View) -> View:
            self.app.route(path, methods=[method], name=view.__name__, **options)(_answering(view))
            return view

        return declare


def observe(app: Chalice, settings: Settings) -> None:
    """In Lambda: logs as JSON, metrics, and traces of every call of every function. Elsewhere logs
    stay text, and nothing else is told."""
    function = load_runtime().function
    if function:
        telemetry.start(settings.stage, function)
        app.register_middleware(_observed, "all")


def _observed(event: Any, get_response: Callable[[Any], Any]) -> Any:
    """One call of a function. Of a request, `context` is API Gateway's and not Lambda's."""
    runtime = load_runtime()
    context = getattr(event, "lambda_context", None) or getattr(event, "context", None)
    with telemetry.invocation(
        getattr(context, "aws_request_id", None),
        trace_header=runtime.trace_header,
        tracing_daemon=runtime.tracing_daemon,
    ):
        return get_response(event)


def cors(*headers: str) -> CORSConfig:
    """Any page may post here: the write key says whose it is."""
    return CORSConfig(allow_origin="*", allow_headers=list(headers), max_age=86400)


def inbound_request(app: Chalice) -> InboundRequest:
    """The current request, byte for byte, under the public URL that its caller signed."""
    request = request_of(app)
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = query_of(app)
    scheme = headers.get("x-forwarded-proto", "https").partition(",")[0].strip()
    url = f"{scheme}://{headers.get('host', '')}{request.context['path']}"
    if query:
        url = f"{url}?{urlencode(query)}"
    return InboundRequest(request.method, url, headers, query, request.raw_body)


def request_of(app: Chalice) -> Any:
    """The request that is being answered: a route never runs without one."""
    return app.current_request


def query_of(app: Chalice) -> dict[str, str]:
    """The query's parameters, the last value of each."""
    return dict(request_of(app).query_params or {})


def body_of(app: Chalice, model: type[Body], **fixed: Any) -> Body:
    """The JSON body as `model`, with `fixed` from the path. Raises PayloadError, TooLargeError."""
    given = json_of(app)
    for name, value in fixed.items():
        if given.get(name, value) != value:
            raise PayloadError(f"the body's {name} is not the path's", field=name)
    try:
        return model.model_validate({**given, **fixed})
    except ValidationError as error:
        raise invalid(error) from None


def json_of(app: Chalice) -> dict[str, Any]:
    """The body as a JSON object; an empty body is an empty object."""
    raw = request_of(app).raw_body
    if len(raw) > BODY_LIMIT_BYTES:
        raise TooLargeError("the body is too large", limit_bytes=BODY_LIMIT_BYTES)
    if not raw.strip():
        return {}
    given = read_object(raw)
    if flaw := find_flaw(given):
        raise PayloadError(f"the body cannot be taken: {flaw}")
    return given


def file_of(app: Chalice) -> bytes:
    """The body of an import. Raises TooLargeError."""
    raw: bytes = request_of(app).raw_body
    if len(raw) > IMPORT_LIMIT_BYTES:
        raise TooLargeError(
            "the file is too large for one call: use `python -m infra.load`",
            limit_bytes=IMPORT_LIMIT_BYTES,
        )
    return raw


def content_type(app: Chalice) -> str:
    """The media type of the body, without its parameters."""
    given: str = request_of(app).headers.get("content-type", "application/json")
    return given.partition(";")[0].strip().lower()


def entity_id(text: str) -> str:
    """An id out of the path. Raises PayloadError."""
    try:
        return _ENTITY_ID.validate_python(unquote(text))
    except ValidationError:
        raise PayloadError(
            "not an id", wanted="1 to 128 of letters, digits and ._:~@-, a letter or digit first"
        ) from None


def invalid(error: ValidationError) -> PayloadError:
    """What was wrong with the body, field by field; never what it held."""
    problems = [
        {"field": ".".join(str(part) for part in e["loc"]), "problem": e["msg"]}
        for e in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return PayloadError("the body is not valid", problems=problems[:_ERRORS_SHOWN])


def error_body(code: str, message: str, details: Mapping[str, Any]) -> dict[str, Any]:
    """The one form of every error."""
    return {"error": {"code": code, "message": message, "details": dict(details)}}


def accepted(parsed: Parsed) -> dict[str, Any]:
    """The answer to a delivery: how many were taken, and each that was not, by name."""
    rejected = [
        {"index": r.index, "message_id": r.message_id, "reason": r.reason} for r in parsed.rejected
    ]
    answer = {"success": True, "accepted": len(parsed.interactions), "ignored": parsed.ignored}
    return {**answer, "rejected": rejected} if rejected else answer


def no_reply_twiml() -> Response:
    """Twilio's "nothing to say here": the answer goes out by its own call, if at all."""
    return twiml('<?xml version="1.0" encoding="UTF-8"?><Response />')


def twiml(document: str) -> Response:
    """What Twilio is to say or do next."""
    return Response(document, headers={"Content-Type": "text/xml"})


_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Our pages run nothing but their own files; `style-src-attr` is for the unsubscribe page."""


def served(text: str, media_type: str) -> Response:
    """A file of the package, as UTF-8 text."""
    headers: dict[str, str | list[str]] = {
        "Content-Type": f"{media_type}; charset=utf-8",
        "Cache-Control": "no-cache",
        "Content-Security-Policy": _PAGE_POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(text, headers=headers)


def private(document: Any) -> Response:
    """An answer that is for its caller alone: nothing on the way may keep it."""
    headers: dict[str, str | list[str]] = {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
    }
    return Response(document, headers=headers)


def shown(value: BaseModel) -> dict[str, Any]:
    """A model as an answer's JSON."""
    return value.model_dump(mode="json")


def _answering(view: View) -> View:
    """Errors -> HTTP, in one place: middleware does not see what a route raises."""

    @functools.wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except RejoinderError as error:
            if error.status >= 500:
                _note_failure(view, error)
            return _refusal(error.status, error.code, error.message, error.details)
        except Exception as error:
            _note_failure(view, error)
            return _refusal(500, *_OTHER_REFUSAL, {})

    return answer


def _note_failure(view: View, error: Exception) -> None:
    """Its text may hold anything; its type and places do not."""
    telemetry.count("RouteErrors", route=view.__name__)
    told = {**telemetry.fault(error), "route": view.__name__}
    log.error("route %s failed: %s", view.__name__, type(error).__name__, extra={"fields": told})


def _in_one_form(event: Any, get_response: Callable[[Any], Any]) -> Any:
    """What Chalice refuses by itself, before any view, as all other errors are told."""
    response = get_response(event)
    if isinstance(response.body, dict) and set(response.body) == {"Code", "Message"}:
        code, message = _CHALICE_REFUSALS.get(response.status_code, _OTHER_REFUSAL)
        response.body = error_body(code, message, {})
        response.headers["Content-Type"] = "application/json"
    return response


def _refusal(status: int, code: str, message: str, details: Mapping[str, Any]) -> Response:
    headers: dict[str, str | list[str]] = {"Content-Type": "application/json"}
    return Response(error_body(code, message, details), headers=headers, status_code=status)
