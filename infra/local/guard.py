"""Keeps web pages away from what listens on this machine: DNS rebinding and cross-site requests.

A browser tells where a request comes from (`Host`, `Origin`); other programs of this machine send
no Origin. https://developer.mozilla.org/en-US/docs/Web/Security/Attacks/DNS_rebinding
"""

from __future__ import annotations

from urllib.parse import urlsplit

from .server import HttpRequest

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def find_intrusion(request: HttpRequest, own_origin: str | None) -> str | None:
    """Why the request must not be answered, or None. `own_origin`: a page's that may ask."""
    if request.peer not in LOOPBACK:
        return "this answers on the machine itself only"
    host = urlsplit(f"//{request.header('host') or ''}").hostname
    if host not in LOOPBACK:
        return "the Host header is not 127.0.0.1 or localhost"
    origin = request.header("origin")
    if origin is not None and not _is_own(origin, own_origin):
        return "pages of other sites may not ask this"
    return None


def _is_own(origin: str, own_origin: str | None) -> bool:
    if own_origin is None:
        return False
    asked, own = urlsplit(origin), urlsplit(own_origin)
    return asked.scheme == own.scheme and asked.hostname in LOOPBACK and asked.port == own.port
