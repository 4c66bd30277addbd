"""Rejoinder as a contender: the product's own engine, asked for the whole decision.

`decide` is handed what the generated baseline is handed: the customer prepared, in the contender's
own form. That is the values in the order in which rules read them, the model's customer-dependent
part by topic, the contacts and the caps. Rules, scores and ranking are timed; nothing is left for
arbitration, for the workload has no exclusive groups and no limits across the catalog.
`decide_request` makes the product's whole decision, from the request to the record. Imports nothing
that the product would not import itself, so that `loading` measures the product.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from chalicelib.decisioning.compiled import open_catalog
from chalicelib.decisioning.compiling import compile_catalog
from chalicelib.decisioning.engine import Engine
from chalicelib.decisioning.terms import Terms
from chalicelib.files import opened
from chalicelib.model import CompiledOffer, Customer, DecisionInputs

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
    return Engine(open_catalog(opened(path)))


def visitor(engine: Engine, customer: Customer, limit: int) -> Visitor:
    """The customer as `decide` is given them."""
    terms = engine.terms(request(customer, limit), now=_NOW)
    terms.settle()  # as the baseline has them: what contacts mean, and caps, worked out
    return Visitor(terms, limit)


def decide(engine: Engine, customer: Visitor) -> Ranked:
    """The best offers, with nothing kept of an earlier decision."""
    found = islice(engine.best_first(customer.terms), customer.limit)
    return [(offer_id, -minus_score) for minus_score, offer_id, _, _ in found]


def request(customer: Customer, limit: int) -> DecisionInputs:
    """The customer as a request brings them."""
    return DecisionInputs(customer=customer, limit=limit)


def decide_request(engine: Engine, inputs: DecisionInputs) -> Ranked:
    """The decision as the product makes and records it."""
    decision = engine.decide(inputs, now=_NOW, seed=0, decision_id="benchmark")
    return [(offer.offer_id, offer.score) for offer in decision.offers]
