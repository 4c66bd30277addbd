"""Which of the eligible offers are made, and in which order.

score = probability x value x weight; equal scores go by offer id, the smaller first. Of each
exclusive group only the best stays. The choice is greedy: what is chosen was certain to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..model import Offer
from .policy import lose_exclusivity


@dataclass(frozen=True, slots=True)
class Candidate:
    """One eligible offer with its score; `row` is its place among the scored."""

    offer: Offer
    row: int
    probability: float
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """The outcome: the chosen, those that scored less, and {loser's id: winner's id} by group."""

    chosen: tuple[Candidate, ...]
    outscored: tuple[Candidate, ...]
    excluded: dict[str, str]


def arbitrate(offers: Sequence[Offer], probabilities: Sequence[float], limit: int) -> Ranking:
    """The best `limit` of `offers`."""
    candidates = [
        Candidate(offer, row, probability, probability * offer.value * offer.weight)
        for row, (offer, probability) in enumerate(zip(offers, probabilities, strict=True))
    ]
    candidates.sort(key=lambda c: (-c.score, c.offer.id))
    excluded = lose_exclusivity([c.offer for c in candidates])
    ranked = [c for c in candidates if c.offer.id not in excluded]
    cut = max(limit, 0)
    return Ranking(tuple(ranked[:cut]), tuple(ranked[cut:]), excluded)
