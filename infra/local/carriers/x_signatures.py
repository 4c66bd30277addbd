"""Whether a request is signed as X wants it: OAuth 1.0a (RFC 5849), judged by oauthlib."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from oauthlib.oauth1 import RequestValidator, ResourceEndpoint

from .server import Request

CLOCK_SKEW_SECONDS = 300
NONCES_KEPT = 10_000


class XSignatures(RequestValidator):  # type: ignore[misc]  # oauthlib publishes no types
    """One app and one account; a nonce counts once, a timestamp for five minutes."""

    enforce_ssl = False
    dummy_client = "nobody"
    dummy_access_token = "nobody"  # noqa: S105
    # oauthlib would compare with the machine's clock; validate_timestamp_and_nonce uses ours.
    timestamp_lifetime = 10**10

    def __init__(self, clock: Callable[[], datetime], secrets: Mapping[str, str]) -> None:
        super().__init__()
        self._clock = clock
        self._secrets = secrets
        self._nonces: OrderedDict[str, None] = OrderedDict()
        self._endpoint = ResourceEndpoint(self)

    def hold(self, request: Request) -> bool:
        """Whether the request's signature is right, fresh and used for the first time."""
        valid, _ = self._endpoint.validate_protected_resource_request(
            request.url, request.method, request.body.decode("latin-1"), dict(request.headers)
        )
        return bool(valid)

    @property
    def allowed_signature_methods(self) -> tuple[str, ...]:
        return ("HMAC-SHA1",)

    def check_client_key(self, client_key: str) -> bool:
        return True

    def check_nonce(self, nonce: str) -> bool:
        return bool(nonce)

    def check_access_token(self, request_token: str) -> bool:
        return True

    def validate_timestamp_and_nonce(
        self, client_key: str, timestamp: str, nonce: str, request: Any, **_: Any
    ) -> bool:
        if abs(self._clock().timestamp() - int(timestamp)) > CLOCK_SKEW_SECONDS:
            return False
        if nonce in self._nonces:
            return False
        self._nonces[nonce] = None
        if len(self._nonces) > NONCES_KEPT:
            self._nonces.popitem(last=False)
        return True

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return client_key == self._secrets["x_consumer_key"]

    def validate_access_token(self, client_key: str, token: str, request: Any) -> bool:
        return token == self._secrets["x_access_token"]

    def validate_realms(self, client_key: str, token: str, request: Any, **_: Any) -> bool:
        return True

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return self._secrets["x_consumer_secret"]

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return self._secrets["x_access_token_secret"]
