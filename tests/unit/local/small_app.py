"""A Chalice app with one of everything, and what its handlers were given."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalice.app import Chalice, CORSConfig, IAMAuthorizer, Rate, Response

QUEUE = "rejoinder-local-interactions"
URGENT = "rejoinder-local-urgent"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Seen:
    """What came to the handlers; `poison` bodies make them fail."""

    poison: set[str] = field(default_factory=set)
    bodies: list[str] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    ticks: list[str] = field(default_factory=list)
    failures: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, condition: Callable[[], bool], seconds: float = 10) -> bool:
        with self.changed:
            return self.changed.wait_for(condition, seconds)


def small_app(seen: Seen | None = None) -> Chalice:
    app = Chalice(app_name="small", configure_logs=False)
    _add_routes(app)
    _add_handlers(app, seen or Seen())
    return app


def _add_routes(app: Chalice) -> None:
    @app.route("/things/{id}", methods=["GET"])
    def get_thing(id: str) -> Any:
        request: Any = app.current_request
        return {"id": id, "query": dict(request.query_params or {}), "context": request.context}

    @app.route("/things/all", methods=["GET"])
    def get_all() -> Any:
        return {"all": True}

    @app.route("/echo", methods=["POST"], content_types=[FORM, "text/plain", "application/json"])
    def echo() -> Any:
        request: Any = app.current_request
        event = request.to_original_event()
        return {
            "body": request.raw_body.hex(),
            "base64": event["isBase64Encoded"],
            "headers": event["multiValueHeaders"],
        }

    @app.route("/secret", methods=["GET"], authorizer=IAMAuthorizer())
    def secret() -> Any:
        return {"secret": True}

    cors = CORSConfig(allow_origin="*", allow_headers=["anonymousid"], max_age=60)

    @app.route("/open", methods=["POST"], cors=cors, content_types=["text/plain"])
    def from_anywhere() -> Any:
        return {}

    @app.route("/moved", methods=["GET"])
    def moved() -> Response:
        headers: dict[str, str | list[str]] = {
            "Location": "https://shop.example/größe",
            "Set-Cookie": ["a=1", "b=2"],
        }
        return Response("", headers=headers, status_code=302)

    @app.route("/broken", methods=["GET"])
    def broken() -> Any:
        raise RuntimeError("inside")


def _add_handlers(app: Chalice, seen: Seen) -> None:
    @app.on_sqs_message(queue=QUEUE, batch_size=10)
    def handle_interactions(event: Any) -> None:
        with seen.changed:
            seen.records += event.to_dict()["Records"]
            seen.bodies += [record.body for record in event]
            failed = any(record.body in seen.poison for record in event)
            seen.failures += failed
            seen.changed.notify_all()
        if failed:
            raise RuntimeError("poison")

    @app.schedule(Rate(1, unit=Rate.MINUTES))
    def handle_sweep(event: Any) -> None:
        with seen.changed:
            seen.ticks.append(event.time)
            seen.changed.notify_all()
