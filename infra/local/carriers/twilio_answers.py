"""What Twilio's lists and refusals look like, of messages and calls alike.

Shapes: https://www.twilio.com/docs/usage/twilios-response.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .server import Response


def listing(uri: str, found: Sequence[Mapping[str, Any]], page_size: int) -> Response:
    """The first page of `found`, under the name that the URI ends in."""
    page = found[:page_size]
    name = uri.rpartition("/")[2].removesuffix(".json").lower()
    return Response(
        200,
        {
            name: page,
            "page": 0,
            "page_size": page_size,
            "start": 0,
            "end": max(0, len(page) - 1),
            "uri": uri,
            "first_page_uri": uri,
            "next_page_uri": None,
            "previous_page_uri": None,
        },
    )


def refusal(
    status: int, code: int, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """A refusal with Twilio's code."""
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    document = {"code": code, "message": message, "more_info": more_info, "status": status}
    return Response(status, document, headers or {})
