"""Replies: what we answer, and how it is worded within each channel's limits. Pure, no I/O.

`compose` makes the facts of an answer, `word` the words of a reply; `check_wording` refuses an
offer's wording that could not be rendered. Jinja2 is loaded when first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .answers import compose, compose_restock
from .terms import Answer, Brand

if TYPE_CHECKING:
    from .rendering import check_wording, phrase
    from .wording import acknowledge, word

__all__ = [
    "Answer",
    "Brand",
    "acknowledge",
    "check_wording",
    "compose",
    "compose_restock",
    "phrase",
    "word",
]


def __getattr__(name: str) -> Any:
    if name in ("acknowledge", "word"):
        from . import wording

        return getattr(wording, name)
    if name in ("check_wording", "phrase"):
        from . import rendering

        return getattr(rendering, name)
    raise AttributeError(name)
