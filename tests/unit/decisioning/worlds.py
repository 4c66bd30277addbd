"""Catalogs and customers drawn at random, and what should be decided, worked out the plain way.

The plain way scores every offer by itself, feature by feature, sorts, and chooses greedily. It
shares with the engine the meaning of a single rule and of a single feature, both tested elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import exp, floor
from random import Random
from typing import Any

from chalicelib.catalog.rules import check_rule
from chalicelib.decisioning import FEATURES, Engine, Model
from chalicelib.decisioning.compiled import open_catalog
from chalicelib.decisioning.compiling import compile_catalog
from chalicelib.decisioning.eligibility import prepare_rule
from chalicelib.decisioning.situation import Situation, Target
from chalicelib.decisioning.view import build_frame
from chalicelib.model import (
    Aggregates,
    Behaviour,
    Cap,
    CompiledOffer,
    ContactLimits,
    Customer,
    DecisionContext,
    DecisionInputs,
    Offer,
    Understanding,
)

from .builders import NOW, contact, days, offer, product

RULES = (
    "true", "true", "true", "customer.n >= 3", "customer.n >= 5.0", "customer.n < 5",
    "!(customer.tier == 'gold') || customer.n < 3", "customer.tier in ['gold', 'silver']",
    "'a' in customer.tags && !('b' in customer.tags)",
    "'a' in customer.tags || 'c' in customer.tags",
    "context.channel == 'sms' || customer.tier == 'gold'",
    "customer.n + 1 > 4 && has(customer.tier)",
    "customer.tier == 'gold' ? customer.n > 2 : customer.n > 6", "customer.tier != 'gold'",
)  # fmt: skip
PATHS = ("shoes", "shoes/trail", "shoes/road", "bags", "bags/small", "hats")
TITLES = ("Offer", "Offer", "Running deal", "Bags!", "50 % off")
LEARNED = Model(
    "learned",
    {"bias": -0.5, "bought_lately": 1.5, "bought_often": -0.75, "looked_lately": 2.0, "due": 1.0,
     "asked_category": -1.0, "asked_product": 3.0, "in_basket": -2.0, "interest": 1.25,
     "repeated": 1.0, "clicked": 2.0, "marketing": 0.5, "offer.discount": -2.0, "offer.x": 1.5},
)  # fmt: skip
BIASED = Model("biased", {"bias": 2.5, "offer.discount": 1.5, "clicked": 0.5})


@cache
def checked(text: str) -> Any:
    return check_rule(text)


@dataclass(frozen=True)
class World:
    offers: list[Offer]
    limits: ContactLimits
    inputs: DecisionInputs

    def engine(self, model: Model, compiled_for: Model) -> Engine:
        compiled = (CompiledOffer(offer=o, rule=checked(o.rule)) for o in self.offers)
        artifact = compile_catalog(
            compiled, published_at=NOW, limits=self.limits, model=compiled_for
        )
        return Engine(open_catalog(artifact.body), model)


def a_world(rng: Random, limit: int | None = None) -> World:
    size = rng.choice((3, 12, 40, 40, 90))
    flat = rng.random() < 0.5
    offers = [_an_offer(rng, f"o{n:03}", flat) for n in range(size)]
    rng.shuffle(offers)
    return World(offers, _limits(rng), _inputs(rng, offers, limit))


def _an_offer(rng: Random, offer_id: str, flat: bool) -> Offer:
    value = rng.choice((10.0, 10.0, 5.0)) if flat else round(rng.lognormvariate(2, 1.5), 2)
    features = {"discount": rng.choice((0.0, 0.5, 4.0)), "x": rng.choice((-3.0, 1.0, 0.25))}
    return offer(
        offer_id,
        title=rng.choice(TITLES),
        purpose=rng.choice(("marketing", "marketing", "service")),
        rule=rng.choice(RULES),
        value=rng.choice((value, value, value, value, 0.0)),
        weight=rng.choice((1.0, 1.0, 1.0, 0.5, 0.0)),
        starts_at=rng.choice((None, None, None, NOW, NOW + days(1))),
        ends_at=rng.choice((None, None, None, NOW + days(2))),
        products=tuple(
            rng.sample([f"category:{p}" for p in PATHS] + ["p0", "p1", "p2"], rng.choice((0, 1, 2)))
        ),
        features=dict(rng.sample(sorted(features.items()), rng.choice((0, 0, 1, 2)))),
        policy={
            "per_customer": [_cap(rng)] if rng.random() < 0.4 else [],
            "budget": rng.choice((None, None, None, None, 5, 0)),
            "exclusive_group": rng.choice((None, None, None, "g", "h")),
        },
    )


def _cap(rng: Random) -> Cap:
    return Cap(times=rng.choice((1, 2, 3)), days=rng.choice((1, 7, 30)))


def _limits(rng: Random) -> ContactLimits:
    def some(*names: str) -> dict[str, Any]:
        return {name: [_cap(rng)] for name in names if rng.random() < 0.25}

    return ContactLimits(
        overall=[_cap(rng), Cap(times=9, days=30)] if rng.random() < 0.25 else [],
        channels=some("sms", "email"),
        purposes=some("service", "marketing"),
        groups=some("shoes", "shoes/trail", "bags"),
    )


def _inputs(rng: Random, offers: list[Offer], limit: int | None) -> DecisionInputs:
    def ago(most: float) -> Any:
        return NOW - days(rng.choice((0, 1, 7, 30, rng.uniform(-1, most))))

    paths = rng.sample(PATHS, rng.choice((0, 0, 1, 3)))
    met = rng.sample(offers, min(len(offers), rng.choice((0, 1, 4, 8))))
    answers = (None, None, "clicked", "bought", "ignored")
    contacts = [
        contact(o.id, 0, at=ago(95), channel=rng.choice((None, "sms", "email")), groups=o.groups,
                purpose=o.purpose, response=rng.choice(answers))
        for o in met for _ in range(rng.choice((1, 1, 2)))
    ]  # fmt: skip
    kept = Aggregates(
        order_count=rng.choice((0, 4)),
        first_purchase_at=NOW - days(400),
        last_purchase={p: ago(300) for p in paths},
        purchase_count={p: rng.randrange(1, 9) for p in paths},
        last_view={p: ago(9) for p in rng.sample(PATHS, rng.choice((0, 1, 2)))},
        last_product_purchase={
            p: ago(300) for p in rng.sample(("p0", "p1"), rng.choice((0, 0, 1)))
        },
    )
    attributes = {"n": rng.choice((2, 3, 4.5, 5, 7)), "tier": rng.choice(("gold", "silver", "x")),
                  "tags": rng.sample("abc", rng.randrange(3))}  # fmt: skip
    customer = Customer(
        id="c",
        attributes=dict(rng.sample(sorted(attributes.items()), rng.choice((2, 3, 3)))),
        interests=rng.sample(("running", "bags", "trail", "yoga"), rng.choice((0, 0, 1, 2))),
        aggregates=kept,
        offers=contacts,
        recent=[Behaviour(at=NOW, name="product_viewed", product_id="p2")] * rng.choice((0, 0, 1)),
    )
    meant = [{"product_id": "p0", "confidence": 1}] if rng.random() < 0.3 else []
    return DecisionInputs(
        customer=customer,
        context=DecisionContext(
            channel=rng.choice((None, "sms", "email", "x_reply")), basket=rng.choice(((), ("p1",)))
        ),
        understanding=rng.choice(
            (None, Understanding(intent="availability", confidence=1, products=meant))
        ),
        products=(product("p0", "shoes/trail"), product("p1", "bags")),
        limit=rng.randrange(11) if limit is None else limit,
        purposes=rng.choice((("service", "marketing"), ("service", "marketing"), ("marketing",))),
        exhausted=tuple(o.id for o in rng.sample(offers, rng.choice((0, 2)))),
    )


def plain_order(world: World, model: Model) -> list[tuple[float, Offer]]:
    """(minus score, offer) of all eligible offers, best first, ties by id."""
    inputs = world.inputs
    products, met = {p.id: p for p in inputs.products}, inputs.customer.offers
    of: Any = (inputs.customer, inputs.context, inputs.understanding, products, NOW)
    frame, situation = build_frame(*of), Situation(*of)
    found = [
        (-_score(o, situation, model), o)
        for o in world.offers
        if (o.starts_at is None or o.starts_at <= NOW)
        and (o.ends_at is None or o.ends_at > NOW)
        and o.purpose in inputs.purposes
        and prepare_rule(checked(o.rule)).test(frame)
        and o.policy.budget != 0
        and o.id not in inputs.exhausted
        and _room(o.policy.per_customer, [c.at for c in met if c.offer_id == o.id])
    ]  # fmt: skip
    return sorted(found, key=lambda pair: (pair[0], pair[1].id))


def _score(of: Offer, situation: Situation, model: Model) -> float:
    target = Target.of(of)
    log_odds = sum(model.weights.get(f.name, 0.0) * f.measure(situation, target) for f in FEATURES)
    log_odds += sum(model.weights.get(f"offer.{n}", 0.0) * v for n, v in of.features.items())
    return floor(2**40 / (1 + exp(-log_odds))) / 2**40 * (of.value * of.weight)


def _room(caps: Any, moments: Any) -> bool:
    return all(sum(at + days(cap.days) > NOW for at in moments) < cap.times for cap in caps)


def plain_choice(world: World, order: list[tuple[float, Offer]]) -> list[str]:
    """The ids of the offers to be made: the greedy choice under the catalog's limits."""
    limits, inputs = world.limits, world.inputs
    contacts = [(c.at, c.channel, c.purpose, c.groups) for c in inputs.customer.offers]
    chosen: list[Offer] = []
    channel = inputs.context.channel
    for _, o in order:
        group = o.policy.exclusive_group
        if len(chosen) == inputs.limit or (
            group and group in {c.policy.exclusive_group for c in chosen}
        ):
            continue
        room = [_room(limits.overall, [at for at, *_ in contacts])]
        room += [
            _room(caps, [at for at, on, _, _ in contacts if on == channel])
            for name, caps in limits.channels.items() if name == channel
        ]  # fmt: skip
        room += [
            _room(caps, [at for at, _, purpose, _ in contacts if purpose == o.purpose])
            for name, caps in limits.purposes.items() if name == o.purpose
        ]  # fmt: skip
        room += [
            _room(caps, [at for at, _, _, groups in contacts if name in groups])
            for name, caps in limits.groups.items() if name in o.groups
        ]  # fmt: skip
        if all(room):
            chosen.append(o)
            contacts.append((NOW, channel, o.purpose, o.groups))
    return [o.id for o in chosen]
