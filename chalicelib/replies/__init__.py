"""Replies: what we answer, and how it is worded within each channel's limits. Pure, no I/O.

`compose` makes the facts of an answer, `word` the words of a reply; `check_wording` refuses an
offer's wording that could not be rendered. Jinja2 is loaded when first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .answers import compose, compose_restock
from .terms import Answer, Brand

if TYPE_CHECKING:
    from .rendering import check_wording
    from .wording import word

__all__ = ["Answer", "Brand", "check_wording", "compose", "compose_restock", "word"]


def __getattr__(name: str) -> Any:
    if name == "word":
        from .wording import word

        return word
    if name == "check_wording":
        from .rendering import check_wording

        return check_wording
    raise AttributeError(name)
