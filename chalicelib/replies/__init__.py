"""Replies: what we answer, and how it is worded within each channel's limits. Pure, no I/O.

`compose` makes the facts of an answer, `word` the words of a reply; `check_wording` refuses an
offer's wording that could not be rendered. Jinja2 is loaded when first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazily import exports

if TYPE_CHECKING:
    from .answers import compose, compose_restock
    from .rendering import check_wording, phrase
    from .terms import Answer, Brand
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

__getattr__ = exports(
    __name__,
    {
        "answers": ["compose", "compose_restock"],
        "rendering": ["check_wording", "phrase"],
        "terms": ["Answer", "Brand"],
        "wording": ["acknowledge", "word"],
    },
)
