"""The strong baseline: Python generated from the rules, with hoisted attributes, and numpy scores.

One function per 2,000 offers binds the attributes that it reads to locals and appends the positions
of eligible offers (`if` with an append was the fastest form measured, before tuples of verdicts;
literal sets before tuples for `in`). The score is the product's own, and what of it depends on the
customer alone is worked out beforehand with the product's own code, free of charge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from chalicelib.decisioning.features import FEATURES
from chalicelib.decisioning.scoring import PRIOR
from chalicelib.decisioning.situation import Situation, Target
from chalicelib.model import Customer, DecisionContext

from . import dialects
from .conditions import Condition, predicates
from .workload import CATEGORIES, LIMIT, NOW, Workload, category

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Select = Callable[[Mapping[str, Any], Callable[[int], None]], None]
"""Hands the positions of the eligible offers to the second argument, in order."""

_CHUNK: Final = 2000
_FEW: Final = 64
"""Up to this many scores, sorting them all beats finding the best ones first."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """One customer, prepared: sets as frozensets, and the customer's part of the log-odds.

    `part` is by category; `contacted` are positions of the offers made of late, `adjusted` what
    each adds to its log-odds, minus infinity where a cap is reached.
    """

    attributes: Mapping[str, Any]
    part: Floats
    contacted: Places
    adjusted: Floats


class Generated:
    """Decides as the product does, for one workload.

    `select` are the compiled rules of the workload (`compile_rules`).
    """

    def __init__(self, workload: Workload, select: Sequence[Select]) -> None:
        offers = workload.offers
        self._offers = offers
        self._select = select
        self._ids = [offer.id for offer in offers]
        self._places = {offer.id: place for place, offer in enumerate(offers)}
        self._category = np.array([CATEGORIES.index(category(offer)) for offer in offers])
        discounts = [offer.features["discount"] for offer in offers]
        self._own = PRIOR.weights["offer.discount"] * np.array(discounts)
        self._worth = np.array([offer.value * offer.weight for offer in offers])
        self._adjusted = np.zeros(len(offers))

    def visitor(self, customer: Customer) -> Visitor:
        """The customer as the baseline is given them; no offer is among their contacts twice."""
        situation = Situation(customer, DecisionContext(), None, {}, NOW)
        probe = self._offers[0].model_copy(update={"id": "never-offered", "title": ""})
        part = {}
        for path in CATEGORIES:
            target = Target.of(probe.model_copy(update={"products": (f"category:{path}",)}))
            part[path] = _log_odds(situation, target)
        contacted, adjusted = [], []
        for contact in customer.offers:
            place = self._places[contact.offer_id]
            offer = self._offers[place]
            capped = NOW - contact.at < timedelta(days=offer.policy.per_customer[0].days)
            more = _log_odds(situation, Target.of(offer)) - part[category(offer)]
            contacted.append(place)
            adjusted.append(-np.inf if capped else more)
        return Visitor(
            {n: frozenset(v) if isinstance(v, list) else v for n, v in customer.attributes.items()},
            np.array(list(part.values())),
            np.array(contacted, dtype=np.intp),
            np.array(adjusted),
        )

    def eligible(self, attributes: Mapping[str, Any]) -> list[int]:
        """Positions of the offers whose rule the customer meets."""
        found: list[int] = []
        for select in self._select:
            select(attributes, found.append)
        return found

    def decide(self, visitor: Visitor) -> list[tuple[str, float]]:
        """(offer id, score) of the best, best first; equal scores by id."""
        places = np.array(self.eligible(visitor.attributes), dtype=np.intp)
        adjusted = self._adjusted
        adjusted[visitor.contacted] = visitor.adjusted
        log_odds = visitor.part[self._category[places]] + self._own[places] + adjusted[places]
        adjusted[visitor.contacted] = 0.0
        scores = self._worth[places] / (1.0 + np.exp(-log_odds))
        if len(places) > _FEW:
            best = np.flatnonzero(scores >= np.partition(scores, -LIMIT)[-LIMIT])
            places, scores = places[best], scores[best]
        first = np.argsort(-scores, kind="stable")[:LIMIT]
        ranked = zip(places[first].tolist(), scores[first].tolist(), strict=True)
        return [(self._ids[place], score) for place, score in ranked if score > 0]


def compile_rules(conditions: Sequence[Condition]) -> Iterator[Select]:
    """One function for each 2,000 rules."""
    for start in range(0, len(conditions), _CHUNK):
        chunk = conditions[start : start + _CHUNK]
        names = sorted({leaf.name for condition in chunk for leaf in predicates(condition)})
        lines = ["def select(c, out):", *(f" {name} = c['{name}']" for name in names)]
        lines += [
            f" if {dialects.python(condition)}: out({place})"
            for place, condition in enumerate(chunk, start)
        ]
        scope: dict[str, Any] = {}
        exec(compile("\n".join(lines), "<generated>", "exec"), scope)  # noqa: S102 - the contender
        yield scope["select"]


def _log_odds(situation: Situation, target: Target) -> float:
    """By the product's features and weights, without the offer's own features."""
    return sum(PRIOR.weights[f.name] * f.measure(situation, target) for f in FEATURES)
