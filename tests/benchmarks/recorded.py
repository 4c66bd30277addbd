"""DynamoDB's answers, recorded once and given again at once: botocore does all of its own work.

Requests are serialised and signed, answers are parsed; only the wire between is left out.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from botocore.awsrequest import AWSResponse


class Recorder:
    """Listens to one client while it talks to a real store, then answers in its place."""

    def __init__(self, client: Any) -> None:
        self._events = client.meta.events
        self._answers: dict[str, dict[str, Any]] = {}
        self._events.register("before-parse.dynamodb", self._note)

    def replace_the_store(self) -> None:
        """From here on each operation gets the last answer that it had."""
        self._events.unregister("before-parse.dynamodb", self._note)
        self._events.register_first("before-send.dynamodb", self._answer)

    def _note(self, operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
        self._answers[operation_model.name] = response_dict

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        target: str = request.headers["X-Amz-Target"].decode()
        told = self._answers[target.rpartition(".")[2]]
        body = _Body(told["body"])
        return AWSResponse(request.url, told["status_code"], told["headers"], body)


class _Body(io.BytesIO):
    """A body as urllib3 gives it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
