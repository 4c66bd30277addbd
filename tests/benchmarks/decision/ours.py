"""Rejoinder as a contender: the product's own engine, asked for the whole decision.

`decide` is handed what the generated baseline is handed: the customer's terms, which hold the
model's customer-dependent part by topic, the contacts and the caps, worked out beforehand. Rules,
scores and ranking are timed; nothing is left for arbitration, for the workload has no exclusive
groups and no limits across the catalog. `decide_request` makes the product's whole decision, from
the request to the record. Imports nothing that the product would not import itself, so that
`loading` measures the product.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from chalicelib.decisioning.compiled import open_catalog
from chalicelib.decisioning.compiling import compile_catalog
from chalicelib.decisioning.engine import Engine
from chalicelib.decisioning.policy import Allowance
from chalicelib.decisioning.ranking import Sight, Terms
from chalicelib.decisioning.scoring import PRIOR, Scorer
from chalicelib.decisioning.situation import Situation
from chalicelib.decisioning.view import build_frame
from chalicelib.model import CompiledOffer, Customer, DecisionContext, DecisionInputs, Product

_NOW: Final = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
_PUBLISHED: Final = datetime(2026, 11, 1, tzinfo=UTC)

Ranked = list[tuple[str, float]]
"""(offer id, score) of the best, best first."""


class Visitor(NamedTuple):
    """One customer, prepared for one engine, and how many offers they are to be made."""

    terms: Terms
    limit: int


def store(offers: Iterable[CompiledOffer], path: Path) -> None:
    """Publishes the offers as one artifact."""
    path.write_bytes(compile_catalog(offers, published_at=_PUBLISHED).body)


def load(path: Path) -> Engine:
    """What a container does with a published artifact before its first decision."""
    with path.open("rb") as file:
        return Engine(open_catalog(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))


def visitor(engine: Engine, customer: Customer, limit: int) -> Visitor:
    """The customer as `decide` is given them."""
    context, products = DecisionContext(), dict[str, Product]()
    frame = build_frame(customer, context, None, products, _NOW)
    scorer = Scorer(PRIOR, Situation(customer, context, None, products, _NOW))
    allowance = Allowance(customer.offers, engine.catalog.limits, _NOW, None)
    terms = Terms(engine._ranking, frame, scorer, allowance, frozenset())
    for position in terms.met:  # as the baseline has them: what contacts mean, and caps, worked out
        terms.capped(position)
        terms.special[position]
    return Visitor(terms, limit)


def decide(engine: Engine, customer: Visitor) -> Ranked:
    """The best offers, with nothing kept of an earlier decision."""
    found = Sight(engine._ranking, customer.terms).best_first()
    return [(one.offer_id, one.score) for one in islice(found, customer.limit)]


def request(customer: Customer, limit: int) -> DecisionInputs:
    """The customer as a request brings them."""
    return DecisionInputs(customer=customer, limit=limit)


def decide_request(engine: Engine, inputs: DecisionInputs) -> Ranked:
    """The decision as the product makes and records it."""
    decision = engine.decide(inputs, now=_NOW, seed=0, decision_id="benchmark")
    return [(offer.offer_id, offer.score) for offer in decision.offers]
