"""One file per source: `verify()` says who sent it, `parse()` what it says. Nothing is stored here.

A source is one file in this room and one line in SOURCES; the shared contract tests
(`tests/contracts/inbound/test_signatures.py`) ask of each that it refuses what nobody signed. What
AWS tells through SNS comes by a queue that only our own topics may write to: see `notices.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ..settings import Settings
from . import notices, segment, twilio, whatsapp, x
from .request import InboundRequest, Parsed, RejectedEvent

__all__ = [
    "SOURCES",
    "InboundRequest",
    "Parsed",
    "RejectedEvent",
    "Source",
    "notices",
    "segment",
    "twilio",
    "whatsapp",
    "x",
]


class Source(Protocol):
    """What every source's module offers; `parse` differs, as each route knows its own source."""

    def verify(self, request: InboundRequest, settings: Settings) -> None:
        """Raises SignatureError for what its sender did not sign."""


SOURCES: Mapping[str, Source] = {
    "x": x,
    "twilio": twilio,
    "whatsapp": whatsapp,
    "segment": segment,
}
