"""Reading what strangers send: bytes to sound JSON.

Lives here: the limits and checks that keep hostile input from reaching the rooms behind. Never
here: what any field means. Messages name the fault, never the content.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from ..errors import PayloadError, TooLargeError

WEBHOOK_LIMIT_BYTES = 256 * 1024
MAX_DEPTH = 32
"""Levels of nesting; real events have fewer than twelve."""

MAX_INTEGER = 10**30
"""Beyond what any sender writes (JavaScript writes whole numbers up to 1e21)."""


def check_size(body: bytes, limit_bytes: int = WEBHOOK_LIMIT_BYTES) -> None:
    """Raises TooLargeError for a body over the limit."""
    if len(body) > limit_bytes:
        raise TooLargeError(f"the body is over {limit_bytes} bytes", limit_bytes=limit_bytes)


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body` (RFC 8259, UTF-8); raises PayloadError for anything else.

    The values within are as the sender wrote them: `find_flaw` says whether they are sound.
    """
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise PayloadError("the body is not UTF-8", byte=error.start) from None
    except json.JSONDecodeError as error:
        raise PayloadError("the body is not JSON", line=error.lineno, column=error.colno) from None
    except RecursionError:
        raise PayloadError(f"the body is nested deeper than {MAX_DEPTH} levels") from None
    except ValueError:
        raise PayloadError("the body holds a number with thousands of digits") from None
    if not isinstance(document, dict):
        raise PayloadError("the body is not a JSON object")
    return document


def find_flaw(document: Any) -> str | None:
    """What makes a parsed JSON value unfit to be stored, or None; walks it without recursion."""
    level, depth = [document], 0
    while level:
        if depth > MAX_DEPTH:
            return f"it is nested deeper than {MAX_DEPTH} levels"
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value.keys()
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif flaw := _find_flaw_of_scalar(value):
                return flaw
        level, depth = below, depth + 1
    return None


def _find_flaw_of_scalar(value: Any) -> str | None:
    if isinstance(value, str):
        return None if is_text(value) else "it holds half a character (a lone surrogate)"
    if isinstance(value, float) and not math.isfinite(value):
        return "it holds a number that JSON does not have (NaN or infinity)"
    if isinstance(value, int) and abs(value) >= MAX_INTEGER:
        return "it holds a whole number of more than 30 digits"
    return None


def read_key(value: Any) -> str | None:
    """The id of one of our outbox entries, as a provider gives it back; None for anything else."""
    return value if isinstance(value, str) and re.fullmatch(r"o-[0-9a-f]{24}", value) else None


def is_text(text: str) -> bool:
    """False for a string that no encoding can carry, such as an emoji cut in half."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
