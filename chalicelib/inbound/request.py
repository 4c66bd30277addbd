"""What every source takes and gives: the request as it arrived, and what was read from it.

Lives here: the shapes that all sources share. Never here: anything that one source alone knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..model import Interaction


@dataclass(frozen=True)
class InboundRequest:
    """One HTTP request, byte for byte as its caller signed it.

    `url` is the full public URL with its query, `headers` have lower-case names. Only the method
    stands in the repr: the rest may hold keys, numbers and what people wrote.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class RejectedEvent:
    """One event of several that could not be read. `reason` says what would be right."""

    index: int
    message_id: str | None
    reason: str


@dataclass(frozen=True)
class Parsed:
    """What one request holds. `ignored` counts what is acknowledged and rightly passed over."""

    interactions: tuple[Interaction, ...]
    rejected: tuple[RejectedEvent, ...] = ()
    ignored: int = 0
