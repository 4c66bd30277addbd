"""Rejoinder's own engine on the ladder: the product's code, from the customer view to the model.

Every type is an offer of a published catalog, every household a customer, every moment a decision
of `Engine`. What it learns from are the outcomes of its own offers, counted by `Statistics` and
made a model by `learn` every night; what households bought is in their view and in `Habits`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from time import thread_time
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from chalicelib.catalog.rules import compile_offer
from chalicelib.decisioning import PRIOR, Engine
from chalicelib.decisioning.habits import Habits
from chalicelib.decisioning.learning import Aged, learn
from chalicelib.decisioning.scoring import Observed
from chalicelib.decisioning.situation import LATEST_ORDERS
from chalicelib.decisioning.statistics import Statistics, merged
from chalicelib.model import (
    Aggregates,
    Channel,
    Customer,
    DecisionContext,
    DecisionInputs,
    Offer,
    Order,
    OrderLine,
    Product,
    Profile,
    Purpose,
)

from .journey import Array, Shop, Trips
from .moments import Moment, Moments
from .protocol import Offers
from .stage import Stage

HALF_LIFE: Final = 180.0
"""Days, after which an outcome counts for half."""
_WEEK: Final = 7
_ZONE: Final = ZoneInfo("America/New_York")
_CENT: Final = Decimal("0.01")


def ours(stage: Stage) -> Ours:
    """The rung."""
    return Ours(stage)


class Ours:
    """Rejoinder. Its offers are known by the names of types: `t012`."""

    def __init__(self, stage: Stage, *, half_life: float = HALF_LIFE) -> None:
        shop = stage.shop
        self._seed, self._half_life = stage.seed, half_life
        self._paths = _paths(shop)
        self._place = {f"t{at:03}": at for at in range(len(shop.catalog))}
        self._products = [_product(at, path) for at, path in enumerate(self._paths)]
        self._lines = [OrderLine(category=path, amount=_CENT) for path in self._paths]
        self._habits = Habits(self._paths)
        self._views = [_View(str(household)) for household in shop.household_ids.tolist()]
        offers = [compile_offer(_offer(at, path)) for at, path in enumerate(self._paths)]
        self._alike = self._habits.alike()
        self._weeks: dict[int, Statistics] = {}
        self._day = 0
        self._engine = Engine.of(offers, model=PRIOR)
        self._learn()
        self._made: list[Observed] = []
        self._deciding: list[float] = []
        self.steps: list[float] = []
        """Of each moment the processor time, in seconds, that features, choice and update took:
        the customer's view as it is, and no model learned."""

    def offer(self, asked: Moments) -> Offers:
        self._deciding = []
        made = [self.decide(moment, n) for n, moment in enumerate(asked)]
        self._made = [observed for _, _, observed in made]
        types = np.array([place for place, _, _ in made])
        return Offers(types, np.array([score for _, score, _ in made]))

    def decide(self, moment: Moment, number: int = 0) -> tuple[int, float, Observed]:
        """The place of the type offered, its score, and what learning needs of it."""
        inputs = self.inputs(moment)
        now = moment.at.replace(tzinfo=_ZONE).astimezone(UTC)
        seed = Random(f"{self._seed} {moment.day} {number}").getrandbits(32)
        began = thread_time()
        slates = self._engine.slates(inputs, now=now)
        ((candidate, offer),) = slates.drawn(seed)
        observed = slates.observed(offer.id)
        self._deciding.append(thread_time() - began)
        return self._place[offer.id], candidate.score, observed

    def inputs(self, moment: Moment) -> DecisionInputs:
        """The moment as the running system would record it; nothing is validated twice."""
        known = [f"t{at:03}" for at in moment.known]
        usual = np.flatnonzero(~moment.allowed).tolist()
        customer = self._views[moment.household].customer([f"t{at:03}" for at in usual])
        return DecisionInputs.model_construct(
            customer=customer,
            context=DecisionContext.model_construct(channel=Channel.SMS, basket=tuple(known)),
            products=tuple(self._products[at] for at in moment.known),
            limit=1,
            purposes=(Purpose.MARKETING, Purpose.SERVICE),
        )

    def hear(self, taken: Array) -> None:
        names = [name for observed in self._made for name in observed.features]
        counted = Statistics(names)
        times = zip(self._made, taken.tolist(), self._deciding, strict=True)
        for observed, answered, deciding in times:
            began = thread_time()
            counted.observe(observed.features, observed.log_odds, answered=answered)
            self.steps.append(deciding + thread_time() - began)
        week = self._day // _WEEK
        self._weeks[week] = merged([*filter(None, [self._weeks.get(week)]), counted])

    def see(self, trips: Trips) -> None:
        day = int(trips.day[0])
        for n, household in enumerate(trips.household.tolist()):
            places = trips.type[trips.start[n] : trips.start[n + 1]]
            at = trips.at[n].item()
            self._habits.count(
                str(household),
                places.astype(np.intp),
                day=day,
                hour=at.hour,
                is_weekend=at.weekday() >= 5,
            )
            lines = tuple(self._lines[place] for place in places.tolist())
            self._views[household].note(at.replace(tzinfo=_ZONE).astimezone(UTC), lines)
        self._day = day + 1
        if day % _WEEK == _WEEK - 1:
            self._alike = self._habits.alike()
        self._learn()

    def _learn(self) -> None:
        """The model of the next day."""
        spans = [
            Aged(counted, 0.5 ** ((self._day - _WEEK * week) / self._half_life))
            for week, counted in self._weeks.items()
        ]
        self.model = learn(
            spans,
            PRIOR,
            rng=Random(f"{self._seed} {self._day}"),
            patterns=self._habits.patterns(self._alike),
        )
        self._engine = self._engine.under(self.model)


class _View:
    """One household's customer view, added to trip by trip."""

    def __init__(self, household: str) -> None:
        self._id = household
        self._profile = Profile(time_zone=_ZONE.key)
        self._totals = Aggregates.model_construct(
            **{**Aggregates().__dict__, "purchase_count": {}, "last_purchase": {}}
        )
        self._orders: tuple[Order, ...] = ()

    def note(self, at: datetime, lines: Sequence[OrderLine]) -> None:
        known = self._totals.__dict__
        for line in lines:
            path = str(line.category)
            known["purchase_count"][path] = known["purchase_count"].get(path, 0) + 1
            known["last_purchase"][path] = at
        known["order_count"] += 1
        known["first_purchase_at"] = known["first_purchase_at"] or at
        known["last_purchase_at"] = at
        order = Order.model_construct(id=str(at), at=at, total=_CENT, lines=tuple(lines))
        self._orders = (order, *self._orders[: LATEST_ORDERS - 1])

    def customer(self, usual: list[str]) -> Customer:
        return Customer.model_construct(
            id=self._id,
            profile=self._profile,
            attributes={"usual": usual},
            aggregates=self._totals,
            orders=self._orders,
        )


def _paths(shop: Shop) -> tuple[str, ...]:
    """`<kind>/<type>`, as product_type paths: numbers, for names may hold anything."""
    kinds = {name: n for n, name in enumerate(sorted(set(shop.categories)))}
    return tuple(f"k{kinds[kind]:03}/t{at:03}" for at, kind in enumerate(shop.categories))


def _product(at: int, path: str) -> Product:
    return Product(id=f"t{at:03}", title=path, price="1.00 USD", product_type=path)


def _offer(at: int, path: str) -> Offer:
    """What they buy anyway, and what is in the basket, is not offered."""
    name = f"t{at:03}"
    rule = f"!('{name}' in customer.usual)"
    return Offer(id=name, title=path, rule=rule, value=1.0, products=(f"category:{path}",))
