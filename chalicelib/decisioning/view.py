"""What rules and features read, as plain data: the customer, the context, the request, the moment.

The names and types are those that the rule checker declares. What is not known is left out, so that
a condition on it is false; an attribute never stands in for a kept field of the same name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, time, timedelta
from math import isfinite
from typing import Any, Final

from pydantic_core import to_jsonable_python

from ..model import Customer, DecisionContext, Product, Purpose, Understanding
from .kinds import sort_by_kind
from .moments import zone
from .values import EPOCH, Undefined

Frame = dict[str, Any]
"""`{"customer": {...}, "context": {...}, "request": {...}}`, and the variables that macros bind.
`moment`, which no author can name, holds what offers ask of the decision itself, and `by_kind`
the customer's values sorted out."""

EVERY_PURPOSE: Final = "every"
"""Stands in the frame for all purposes together."""
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_INT64: Final = 2**63
_TEXTS: Final = frozenset({str})


def build_frame(
    customer: Customer,
    context: DecisionContext,
    understanding: Understanding | None,
    products: Mapping[str, Product],
    now: datetime,
    purposes: Collection[Purpose] = tuple(Purpose),
) -> Frame:
    """The data of one decision, in which offers of these purposes may be made."""
    kept = _profile(customer, now) | _totals(customer)
    known = _known({**_attributes(customer), **kept})
    return {
        "customer": known,
        "by_kind": sort_by_kind(known),
        "context": _known(_circumstances(customer, context, now)),
        "request": _known(_request(understanding, products)),
        "moment": {"at": epoch_microseconds(now), "purposes": _served(purposes)},
    }


def unprofiled(customer: Customer) -> Customer:
    """The customer without what browsing told of them, once a browser of theirs sent Global Privacy
    Control (https://www.w3.org/TR/gpc/); what they bought and said stays. Else the very same."""
    if not customer.gpc:
        return customer
    looks: Frame = {"view_count": {}, "last_view": {}}
    seen: Frame = {"last_seen_at": None, "interaction_count": 0}
    totals = customer.aggregates.model_copy(update=looks | seen)
    return customer.model_copy(update={"recent": (), "aggregates": totals})


def epoch_microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970; exact in a double until the year 2255."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def _served(purposes: Collection[Purpose]) -> str:
    if len(set(purposes)) == len(Purpose):
        return EVERY_PURPOSE
    return next((purpose.value for purpose in purposes), "none")


def local_time(customer: Customer, now: datetime) -> datetime:
    """`now` where the customer lives; UTC where that is not known."""
    try:
        return now.astimezone(zone(customer.profile.time_zone))
    except Undefined:
        return now.astimezone(UTC)


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _attributes(customer: Customer) -> dict[str, Any]:
    return {name: _cel(value) for name, value in customer.attributes.items()}


def _cel(value: Any) -> Any:
    """A JSON value as CEL has it: numbers of 64 bits, no infinities, maps without nulls."""
    kind = type(value)
    if kind is str or kind is bool:
        return value
    if kind is float:
        return value if isfinite(value) else None
    if kind is int:
        if -_INT64 <= value < _INT64:
            return value
        return float(value) if abs(value) < 2**1000 else None
    if kind is list:
        return value if _TEXTS.issuperset(map(type, value)) else [_cel(item) for item in value]
    if kind is dict and _TEXTS.issuperset(map(type, value)):
        return _known({name: _cel(item) for name, item in value.items()})
    return None if value is None else _cel(to_jsonable_python(value))


def _profile(customer: Customer, now: datetime) -> dict[str, Any]:
    profile = customer.profile
    born = profile.birth_date
    return {
        "age": customer.age(now),
        "birth_date": born and datetime.combine(born, time(), UTC),
        "first_name": profile.first_name,
        "last_name": profile.last_name,
        "gender": profile.gender,
        "country": profile.country,
        "language": profile.language,
        "time_zone": profile.time_zone,
        "postcode": profile.postcode,
        "interests": list(customer.interests),
    }


def _totals(customer: Customer) -> dict[str, Any]:
    kept = customer.aggregates
    return {
        "order_count": kept.order_count,
        "spend_total": float(kept.spend_total),
        "first_purchase_at": kept.first_purchase_at,
        "last_purchase_at": kept.last_purchase_at,
        "last_purchase": kept.last_purchase,
        "purchase_count": kept.purchase_count,
        "spend": {category: float(amount) for category, amount in kept.spend.items()},
        "last_product_purchase": kept.last_product_purchase,
        "view_count": kept.view_count,
        "last_view": kept.last_view,
        "last_seen_at": kept.last_seen_at,
        "interaction_count": kept.interaction_count,
    }


def _circumstances(customer: Customer, context: DecisionContext, now: datetime) -> dict[str, Any]:
    local = local_time(customer, now)
    return {
        "channel": context.channel and context.channel.value,
        "placement": context.placement,
        "time": now,
        "hour": local.hour,
        "weekday": WEEKDAYS[local.weekday()],
        "basket": list(context.basket),
        "store": context.store,
        "page": context.page,
    }


def _request(
    understanding: Understanding | None, products: Mapping[str, Product]
) -> dict[str, Any]:
    meant = [m.product_id for m in understanding.products] if understanding else []
    paths = [p for i in meant if i in products for p in products[i].category_paths]
    return {
        "intent": understanding and understanding.intent.value,
        "products": meant,
        "categories": list(dict.fromkeys(paths)),
    }
