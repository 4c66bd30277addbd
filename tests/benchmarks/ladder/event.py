"""The event rung: what goes with what is in the basket, whoever's basket it is."""

from __future__ import annotations

from .journey import Array
from .moments import Moments
from .past import Past


def event(past: Past, asked: Moments) -> Array:
    """How likely the type is on a trip with one known type: the greatest of the three."""
    scores: Array = past.given(asked.known).max(axis=1)
    return scores
