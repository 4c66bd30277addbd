"""What the sources that speak through SNS share: ids, moments, one interaction a notice.

Never here: any source's own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ..errors import PayloadError
from ..model import Interaction
from .request import Parsed, RejectedEvent


def read_id(document: Mapping[str, Any], name: str) -> str:
    """An id of AWS's. Raises PayloadError naming the field."""
    found = document.get(name)
    if not isinstance(found, str) or not re.fullmatch(r"[A-Za-z0-9_-]{2,128}", found):
        raise PayloadError(f"{name} is missing: letters, digits and hyphens")
    return found


def read_part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within the document. Raises PayloadError naming it."""
    found = document.get(name)
    if not isinstance(found, dict):
        raise PayloadError(f"{name} is missing: an object")
    return found


def moment_of(told: Any, read: Callable[[Any], datetime], received_at: datetime) -> datetime:
    """When the notice says that it happened; when it came, where it does not say or cannot be."""
    try:
        return min(read(told), received_at)
    except ValueError:
        return received_at


def one(interaction: Interaction) -> Parsed:
    """A notice that holds one interaction."""
    return Parsed((interaction,))


def passed_over(interaction_id: str, reason: str) -> Parsed:
    """A notice that was understood and is not acted on; `reason` goes to the log."""
    return Parsed((), rejected=(RejectedEvent(0, interaction_id, reason),))
