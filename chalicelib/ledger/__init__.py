"""What happened, for good: interactions, decisions, the outbox, receipts, links, budgets."""

from .budgets import Budgets
from .commits import Ledger, Refused
from .outbox import Outbox

__all__ = ["Budgets", "Ledger", "Outbox", "Refused"]
