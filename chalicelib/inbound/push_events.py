"""The events by which a page tells that a browser takes notifications, or takes them no more.

`Push Subscribed` has as its properties a W3C `PushSubscription.toJSON()`: {endpoint, keys: {p256dh,
auth}}, the `wording` that the visitor agreed to, and `marketing: true` where that wording says so.
`Push Unsubscribed` has {endpoint}. Never here: whether the subscription is taken.

Source: https://www.w3.org/TR/push-api/#dom-pushsubscription-tojson
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

SUBSCRIBED, UNSUBSCRIBED = "push_subscribed", "push_unsubscribed"
LONGEST_ENDPOINT, LONGEST_WORDING = 1000, 500
_POINT_BYTES, _SECRET_BYTES = 65, 16


def read_properties(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Those of a push event, sound and without anything else; others as they came. ValueError."""
    if name not in (SUBSCRIBED, UNSUBSCRIBED) or "endpoint" not in properties:
        return properties
    endpoint = properties["endpoint"]
    if not isinstance(endpoint, str) or not _is_https(endpoint):
        raise ValueError(f"endpoint is an https: URL of at most {LONGEST_ENDPOINT} characters")
    if name == UNSUBSCRIBED:
        return {"endpoint": endpoint}
    return {"endpoint": endpoint, "keys": _read_keys(properties.get("keys")), **_leave(properties)}


def _is_https(endpoint: str) -> bool:
    plain = endpoint.isascii() and endpoint.isprintable() and not set(endpoint) & set(' "\\<>')
    return plain and endpoint.startswith("https://") and len(endpoint) <= LONGEST_ENDPOINT


def _read_keys(keys: Any) -> dict[str, str]:
    given = keys if isinstance(keys, dict) else {}
    point, secret = _decode(given.get("p256dh")), _decode(given.get("auth"))
    if len(point) != _POINT_BYTES or point[:1] != b"\x04" or len(secret) != _SECRET_BYTES:
        raise ValueError("keys are a browser's own, in base64url: p256dh of 65 bytes, auth of 16")
    return {"p256dh": _encode(point), "auth": _encode(secret)}


def _leave(properties: dict[str, Any]) -> dict[str, Any]:
    """What they agreed to, in words; marketing is agreed to in words or not at all."""
    wording = properties.get("wording")
    if wording is not None and not (isinstance(wording, str) and wording.strip()):
        raise ValueError("wording is text")
    if wording is not None and len(wording) > LONGEST_WORDING:
        raise ValueError(f"wording has at most {LONGEST_WORDING} characters")
    marketing = properties.get("marketing") is True
    if marketing and wording is None:
        raise ValueError("marketing needs the wording that the visitor agreed to")
    said = {} if wording is None else {"wording": wording.strip()}
    return said | ({"marketing": True} if marketing else {})


def _decode(text: Any) -> bytes:
    if not isinstance(text, str) or len(text) > 200:
        return b""
    try:
        bare = text.rstrip("=").encode("ascii")
        return base64.b64decode(bare + b"=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return b""


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
