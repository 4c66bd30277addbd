"""What a message asks: its intent, the products it means, its particulars and its language.

`understand` asks everything in order (`message.py`), `is_withdrawal` only whether it withdraws
consent. Never here: what to answer, or any I/O beyond the weights that ship with the package. Each
part is loaded when it is first named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazily import exports

if TYPE_CHECKING:
    from .message import understand
    from .products import ProductIndex
    from .withdrawal import is_withdrawal

__all__ = ["ProductIndex", "is_withdrawal", "understand"]

__getattr__ = exports(
    __name__,
    {"message": ["understand"], "products": ["ProductIndex"], "withdrawal": ["is_withdrawal"]},
)
