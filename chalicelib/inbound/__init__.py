"""One file per source: `verify()` says who sent it, `parse()` what it says. Nothing is stored here.

A source is one file in this room and one line in SOURCES; the shared contract tests
(`tests/contracts/inbound/test_signatures.py`) ask of each that it refuses what nobody signed. What
AWS tells through SNS comes by a queue that only our own topics may write to: see `notices.py`.
A source's file is loaded when it is first named: `inbound.twilio`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..lazily import submodules
from ..settings import Settings
from .request import InboundRequest, Parsed, RejectedEvent

if TYPE_CHECKING:
    from . import beacon, notices, segment, twilio, twilio_calls, whatsapp, x

__all__ = [
    "SOURCES",
    "InboundRequest",
    "Parsed",
    "RejectedEvent",
    "Source",
    "beacon",
    "notices",
    "segment",
    "source",
    "twilio",
    "twilio_calls",
    "whatsapp",
    "x",
]


class Source(Protocol):
    """What every source's module offers; `parse` differs, as each route knows its own source."""

    def verify(self, request: InboundRequest, settings: Settings) -> None:
        """Raises SignatureError for what its sender did not sign."""


SOURCES = (
    "x",
    "twilio",
    "whatsapp",
    "segment",
)
"""The files that verify what comes over HTTP."""

__getattr__ = submodules(__name__, (*SOURCES, "beacon", "notices", "twilio_calls"))


def source(name: str) -> Source:
    """The source of that name. Raises AttributeError for what is none."""
    found: Source = __getattr__(name)
    return found
