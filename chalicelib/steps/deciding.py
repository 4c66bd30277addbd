"""Which offers are best for this person now, and what that takes from caps and budgets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from .. import telemetry
from ..decisioning import LATEST_ORDERS, Engine
from ..model import (
    Channel,
    ChannelQuestion,
    Customer,
    Decision,
    DecisionContext,
    DecisionInputs,
    Group,
    Offer,
    OfferContact,
    Order,
    Product,
    Purpose,
    ScoredOffer,
    Shadow,
    Understanding,
)
from .groups import as_met, deciding_for, grouped
from .plan import Unit
from .rooms import Rooms


class Choice(NamedTuple):
    """A decision with the offers that it ranks, what it was made from (JSON, as it is recorded),
    and the units of budget that it takes. `withheld` are the offers that the control group is not
    made."""

    decision: Decision
    offers: tuple[Offer, ...]
    inputs: bytes
    units: tuple[Unit, ...]
    withheld: tuple[Offer, ...] = ()

    def as_for_others(self) -> Choice:
        """With what the control group is not made, in its place."""
        scored = (*self.decision.offers, *(self.decision.withheld or ()))
        decision = self.decision.model_copy(update={"offers": scored})
        return self._replace(decision=decision, offers=(*self.offers, *self.withheld))


@dataclass(frozen=True, kw_only=True)
class Question:
    """For whom, where, and about what to decide."""

    decision_id: str
    customer: Customer
    context: DecisionContext
    understanding: Understanding | None = None
    purposes: frozenset[Purpose] = frozenset(Purpose)
    limit: int = 1
    interaction_id: str | None = None
    channels: ChannelQuestion | None = None


@telemetry.step("decide")
def decide(question: Question, rooms: Rooms, now: datetime) -> Choice:
    """Rank the published offers; one whose budget turns out to be spent is left out."""
    engine, group = deciding_for(question.customer.id, rooms)
    products = products_meant(question, rooms)
    customer = _recorded_of(question.customer, group, rooms, now)
    exhausted: frozenset[str] = frozenset()
    while True:
        inputs = DecisionInputs(
            customer=customer,
            context=question.context,
            understanding=question.understanding,
            products=products,
            limit=question.limit,
            purposes=tuple(sorted(question.purposes)),
            exhausted=tuple(sorted(exhausted)),
            group=group,
            channels=question.channels,
        )
        recorded = inputs.model_dump_json(exclude_none=True).encode()
        chosen = engine.decide(
            inputs,
            now=now,
            seed=seed_of(question.decision_id),
            decision_id=question.decision_id,
            interaction_id=question.interaction_id,
            digest=hashlib.sha256(recorded).hexdigest(),
        )
        units, spent = _units(_offers(chosen.offers, engine), rooms, now)
        if not spent:
            decision = grouped(chosen, inputs, engine)
            made = _offers(decision.offers, engine)
            return Choice(
                decision=_shadowed(decision, inputs, rooms),
                offers=made,
                inputs=recorded,
                units=_of(made, units),
                withheld=_offers(decision.withheld or (), engine),
            )
        exhausted |= spent


def reads_orders(customer_id: str, rooms: Rooms) -> bool:
    """Whether deciding for this customer takes their latest orders; else what was counted of them
    is enough."""
    shadow = rooms.engine_in_shadow()
    deciding = deciding_for(customer_id, rooms)[0].reads_orders
    return deciding or (shadow is not None and shadow.reads_orders)


def _offers(scored: Iterable[ScoredOffer], engine: Engine) -> tuple[Offer, ...]:
    found = (engine.catalog.offer(each.offer_id) for each in scored)
    return tuple(offer for offer in found if offer is not None)


def _of(offers: Sequence[Offer], units: Sequence[Unit]) -> tuple[Unit, ...]:
    made = {offer.id for offer in offers}
    return tuple(unit for unit in units if unit.offer_id in made)


def _recorded_of(customer: Customer, group: Group | None, rooms: Rooms, now: datetime) -> Customer:
    """The customer with no more orders than are read: all that is recorded."""
    if group != "control":
        customer = as_met(customer)
    kept: tuple[Order, ...] = ()
    if reads_orders(customer.id, rooms):
        placed = (order for order in customer.orders if order.at <= now)
        kept = tuple(islice(placed, LATEST_ORDERS))
    return customer if kept == customer.orders else customer.model_copy(update={"orders": kept})


def _shadowed(decision: Decision, inputs: DecisionInputs, rooms: Rooms) -> Decision:
    """The decision with what a candidate would have chosen that decides for nobody yet."""
    engine = rooms.engine_in_shadow()
    if engine is None:
        return decision
    other = engine.decide(
        inputs, now=decision.decided_at, seed=decision.seed, decision_id=decision.id
    )
    offer_ids = tuple(offer.offer_id for offer in other.offers)
    shadow = Shadow(model=engine.versions["model"], offer_ids=offer_ids)
    return decision.model_copy(update={"shadow": shadow})


def with_contacts(
    customer: Customer,
    decision: Decision,
    offers: Sequence[Offer],
    now: datetime,
    channel: Channel | None,
    *,
    withheld: Sequence[Offer] = (),
) -> Customer:
    """The customer with these offers put to them: what contact caps count; or withheld from them,
    which caps of the control group count alike."""
    made = tuple(
        OfferContact(
            offer_id=offer.id,
            decision_id=decision.id,
            at=now,
            channel=channel,
            purpose=offer.purpose,
            groups=offer.groups,
            withheld=is_withheld or None,
        )
        for is_withheld, some in ((False, offers), (True, withheld))
        for offer in some
    )
    return customer.model_copy(update={"offers": (*made, *customer.offers)})


def products_meant(question: Question, rooms: Rooms) -> tuple[Product, ...]:
    """The products in the question and in the basket."""
    known = rooms.assortment.current.products
    meant = (
        [m.product_id for m in question.understanding.products] if question.understanding else []
    )
    wanted = dict.fromkeys((*meant, *question.context.basket))
    return tuple(known[i] for i in wanted if i in known)


def decision_id(interaction_id: str) -> str:
    """The same for a repeated attempt at the same interaction."""
    return f"d-{hashlib.sha256(interaction_id.encode()).hexdigest()[:24]}"


def seed_of(decision_id: str) -> int:
    """The decision's seed: from its id, so that a repeated attempt draws alike."""
    return int.from_bytes(hashlib.sha256(decision_id.encode()).digest()[:4])


def note_spent(names: frozenset[str], units: Sequence[Unit], rooms: Rooms) -> bool:
    """Remember the budgets among the writes that were refused, and whether there were any: the next
    plan does without them, and was not late for anything."""
    spent = [unit for unit in units if unit.name in names]
    for unit in spent:
        rooms.budgets.note_spent(unit.offer_id, unit.shard, rooms.clock())
        rooms.budgets.look(rooms.dynamodb, unit.offer_id, unit.budget, rooms.clock())
    return bool(spent)


def _units(
    offers: Sequence[Offer], rooms: Rooms, now: datetime
) -> tuple[tuple[Unit, ...], frozenset[str]]:
    """A unit of every budgeted winner; and the winners that have none left."""
    units: list[Unit] = []
    spent: set[str] = set()
    for offer in offers:
        if offer.policy.budget is None:
            continue
        shard = rooms.budgets.pick(offer.id, offer.policy.budget, now)
        if shard is None:
            spent.add(offer.id)
        else:
            units.append(Unit(offer.id, offer.policy.budget, shard))
    return tuple(units), frozenset(spent)
