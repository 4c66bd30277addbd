"""A small shop and its customers, as plain values for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from chalicelib.assortment import Assortment
from chalicelib.model import (
    Behaviour,
    Channel,
    Customer,
    Intent,
    Offer,
    Order,
    PendingQuestion,
    Preference,
    Product,
    ProductMatch,
    Profile,
    Purpose,
    Reply,
    ScoredOffer,
    Store,
    TrackedLink,
    Understanding,
    Wording,
)
from chalicelib.replies import Answer, Brand, compose, word

NOW = datetime(2026, 11, 19, 0, 10, tzinfo=UTC)  # Wednesday 19:10 in New York
BASE_URL = "https://rjdr.co"
BRAND = Brand(
    name="RetailerXYZ",
    support_contact="help@retailerxyz.example",
    postal_address="RetailerXYZ, 1 Main Street, Springfield",
)
ADDRESSES = {
    Channel.X_REPLY: "1234",
    Channel.X_DM: "1234",
    Channel.EMAIL: "joe@example.com",
}


def product(product_id: str, **fields: Any) -> Product:
    defaults: dict[str, Any] = {
        "title": "Trailblazer GTX",
        "brand": "Fjord",
        "product_type": "shoes/trail",
        "price": "129.90 USD",
        "link": f"https://shop.example/p/{product_id}",
        "size": "44",
        "color": "blue",
        "item_group_id": "tb",
        "stock": {"broadway": 3, "soho": 0},
    }
    return Product(id=product_id, **{**defaults, **fields})


def store(store_id: str, **fields: Any) -> Store:
    defaults: dict[str, Any] = {"name": store_id.title(), "time_zone": "America/New_York"}
    return Store(id=store_id, **{**defaults, **fields})


BROADWAY = store(
    "broadway",
    address="1 Broadway, New York",
    location=(40.70, -74.01),
    hours={"wed": "10:00-20:00", "fri": "10:00-20:00"},
)
SOHO = store("soho", address="2 Spring Street, New York 10012", location=(40.72, -74.00))
GONE = {"broadway": 0, "soho": 0}


def shop(*products: Product, stores: Sequence[Store] = (BROADWAY, SOHO)) -> Assortment:
    return Assortment.of(products, stores)


TRAIL = product("tb-44")
SHOP = shop(TRAIL, product("tb-43", size="43"), product("tb-46", size="46", stock=GONE))


def joe(**fields: Any) -> Customer:
    profile = {
        "first_name": "Joe",
        "country": "US",
        "time_zone": "America/New_York",
        "postcode": "10001",
        "location": (40.75, -73.99),
        **fields.pop("profile", {}),
    }
    defaults: dict[str, Any] = {
        "id": "joe",
        "identities": ("x:1234", "phone:+15551230001", "email:joe@example.com"),
        "profile": Profile(**profile),
        "interests": ("running",),
        "x_linked_with_opt_in": True,
    }
    return Customer(**{**defaults, **fields})


def order(order_id: str, days: int = 1, **fields: Any) -> Order:
    defaults: dict[str, Any] = {"total": Decimal("129.90"), "currency": "USD", "status": "shipped"}
    return Order(id=order_id, at=NOW - timedelta(days=days), **{**defaults, **fields})


def viewed(product_id: str) -> Behaviour:
    return Behaviour(at=NOW, name="product_viewed", product_id=product_id)


def asked_of_us(kind: Any, *products: str) -> PendingQuestion:
    return PendingQuestion(kind=kind, product_ids=products, asked_at=NOW)


def means(
    intent: str, *products: str, confidence: float = 0.9, ambiguous: bool = False, **slots: str
) -> Understanding:
    return Understanding(
        intent=Intent(intent),
        confidence=confidence,
        products=tuple(ProductMatch(product_id=p, confidence=0.9) for p in products),
        ambiguous=ambiguous,
        slots=slots,
    )


def by(channel: str, *, marketing: bool = False, personal: bool | None = None) -> Preference:
    chosen = Channel(channel)
    return Preference(
        chosen=chosen,
        to=ADDRESSES.get(chosen, "+15551230001"),
        marketing=marketing,
        personal=chosen is not Channel.X_REPLY if personal is None else personal,
    )


def answer(
    understanding: Understanding,
    customer: Customer | None = None,
    assortment: Assortment = SHOP,
    **options: Any,
) -> Answer:
    defaults: dict[str, Any] = {
        "preference": by("sms"),
        "now": NOW,
        "brand": BRAND,
        "threshold": 0.55,
    }
    return compose(understanding, customer or joe(), assortment, **{**defaults, **options})


def offer(
    offer_id: str = "trail-10",
    purpose: Purpose = Purpose.MARKETING,
    link: str | None = None,
    **wording: Any,
) -> tuple[Offer, ScoredOffer]:
    made = Offer(
        id=offer_id,
        title="10% off trail shoes",
        purpose=purpose,
        value=1,
        link=link,
        wording=Wording(**wording),
    )
    scored = ScoredOffer(
        offer_id=offer_id,
        title=made.title,
        score=1,
        probability=1,
        value=1,
        weight=1,
        selection_probability=1,
    )
    return made, scored


def link_maker() -> Callable[[str, str | None], TrackedLink]:
    """Links with tokens as long as the real ones, counted instead of drawn."""
    numbers = count(1)

    def make_link(url: str, offer_id: str | None) -> TrackedLink:
        return TrackedLink(
            token=f"tok{next(numbers):07}", url=url, customer_id="joe", offer_id=offer_id
        )

    return make_link


def say(
    said: Answer,
    preference: Preference | None = None,
    offers: Sequence[tuple[Offer, ScoredOffer]] = (),
    customer: Customer | None = None,
    **options: Any,
) -> Reply:
    defaults: dict[str, Any] = {
        "make_link": link_maker(),
        "base_url": BASE_URL,
        "brand": BRAND,
        "decision_id": "d1",
    }
    return word(
        said,
        preference=preference or by("sms"),
        offers=offers,
        customer=customer or joe(),
        **{**defaults, **options},
    )
