"""What every contender decides: a generated catalog and customers, the same for one seed.

Offers: value lognormal (sigma 1) about 10, or `flat`, 10 plus or minus 1 %; weight 1; one of 40
categories; a discount of 0 to 40 %; at most once in 7 days per customer; a rule of 3 to 8
predicates (`rules`). Customers: 60 attributes (`population`), no purchase history unless asked for,
and 12 offers made in the last 30 days: six of those that they are eligible for and that are worth
most, so that caps stand in the way of the best, six at random. All are decided for at `NOW`, top 3.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final, Literal

from chalicelib.model import (
    Aggregates,
    Cap,
    Channel,
    CompiledOffer,
    ContactPolicy,
    Customer,
    Offer,
    OfferContact,
)

from . import dialects, population, rules
from .conditions import Condition, holds
from .population import Record

NOW: Final = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
LIMIT: Final = 3
CATEGORIES: Final = tuple(f"c{i:02}" for i in range(40))
DISCOUNTS: Final = tuple(i / 20 for i in range(9))
POLICY: Final = ContactPolicy(per_customer=(Cap(times=1, days=7),))
Values = Literal["lognormal", "flat"]


@dataclass(frozen=True, slots=True)
class Workload:
    """Offers in order of id, the rule of each as a tree, and the customers to decide for."""

    offers: Sequence[Offer]
    conditions: Sequence[Condition]
    customers: Sequence[Customer]

    def compiled(self) -> Iterator[CompiledOffer]:
        """The offers as published, their rules checked without the parser."""
        for offer, condition in zip(self.offers, self.conditions, strict=True):
            yield CompiledOffer(offer=offer, rule=dialects.checked(condition))


def generate(
    seed: int,
    size: int,
    customers: int,
    values: Values = "lognormal",
    *,
    history: bool = False,
) -> Workload:
    """A workload of `size` offers. With the same seed a smaller catalog is the start of a larger,
    and flat values stand beside the same rules. With `history` customers bought in 8 of the
    categories and looked at 8: what they have to do with an offer then counts in its score."""
    conditions = _conditions(seed, size)
    worth = random.Random(f"{seed} {values}")
    offers = [
        _offer(number, condition, worth, values) for number, condition in enumerate(conditions)
    ]
    rng = random.Random(f"{seed} customers")
    people = [_customer(number, rng) for number in range(customers)]
    rng = random.Random(f"{seed} contacts")
    ranked = sorted(range(size), key=lambda place: -offers[place].value)
    met = [_contacts(person, offers, conditions, ranked, rng) for person in people]
    made = Workload(
        offers,
        conditions,
        [p.model_copy(update={"offers": o}) for p, o in zip(people, met, strict=True)],
    )
    return with_history(seed, made) if history else made


def with_history(seed: int, workload: Workload) -> Workload:
    """The same catalog and customers; these have bought before."""
    rng = random.Random(f"{seed} history")
    customers = [p.model_copy(update={"aggregates": _history(rng)}) for p in workload.customers]
    return replace(workload, customers=customers)


def eligible_share(conditions: Sequence[Condition], records: Sequence[Record]) -> float:
    """The mean share of the rules that a customer meets."""
    met = sum(holds(condition, record) for record in records for condition in conditions)
    return met / (len(conditions) * len(records))


def category(offer: Offer) -> str:
    """The one category that the offer is about."""
    return offer.products[0].removeprefix("category:")


@lru_cache(maxsize=1)
def _conditions(seed: int, size: int) -> Sequence[Condition]:
    rng = random.Random(f"{seed} rules")
    return [rules.rule(rng) for _ in range(size)]


def _offer(number: int, condition: Condition, rng: random.Random, values: Values) -> Offer:
    value = 10 * rng.lognormvariate(0, 1) if values == "lognormal" else rng.uniform(9.9, 10.1)
    return Offer(
        id=f"o{number:06}",
        title=f"Offer {number}",
        rule=dialects.cel(condition),
        value=round(value, 4),
        products=(f"category:{rng.choice(CATEGORIES)}",),
        features={"discount": rng.choice(DISCOUNTS)},
        policy=POLICY,
    )


def _customer(number: int, rng: random.Random) -> Customer:
    return Customer(id=f"customer-{number}", attributes=population.record(rng))


def _history(rng: random.Random) -> Aggregates:
    bought = sorted(rng.sample(CATEGORIES, 8))
    viewed = sorted(rng.sample(CATEGORIES, 8))
    last_purchase = {category: _ago(rng, 400) for category in bought}
    counts = {category: rng.randint(1, 12) for category in bought}
    return Aggregates(
        order_count=sum(counts.values()),
        first_purchase_at=min(last_purchase.values()) - timedelta(days=200),
        last_purchase_at=max(last_purchase.values()),
        last_purchase=last_purchase,
        purchase_count=counts,
        view_count={category: rng.randint(1, 30) for category in viewed},
        last_view={category: _ago(rng, 60) for category in viewed},
    )


def _ago(rng: random.Random, days: float) -> datetime:
    return NOW - timedelta(days=days * rng.random())


def _contacts(
    customer: Customer,
    offers: Sequence[Offer],
    conditions: Sequence[Condition],
    ranked: Sequence[int],
    rng: random.Random,
) -> tuple[OfferContact, ...]:
    """Twelve, newest first, of different offers."""
    worthy = (place for place in ranked if holds(conditions[place], customer.attributes))
    places = list(islice(worthy, 6))
    while len(places) < min(12, len(offers)):
        if (place := rng.randrange(len(offers))) not in places:
            places.append(place)
    contacts = [
        OfferContact(
            offer_id=offers[place].id,
            decision_id=f"d{place}",
            at=_ago(rng, 30),
            channel=Channel.SMS,
            response=rng.choice((None, None, "ignored", "clicked", "bought")),
        )
        for place in places
    ]
    return tuple(sorted(contacts, key=lambda contact: contact.at, reverse=True))
