"""What is done with each kind of interaction: the bracket of the flow, one file a kind.

Each step reads, decides and answers with a Plan; `pipeline.py` commits it and delivers. Steps may
use every room; no room knows of them. Each is loaded when it is first named: `steps.messages`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazily import submodules

if TYPE_CHECKING:
    from . import (
        calling,
        consenting,
        counting,
        deciding,
        events,
        explaining,
        fallback,
        forgetting,
        importing,
        inbox,
        learning,
        messages,
        models,
        offering,
        plan,
        reading,
        receipts,
        replaying,
        resolving,
        restocking,
        stocking,
        sweeping,
        watching,
    )

__all__ = [
    "calling",
    "consenting",
    "counting",
    "deciding",
    "events",
    "explaining",
    "fallback",
    "forgetting",
    "importing",
    "inbox",
    "learning",
    "messages",
    "models",
    "offering",
    "plan",
    "reading",
    "receipts",
    "replaying",
    "resolving",
    "restocking",
    "stocking",
    "sweeping",
    "watching",
]

__getattr__ = submodules(__name__, __all__)
