"""The decision: which offers are best for this customer at this moment, and why not the others.

One engine serves one published catalog and is prepared once. It is pure: the same inputs, clock and
seed give the same decision, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final, overload

from ..model import (
    CompiledOffer,
    ContactLimits,
    Customer,
    Decision,
    DecisionInputs,
    Offer,
    Purpose,
    RejectedOffer,
    ScoredOffer,
    as_utc,
)
from . import policy
from .arbitration import Arbitration
from .choosing import Limits, Ranked, Slates, slates
from .compiled import Catalog, open_catalog
from .compiling import compile_catalog
from .eligibility import prepare_rule
from .exploring import Seen
from .policy import Allowance
from .ranking import Ranking
from .scoring import PRIOR, Model, Observed, Scorer
from .search import Candidate, Scored, candidate
from .sight import Sight
from .situation import Situation, Target
from .terms import Terms
from .view import Frame, build_frame, unprofiled

CODE_VERSION: Final = "3"
"""Raised whenever the same inputs would lead this code to another decision."""
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)

_Teller = Callable[[], RejectedOffer]
"""Says, when asked, why an offer was not made."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """What one decision looks at."""

    frame: Frame
    situation: Situation
    allowance: Allowance
    exhausted: frozenset[str]
    inputs: DecisionInputs
    now: datetime


class Account(Sequence[RejectedOffer]):
    """The reasons of the offers that were not made; each is worked out when it is read."""

    def __init__(self, tellers: Mapping[str, _Teller]) -> None:
        """By offer id, in the order in which they are told."""
        self._by_id = tellers
        self._tellers = list(tellers.values())

    def of(self, offer_id: str) -> RejectedOffer | None:
        """One offer's reason; None for one that was chosen, or that the catalog does not have."""
        tell = self._by_id.get(offer_id)
        return tell() if tell else None

    def __len__(self) -> int:
        return len(self._tellers)

    @overload
    def __getitem__(self, at: int) -> RejectedOffer: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[RejectedOffer, ...]: ...
    def __getitem__(self, at: int | slice) -> RejectedOffer | tuple[RejectedOffer, ...]:
        if isinstance(at, slice):
            return tuple(tell() for tell in self._tellers[at])
        return self._tellers[at]()


class Engine:
    """Decides by one published catalog."""

    def __init__(
        self, catalog: Catalog, model: Model = PRIOR, ranking: Ranking | None = None
    ) -> None:
        """`ranking` is one of this catalog by this model, which knows its rules already."""
        self.catalog = catalog
        self.versions = {
            "catalog": catalog.version,
            "model": model.version,
            "code": CODE_VERSION,
        }
        self.model = model
        self._least_score = model.least_score(catalog.limits.share)
        self._ranking = ranking or Ranking(catalog, model)

    @classmethod
    def of(
        cls,
        offers: Iterable[CompiledOffer],
        *,
        limits: ContactLimits | None = None,
        model: Model = PRIOR,
    ) -> Engine:
        """An engine for these offers, compiled in memory."""
        artifact = compile_catalog(offers, published_at=_NEVER, limits=limits)
        return cls(open_catalog(artifact.body), model)

    def under(self, model: Model) -> Engine:
        """One that decides by the same catalog and another model."""
        return Engine(self.catalog, model, self._ranking.under(model))

    @property
    def reads_orders(self) -> bool:
        """Whether the customer's latest orders tell this engine anything."""
        return self.model.patterns is not None

    def warm(self) -> None:
        """Does beforehand what the first decisions would do: for a version that is to serve next,
        where there is time."""
        self._ranking.warm()

    def decide(
        self,
        inputs: DecisionInputs,
        *,
        now: datetime,
        seed: int,
        decision_id: str,
        interaction_id: str | None = None,
        digest: str = "",
    ) -> Decision:
        """The best offers for `inputs.customer` at `now`, at most `inputs.limit`.

        `digest` is the fingerprint of the inputs as they are recorded.
        """
        now = as_utc(now)
        found = self.slates(inputs, now=now)
        return Decision(
            id=decision_id,
            interaction_id=interaction_id,
            customer_id=inputs.customer.id,
            offers=tuple(_scored(*each, found) for each in found.drawn(seed)),
            context=inputs.context,
            understanding=inputs.understanding,
            versions=self.versions,
            seed=seed,
            decided_at=now,
            best=found.best,
            inputs_digest=digest,
        )

    def slates(self, inputs: DecisionInputs, *, now: datetime) -> Slates:
        """All that may be chosen, and how likely each of it is: what `decide` draws from."""
        return self._slates(_moment(inputs, now, self.catalog.limits))

    def chances(self, inputs: DecisionInputs, *, now: datetime) -> dict[str, float]:
        """Every offer that may be chosen first, and how likely; adds up to 1 where there are any.

        1 for one offer, where the model does not explore.
        """
        return self.slates(inputs, now=now).first()

    def account(self, inputs: DecisionInputs, decision: Decision) -> Account:
        """Why every other offer was not chosen, told one by one as it is read.

        The eligible ones come first, the best of them first, then the others by id.
        """
        from . import reasons  # whoever does not ask why does without

        moment = _moment(inputs, decision.decided_at, self.catalog.limits)
        made = self._slates(moment).drawn(decision.seed)
        chosen = {offer.id for _, offer in made}
        arbitration = Arbitration(moment.allowance.copy(), inputs.limit, self._least_score)
        passed = list(arbitration.account(self._candidates(moment), chosen))
        last = made[-1][0] if made else None
        tellers: dict[str, _Teller] = {
            p.offer.id: partial(reasons.passed_over, p, last) for p in passed
        }
        for offer_id in self.catalog.ids():
            if offer_id not in tellers and offer_id not in chosen:
                tellers[offer_id] = partial(self._refusal, offer_id, moment)
        return Account(tellers)

    def contributions(
        self, inputs: DecisionInputs, decision: Decision
    ) -> dict[str, dict[str, float]]:
        """Each feature's part of the log-odds, by chosen offer."""
        scorer, made = self._made(inputs, decision)
        return {o.id: scorer.contributions(Target.of(o), o.features) for o in made}

    def observed(self, inputs: DecisionInputs, decision: Decision) -> dict[str, Observed]:
        """What the model saw of the offers that it made, by id: what learning takes up again."""
        scorer, made = self._made(inputs, decision)
        return {o.id: scorer.observed(Target.of(o), o.features) for o in made}

    def terms(self, inputs: DecisionInputs, *, now: datetime) -> Terms:
        """The customer prepared for this catalog: what `best_first` takes."""
        moment = _moment(inputs, now, self.catalog.limits)
        return self._terms(moment)

    def best_first(self, terms: Terms) -> Iterator[Scored]:
        """The offers that pass every check of their own, each found when it is asked for; the
        catalog's limits and exclusive groups are left to arbitration."""
        return Sight(self._ranking, terms).best_first()

    def eligible(self, inputs: DecisionInputs, now: datetime) -> set[str]:
        """The ids of all offers that pass every check of their own: not the catalog's limits."""
        moment = _moment(inputs, now, self.catalog.limits)
        return {candidate.offer_id for candidate, _ in self._candidates(moment)}

    def reachable(self, customer: Customer, now: datetime) -> set[str]:
        """The ids of the offers that this customer could be made at `now`, whatever is asked and
        wherever: rule and dates alone, with what the rule reads of context and request left open.
        """
        moment = _moment(DecisionInputs(customer=customer), now, self.catalog.limits)
        return set(map(self.catalog.id_at, self.catalog.index.reachable(moment.frame)))

    def _made(self, inputs: DecisionInputs, decision: Decision) -> tuple[Scorer, list[Offer]]:
        """How the decision scored, and its offers, of those that the catalog has."""
        moment = _moment(inputs, decision.decided_at, self.catalog.limits)
        offers = (self.catalog.offer(each.offer_id) for each in decision.offers)
        return Scorer(self.model, moment.situation), [o for o in offers if o]

    def _slates(self, moment: _Moment) -> Slates:
        scorer = Scorer(self.model, moment.situation)

        def see(offers: Sequence[Offer]) -> Seen:
            targets = [(self._ranking.target_of(offer), offer.features) for offer in offers]
            names, features = scorer.compared(targets)
            log_odds = [scorer.log_odds(*each) for each in targets]
            return Seen(names, features, log_odds, [o.value * o.weight for o in offers])

        def service() -> Ranked:
            served = moment.inputs.model_copy(update={"purposes": (Purpose.SERVICE,)})
            return self._candidates(_moment(served, moment.now, self.catalog.limits), scorer)

        limits = Limits(moment.inputs.limit, moment.allowance, self._least_score)
        return slates(self._candidates(moment, scorer), service, limits, self.model, see)

    def _candidates(self, moment: _Moment, scorer: Scorer | None = None) -> Ranked:
        """The eligible offers, best first."""
        for found in self.best_first(self._terms(moment, scorer)):
            yield candidate(found), self.catalog.offer_at(found[2])

    def _terms(self, moment: _Moment, scorer: Scorer | None = None) -> Terms:
        scorer = scorer or Scorer(self.model, moment.situation)
        return Terms(self._ranking, moment.frame, scorer, moment.allowance, moment.exhausted)

    def _refusal(self, offer_id: str, moment: _Moment) -> RejectedOffer:
        """The first check that the offer does not pass: date, purpose, rule, cap, budget."""
        from . import reasons

        position = self.catalog.position_of(offer_id)
        if position is None:
            raise KeyError(offer_id)
        offer = self.catalog.offer_at(position)
        if not policy.is_current(offer, moment.now):
            return reasons.refused_by_date(offer, moment.now)
        if offer.purpose not in moment.inputs.purposes:
            return reasons.refused_by_purpose(offer)
        rule = prepare_rule(self.catalog.rule_at(position))
        if not rule.test(moment.frame):
            return reasons.refused_by_rule(offer, rule, moment.frame)
        if reached := moment.allowance.own_cap(offer):
            return reasons.refused_by_cap(offer, reached)
        return reasons.refused_by_budget(offer)


def _moment(inputs: DecisionInputs, now: datetime, limits: ContactLimits) -> _Moment:
    now = as_utc(now)
    customer, context = unprofiled(inputs.customer), inputs.context
    of = (customer, context, inputs.understanding, {p.id: p for p in inputs.products}, now)
    return _Moment(
        frame=build_frame(*of, inputs.purposes),
        situation=Situation(*of),
        allowance=Allowance(customer.offers, limits, now, context.channel),
        exhausted=frozenset(inputs.exhausted),
        inputs=inputs,
        now=now,
    )


def _scored(candidate: Candidate, offer: Offer, among: Slates) -> ScoredOffer:
    return ScoredOffer(
        offer_id=offer.id,
        title=offer.title,
        score=candidate.score,
        probability=candidate.probability,
        value=offer.value,
        weight=offer.weight,
        selection_probability=among.probability(offer.id),
    )
