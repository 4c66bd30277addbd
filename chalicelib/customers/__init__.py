"""Who they are: identities and merges, the single customer view, consent, imports, erasure.

Each part is loaded when it is first named: `customers.linking`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazily import submodules

if TYPE_CHECKING:
    from . import input, linking, saving

__all__ = ["input", "linking", "saving"]

__getattr__ = submodules(__name__, __all__)
