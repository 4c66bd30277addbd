"""Which of the eligible offers are made, in which order, and why the next best are not.

score = probability x value x weight; equal scores go by offer id, the smaller first. The choice is
greedy: the best offer is made unless a limit has no room for it, or a better one of its exclusive
group is made already; then the next best.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..model import Offer
from .policy import Allowance, CapReached
from .search import Candidate


@dataclass(frozen=True, slots=True)
class Passed:
    """An eligible offer that is not made: a limit, the title of the better one of its group, or
    neither, when there was no place left."""

    candidate: Candidate
    offer: Offer
    limit: CapReached | None = None
    beaten_by: str | None = None


@dataclass(slots=True)
class Arbitration:
    """The choice among candidates that come best first. `chosen` is complete once `choose` ends."""

    allowance: Allowance
    limit: int
    chosen: list[tuple[Candidate, Offer]] = field(default_factory=list)
    _groups: dict[str, str] = field(default_factory=dict)

    def choose(self, candidates: Iterable[tuple[Candidate, Offer]]) -> None:
        """Takes candidates until every place is filled, and asks for no more of them."""
        if self.limit <= 0:
            return
        for candidate, offer in candidates:
            if self._passed(candidate, offer) is None:
                self._take(candidate, offer)
                if len(self.chosen) >= self.limit:
                    return

    def account(self, candidates: Iterable[tuple[Candidate, Offer]]) -> Iterator[Passed]:
        """Takes all candidates and tells those that are not made, best first."""
        for candidate, offer in candidates:
            passed = self._passed(candidate, offer)
            if passed is None and len(self.chosen) < self.limit:
                self._take(candidate, offer)
            else:
                yield passed or Passed(candidate, offer)

    def _passed(self, candidate: Candidate, offer: Offer) -> Passed | None:
        winner = self._groups.get(offer.policy.exclusive_group or "")
        if winner is not None:
            return Passed(candidate, offer, beaten_by=winner)
        reached = self.allowance.limit(offer)
        return Passed(candidate, offer, limit=reached) if reached else None

    def _take(self, candidate: Candidate, offer: Offer) -> None:
        self.chosen.append((candidate, offer))
        self.allowance.take(offer)
        if offer.policy.exclusive_group:
            self._groups[offer.policy.exclusive_group] = offer.title
