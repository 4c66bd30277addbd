"""What happened, for good: interactions, decisions, the outbox, receipts, links, budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazily import exports

if TYPE_CHECKING:
    from .budgets import Budgets
    from .commits import Ledger, Refused
    from .outbox import Outbox

__all__ = ["Budgets", "Ledger", "Outbox", "Refused"]

__getattr__ = exports(
    __name__,
    {
        "budgets": ["Budgets"],
        "commits": ["Ledger", "Refused"],
        "outbox": ["Outbox"],
    },
)
