"""What may be chosen for one customer at one moment, and how likely each of it is.

Joins the ranking, exploration and arbitration: without exploration there is one slate, otherwise
one for every order in which the best few may be tried. Of marketing only what is worth making at
this moment is looked at. Never here: how offers are ranked, and what becomes of the choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from random import Random
from typing import NamedTuple

from ..model import Offer, Purpose
from . import exploring
from .arbitration import Arbitration, Chosen
from .policy import Allowance
from .scoring import Model, Observed
from .search import Candidate

Ranked = Iterator[tuple[Candidate, Offer]]
"""Eligible offers, best first."""


class Slate(NamedTuple):
    """Offers that may be made together, and how likely they are to be."""

    weight: float
    chosen: Chosen


class Limits(NamedTuple):
    """How many offers are asked for, what caps leave room for, the least score for marketing."""

    wanted: int
    allowance: Allowance
    least_score: float

    def choose(self, candidates: Iterable[tuple[Candidate, Offer]]) -> Chosen:
        arbitration = Arbitration(self.allowance.copy(), self.wanted, self.least_score)
        arbitration.choose(candidates)
        return arbitration.chosen


class Slates(NamedTuple):
    """All that may be chosen; the weights add up to 1. `best` is what the best marketing offer
    scores that was come across, made or not. `seen` is what exploration looked at, of the offers
    `window`, by id."""

    slates: list[Slate]
    best: float | None
    seen: exploring.Seen | None = None
    window: tuple[str, ...] = ()

    def drawn(self, seed: int) -> Chosen:
        """The slate that this seed chooses."""
        if len(self.slates) == 1:
            return self.slates[0].chosen
        at = Random(seed).random()  # noqa: S311 - to be had again
        return exploring.drawn(self.slates, at).chosen

    def observed(self, offer_id: str) -> Observed:
        """What was looked at of one offer of the window: as `Engine.observed` tells it."""
        if self.seen is None:
            raise KeyError(offer_id)
        place = self.window.index(offer_id)
        values = zip(self.seen.names, self.seen.features[place].tolist(), strict=True)
        return Observed({name: v for name, v in values if v}, self.seen.log_odds[place])

    def probability(self, offer_id: str) -> float:
        """How likely the offer is to be chosen."""
        found = sum(s.weight for s in self.slates if any(o.id == offer_id for _, o in s.chosen))
        return min(found, 1.0)

    def first(self) -> dict[str, float]:
        """Every offer that may be chosen first, and how likely."""
        found: dict[str, float] = {}
        for slate in self.slates:
            for _, offer in slate.chosen[:1]:
                found[offer.id] = found.get(offer.id, 0.0) + slate.weight
        return found


def slates(
    ranked: Ranked,
    service: Callable[[], Ranked],
    limits: Limits,
    model: Model,
    see: Callable[[Sequence[Offer]], exploring.Seen],
) -> Slates:
    """What may be chosen of `ranked`; of `service`, the same without marketing, once no marketing
    offer is worth making. `see` tells what exploration needs of offers."""
    offers = _Offers(_worth_making(ranked, service, limits.least_score))
    if not model.members:
        return Slates([Slate(1.0, limits.choose(offers))], offers.best)
    window = list(islice(_with_room(offers, limits), exploring.width(limits.wanted)))
    if not window:
        return Slates([Slate(1.0, [])], offers.best)
    seen = see([offer for _, offer in window])
    orders = exploring.orders(seen, model)
    found = _firsts(window, orders) if limits.wanted == 1 else _all(window, orders, offers, limits)
    return Slates(found, offers.best, seen, tuple(offer.id for _, offer in window))


def _firsts(window: Chosen, orders: Sequence[exploring.Order]) -> list[Slate]:
    """Slates of one: whatever comes first in an order can be made."""
    weights: dict[int, float] = {}
    for weight, order in orders:
        weights[order[0]] = weights.get(order[0], 0.0) + weight
    return [Slate(weight, [window[place]]) for place, weight in sorted(weights.items())]


def _all(
    window: Chosen,
    orders: Sequence[exploring.Order],
    offers: Iterable[tuple[Candidate, Offer]],
    limits: Limits,
) -> list[Slate]:
    places = {offer.id for _, offer in window}
    found = []
    for weight, order in orders:
        others = (each for each in offers if each[1].id not in places)
        tried = chain((window[place] for place in order), others)
        found.append(Slate(weight, limits.choose(tried)))
    return found


class _Offers:
    """Ranked offers that are looked up once, however often they are gone through."""

    def __init__(self, ranked: Ranked) -> None:
        self._ranked = ranked
        self._known: list[tuple[Candidate, Offer]] = []
        self.best: float | None = None

    def __iter__(self) -> Ranked:
        place = 0
        while place < len(self._known) or self._one_more():
            yield self._known[place]
            place += 1

    def _one_more(self) -> bool:
        found = next(self._ranked, None)
        if found is None:
            return False
        self._known.append(found)
        if self.best is None and found[1].purpose is Purpose.MARKETING:
            self.best = found[0].score
        return True


def _with_room(offers: Iterable[tuple[Candidate, Offer]], limits: Limits) -> Ranked:
    """Those that could be made, were each the only one."""
    arbitration = Arbitration(limits.allowance, limits.wanted, limits.least_score)
    return ((c, o) for c, o in offers if arbitration.passed(c, o) is None)


def _worth_making(ranked: Ranked, service: Callable[[], Ranked], least_score: float) -> Ranked:
    """Ends, of marketing, with the first that is not worth making: to look on would be in vain."""
    for candidate, offer in ranked:
        yield candidate, offer
        if offer.purpose is Purpose.MARKETING and candidate.score < least_score:
            yield from (each for each in service() if each[0] > candidate)
            return
