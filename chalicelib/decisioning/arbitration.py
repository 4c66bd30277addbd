"""Which of the eligible offers are made, in which order, and why the next best are not.

score = probability x value x weight; equal scores go by offer id, the smaller first. The choice is
greedy: the best offer is made unless a limit has no room for it, or a better one of its exclusive
group is made already; then the next best.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from ..model import Offer, Purpose
from .policy import Allowance, CapReached
from .search import Candidate


@dataclass(frozen=True, slots=True)
class Passed:
    """An eligible offer that is not made: a limit, the title of the better one of its group, the
    score from which on marketing is made, or none of these, when there was no place left."""

    candidate: Candidate
    offer: Offer
    limit: CapReached | None = None
    beaten_by: str | None = None
    least_score: float | None = None


Chosen = list[tuple[Candidate, Offer]]


@dataclass(slots=True)
class Arbitration:
    """The choice among candidates, in the order in which they come. `chosen` is complete once
    `choose` ends. Marketing is not made for less than `least_score`."""

    allowance: Allowance
    limit: int
    least_score: float = 0.0
    chosen: Chosen = field(default_factory=list)
    _groups: dict[str, str] = field(default_factory=dict)

    def choose(self, candidates: Iterable[tuple[Candidate, Offer]]) -> None:
        """Takes candidates until every place is filled, and asks for no more of them."""
        if self.limit <= 0:
            return
        for candidate, offer in candidates:
            if self.passed(candidate, offer) is None:
                self._take(candidate, offer)
                if len(self.chosen) >= self.limit:
                    return

    def account(
        self, candidates: Iterable[tuple[Candidate, Offer]], made: Collection[str]
    ) -> Iterator[Passed]:
        """Takes the offers that were made, by id, and tells all others, in their order."""
        for candidate, offer in candidates:
            if offer.id in made:
                self._take(candidate, offer)
            else:
                yield self.passed(candidate, offer) or Passed(candidate, offer)

    def passed(self, candidate: Candidate, offer: Offer) -> Passed | None:
        """Why the offer cannot be made beside what is chosen already; None where it can."""
        winner = self._groups.get(offer.policy.exclusive_group or "")
        if winner is not None:
            return Passed(candidate, offer, beaten_by=winner)
        reached = self.allowance.limit(offer)
        if reached:
            return Passed(candidate, offer, limit=reached)
        if offer.purpose is Purpose.MARKETING and candidate.score < self.least_score:
            return Passed(candidate, offer, least_score=self.least_score)
        return None

    def _take(self, candidate: Candidate, offer: Offer) -> None:
        self.chosen.append((candidate, offer))
        self.allowance.take(offer)
        if offer.policy.exclusive_group:
            self._groups[offer.policy.exclusive_group] = offer.title
