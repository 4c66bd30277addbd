"""The service desk's webhook: checks who hands over, and keeps each handover once."""

from __future__ import annotations

import hashlib
import hmac
import random
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from .mailbox import Mailbox
from .server import Request, Response, StandIn

KEPT = 1_000


class DeskStandIn(StandIn):
    """One desk; `handovers` are what it holds."""

    provider = "desk"

    def __init__(
        self,
        mailbox: Mailbox,
        clock: Callable[[], datetime],
        rng: random.Random,
        secrets: Mapping[str, str],
    ) -> None:
        super().__init__(mailbox, clock, rng)
        self._secret = secrets["handover_webhook_secret"].encode()
        self._held: OrderedDict[str, tuple[str, dict[str, Any]]] = OrderedDict()

    @property
    def handovers(self) -> tuple[dict[str, Any], ...]:
        """What was handed over, oldest first."""
        with self._lock:
            return tuple(handover for _, handover in self._held.values())

    def limited(self, until: datetime) -> Response:
        seconds = max(1, int((until - self._clock()).total_seconds()))
        return Response(429, {"error": "too many requests"}, {"Retry-After": str(seconds)})

    def answer(self, request: Request) -> Response:
        expected = "sha256=" + hmac.new(self._secret, request.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers.get("x-rejoinder-signature", "")):
            return Response(401, {"error": "the signature does not match"})
        if (request.method, request.path) != ("POST", "/handovers"):
            return Response(404, {"error": "no such thing"})
        key, handover = request.headers.get("idempotency-key", ""), request.document()
        if not key or "message" not in handover:
            return Response(400, {"error": "not a handover with an Idempotency-Key"})
        if key not in self._held:
            self._keep(key, handover)
        return Response(201, {"id": self._held[key][0]})

    def _keep(self, key: str, handover: dict[str, Any]) -> None:
        case = f"case-{self._rng.getrandbits(64):016x}"
        self._held[key] = (case, handover)
        if len(self._held) > KEPT:
            self._held.popitem(last=False)
        subject = f"{handover.get('interaction_id')}: {handover.get('reason')}"
        self.accept("handover", case, "desk", handover["message"], subject)
