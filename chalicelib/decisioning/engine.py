"""The decision: which offers are best for this customer at this moment, and why not the others.

One engine serves one published catalog and is prepared once. It is pure: the same inputs, clock and
seed give the same decision, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

import numpy as np

from ..model import (
    Customer,
    Decision,
    DecisionContext,
    Offer,
    Product,
    PublishedCatalog,
    Purpose,
    RejectedOffer,
    ScoredOffer,
    Understanding,
)
from . import policy, reasons
from .arbitration import Ranking, arbitrate
from .digest import digest_inputs
from .eligibility import Rule, prepare_rule
from .scoring import PRIOR, FeatureTable, Floats, Model, contributions, probabilities
from .situation import Situation, Target
from .view import Frame, build_frame

CODE_VERSION: Final = "1"
"""Raised whenever the same inputs would lead this code to another decision."""
BOTH_PURPOSES: Final = frozenset(Purpose)
_DECIMALS: Final = 12


@dataclass(frozen=True, slots=True)
class _Moment:
    """What one decision's checks look at."""

    frame: Frame
    contacts: policy.Contacts
    now: datetime
    purposes: frozenset[Purpose]
    exhausted: frozenset[str]


_Refusal = Callable[[], RejectedOffer]
"""Says, when asked, why an offer was not made."""


class Engine:
    """Decides by one published catalog."""

    def __init__(self, catalog: PublishedCatalog, model: Model = PRIOR) -> None:
        """Raises ConfigurationError where a rule is of a form that this code does not know."""
        self.versions = {
            "catalog": catalog.version,
            "model": model.version,
            "code": CODE_VERSION,
        }
        self._model = model
        self._prepared = [(c.offer, prepare_rule(c.rule)) for c in catalog.offers]
        offers = [compiled.offer for compiled in catalog.offers]
        self._table = FeatureTable([Target.of(o) for o in offers], [o.features for o in offers])
        self._titles = {offer.id: offer.title for offer in offers}

    def decide(
        self,
        customer: Customer,
        *,
        context: DecisionContext,
        understanding: Understanding | None,
        products: Mapping[str, Product],
        now: datetime,
        seed: int,
        limit: int,
        decision_id: str,
        interaction_id: str | None,
        exhausted: frozenset[str] = frozenset(),
        purposes: frozenset[Purpose] = BOTH_PURPOSES,
        explain: bool = True,
    ) -> Decision:
        """The best `limit` offers for `customer` at `now`.

        `products`: those that the request means or the basket holds. `exhausted`: ids of offers
        whose shared budget is used up. Without `explain` the other offers' reasons are left out.
        """
        now = now.replace(tzinfo=UTC) if now.tzinfo is None else now.astimezone(UTC)
        moment = _Moment(
            frame=build_frame(customer, context, understanding, products, now),
            contacts=policy.contacts_by_offer(customer.offers),
            now=now,
            purposes=purposes,
            exhausted=exhausted,
        )
        eligible, refused = self._sort_out(moment)
        situation = Situation(customer, context, understanding, products, now)
        parts = contributions(self._table.rows(situation, eligible), self._table.names, self._model)
        offers = [self._prepared[position][0] for position in eligible]
        ranking = arbitrate(offers, probabilities(parts).tolist(), limit)
        return Decision(
            id=decision_id,
            interaction_id=interaction_id,
            customer_id=customer.id,
            offers=self._scored(ranking, parts),
            rejected=self._account(ranking, refused) if explain else (),
            context=context,
            understanding=understanding,
            versions=self.versions,
            seed=seed,
            decided_at=now,
            inputs_digest=digest_inputs(
                customer=customer,
                context=context,
                understanding=understanding,
                products=dict(products),
                now=now,
                seed=seed,
                limit=limit,
                exhausted=sorted(exhausted),
                purposes=sorted(purposes),
            ),
        )

    def _sort_out(self, moment: _Moment) -> tuple[list[int], list[_Refusal]]:
        """The positions of the eligible offers, and what to say of the others."""
        eligible: list[int] = []
        refused: list[_Refusal] = []
        for position, (offer, rule) in enumerate(self._prepared):
            refusal = _refusal(offer, rule, moment)
            if refusal is None:
                eligible.append(position)
            else:
                refused.append(refusal)
        return eligible, refused

    def _account(self, ranking: Ranking, refused: Sequence[_Refusal]) -> tuple[RejectedOffer, ...]:
        """Every offer that was not chosen: the eligible ones first, then in the catalog's order."""
        return (
            *reasons.refused_by_rank(ranking, self._titles),
            *(explain_refusal() for explain_refusal in refused),
        )

    def _scored(self, ranking: Ranking, parts: Floats) -> tuple[ScoredOffer, ...]:
        return tuple(
            ScoredOffer(
                offer_id=candidate.offer.id,
                title=candidate.offer.title,
                score=candidate.score,
                probability=candidate.probability,
                value=candidate.offer.value,
                weight=candidate.offer.weight,
                selection_probability=1.0,
                contributions=self._contributions(parts[candidate.row]),
            )
            for candidate in ranking.chosen
        )

    def _contributions(self, row: Floats) -> dict[str, float]:
        rounded = np.round(row, _DECIMALS).tolist()
        return {n: part for n, part in zip(self._table.names, rounded, strict=True) if part}


def _refusal(offer: Offer, rule: Rule, moment: _Moment) -> _Refusal | None:
    """The first check that the offer does not pass: date, purpose, rule, cap, budget."""
    if not policy.is_current(offer, moment.now):
        return partial(reasons.refused_by_date, offer, moment.now)
    if offer.purpose not in moment.purposes:
        return partial(reasons.refused_by_purpose, offer)
    if not rule.test(moment.frame):
        return partial(reasons.refused_by_rule, offer, rule, moment.frame)
    if reached := policy.reached_cap(offer, moment.contacts, moment.now):
        return partial(reasons.refused_by_cap, offer, reached)
    if policy.is_exhausted(offer, moment.exhausted):
        return partial(reasons.refused_by_budget, offer)
    return None
