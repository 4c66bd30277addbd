"""Customers, offers and engines for these tests, each with everything that a test does not name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.catalog.rules import check_rule, compile_offer
from chalicelib.decisioning import PRIOR, Engine, Model
from chalicelib.decisioning.eligibility import Rule, prepare_rule
from chalicelib.model import (
    Aggregates,
    ContactLimits,
    Customer,
    Decision,
    DecisionContext,
    DecisionInputs,
    Offer,
    OfferContact,
    Product,
    Profile,
    RejectedOffer,
)

NOW = datetime(2026, 11, 18, 0, 10, tzinfo=UTC)
"""19:10 of the evening before in New York."""


def days(count: float) -> timedelta:
    return timedelta(days=count)


def joe(**changes: Any) -> Customer:
    return Customer(
        **{
            "id": "joe",
            "profile": Profile(
                first_name="Joe",
                birth_date=date(1986, 5, 2),
                country="US",
                time_zone="America/New_York",
            ),
            "attributes": {"tier": "gold", "household_size": 3},
            "interests": ("running",),
            "aggregates": Aggregates(
                order_count=4,
                spend_total=Decimal("412.50"),
                first_purchase_at=NOW - days(500),
                last_purchase_at=NOW - days(200),
                last_purchase={"shoes": NOW - days(200), "shoes/trail": NOW - days(200)},
                purchase_count={"shoes": 3, "shoes/trail": 2},
                spend={"shoes": Decimal("300.00")},
            ),
            **changes,
        }
    )


def offer(offer_id: str = "a", **changes: Any) -> Offer:
    return Offer(**{"id": offer_id, "title": f"Offer {offer_id}", "value": 10.0, **changes})


def contact(offer_id: str, age_days: float, **changes: Any) -> OfferContact:
    return OfferContact(
        **{"offer_id": offer_id, "decision_id": "d", "at": NOW - days(age_days), **changes}
    )


def product(product_id: str, product_type: str) -> Product:
    return Product(id=product_id, title=product_id, price="10.00 USD", product_type=product_type)


def rule(text: str) -> Rule:
    return prepare_rule(check_rule(text))


def engine(*offers: Offer, limits: dict[str, Any] | None = None, model: Model = PRIOR) -> Engine:
    return Engine.of(
        map(compile_offer, offers), limits=ContactLimits(**(limits or {})), model=model
    )


def asked(customer: Customer | None = None, **changes: Any) -> DecisionInputs:
    return DecisionInputs(
        **{
            "customer": customer or joe(),
            "context": DecisionContext(channel="sms"),
            "limit": 3,
            **changes,
        }
    )


def decided(
    by: Engine, inputs: DecisionInputs, now: datetime = NOW, seed: int = 7, **changes: Any
) -> Decision:
    return by.decide(inputs, now=now, seed=seed, **{"decision_id": "d-1", **changes})


def decide(*offers: Offer, customer: Customer | None = None, **changes: Any) -> Decision:
    """`limits` and `model` make the engine, what is left goes to the inputs and the decision."""
    return _made(offers, customer, changes)[2]


def told(*offers: Offer, customer: Customer | None = None, **changes: Any) -> list[RejectedOffer]:
    """The account of every other offer, of the same decision."""
    by, inputs, decision = _made(offers, customer, changes)
    return list(by.account(inputs, decision))


def _made(
    offers: Iterable[Offer], customer: Customer | None, changes: dict[str, Any]
) -> tuple[Engine, DecisionInputs, Decision]:
    making = {name: changes.pop(name) for name in ("limits", "model") if name in changes}
    moment = {n: changes.pop(n) for n in ("now", "seed", "decision_id", "interaction_id", "digest")
              if n in changes}  # fmt: skip
    by, inputs = engine(*offers, **making), asked(customer, **changes)
    return by, inputs, decided(by, inputs, **moment)
