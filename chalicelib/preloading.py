"""What a function loads while it starts, beside what its first event would have it load anyway.

A start has a whole processor whatever the function's memory, an event has its share of one; and a
snapshot (SnapStart) holds what was loaded before it was taken. So the workers load what any message
needs at once, for one is waiting, and the API only before a snapshot: of its many routes an event
takes one. Never here: anything but imports; nothing is connected, drawn or timed.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from .settings import Runtime

_WORKER = (
    *("engines", "indexing", "outbound", "replies.wording", "understanding.message"),
    *("catalog.assortment", "catalog.serving", "catalog.snapshots", "customers.store"),
    *("ledger.commits", "ledger.outbox", "ledger.statistics"),
    *("steps.messages", "steps.sweeping"),
)
_API = (
    *("inbound.segment", "inbound.twilio", "inbound.whatsapp", "inbound.x"),
    *("catalog.assortment", "catalog.serving", "catalog.snapshots", "customers.store", "engines"),
    *("ledger.commits", "outbound", "steps.explaining", "steps.offering"),
    "understanding.withdrawal",
)
_WORKERS = ("app.handle_interactions", "app.handle_urgent", "app.handle_sweep")
_AHEAD = ("snap-start", "provisioned-concurrency")
"""Starts that no event waits for."""


def preload(runtime: Runtime) -> None:
    """Import what this function's events will need."""
    for name in needed(runtime):
        import_module(f"{__package__}.{name}")


def needed(runtime: Runtime) -> Sequence[str]:
    """The modules below chalicelib, by name."""
    if runtime.handler in _WORKERS:
        return _WORKER
    if runtime.handler == "app.app" and runtime.initialization in _AHEAD:
        return _API
    return ()
