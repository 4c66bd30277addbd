"""A regular: a customer as a shop knows somebody after some years."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from chalicelib.customers.activity import RECENT_LIMIT
from chalicelib.model import Behaviour, Consent, Customer, OfferContact, Order, OrderLine, Purpose

from .decision.workload import NOW

PHONE: Final = "phone:+15551230001"


def a_regular(attributes: dict[str, Any]) -> Customer:
    """Joe with these attributes, 30 orders, 40 contacts, and the newest of 100 behaviours."""
    rng, at = random.Random(5), NOW
    paths = [f"c{n:02}/{kind}" for n in range(12) for kind in ("trail", "road")]

    def ago(days: float) -> datetime:
        return at - timedelta(days=days)

    def line() -> OrderLine:
        product, amount = f"p-{rng.randrange(900)}", Decimal(rng.randrange(500, 20_000)) / 100
        return OrderLine(product_id=product, category=rng.choice(paths), amount=amount)

    def contact(n: int) -> OfferContact:
        return OfferContact(
            offer_id=f"o-{rng.randrange(1000)}",
            decision_id=f"d-{n:024x}",
            at=ago(1 + 2 * n),
            purpose=Purpose.MARKETING,
            groups=(paths[n % 24].partition("/")[0], paths[n % 24]),
        )

    return Customer.model_validate(
        {
            "id": "joe",
            "identities": ("user:joe", PHONE, "email:joe@example.com", "x:1234"),
            "profile": {
                "first_name": "Joe",
                "birth_date": "1986-05-02",
                "country": "US",
                "language": "en",
                "time_zone": "America/New_York",
                "postcode": "10001",
                "location": (40.75, -73.99),
            },
            "attributes": attributes,
            "interests": ("running", "hiking"),
            "preferences": {"service": ("sms",), "marketing": ("sms", "email")},
            "consents": tuple(
                Consent(channel=c, purpose=p, state="granted", source="web form", at=ago(200))
                for c in ("sms", "email")
                for p in Purpose
            ),
            "reach": {"sms": {"last_delivered_at": ago(3)}, "email": {"last_delivered_at": ago(9)}},
            "aggregates": {
                "order_count": 30,
                "spend_total": "3120.50",
                "first_purchase_at": ago(700),
                "last_purchase_at": ago(5),
                "last_purchase": {path: ago(5 + n) for n, path in enumerate(paths)},
                "purchase_count": dict.fromkeys(paths, 3),
                "spend": dict.fromkeys(paths, "123.45"),
                "last_product_purchase": {f"p-{n}": ago(5 + n) for n in range(60)},
                "view_count": dict.fromkeys(paths, 7),
                "last_view": {path: ago(n / 7) for n, path in enumerate(paths)},
                "last_seen_at": ago(0.01),
                "interaction_count": 400,
            },
            "recent": tuple(
                Behaviour(
                    at=ago(n / 30), name="product_viewed", product_id=f"p-{n}", category=paths[0]
                )
                for n in range(100)
            )[:RECENT_LIMIT],
            "orders": tuple(
                Order(
                    id=f"A-{n}",
                    at=ago(5 + 2 * n),
                    total=Decimal("104.20"),
                    currency="USD",
                    lines=(line(), line()),
                    store_id="broadway",
                    status="delivered",
                )
                for n in range(30)
            ),
            "offers": tuple(contact(n) for n in range(40)),
            "x_linked_with_opt_in": True,
        }
    )
