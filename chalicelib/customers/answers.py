"""What customers did about the offers they were made: which orders and coupons answer which.

Pure. An offer is answered by what comes at most `window` after it was made:

    bought      an order with a line that names a product of the offer, or lies in a category of it
    redeemed    an order whose Segment property `coupon` is the offer's id
    returned    the order that answered was undone, and no other one stands in its place

Every contact that an order fits is answered by it: each was made before it. A stronger answer takes
a weaker one's place, never the other way round, so that the order in which they are told changes
nothing. Never here: clicks as they are recorded (`activity.py`), and what is learned from answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from ..model import (
    TAKEN_UP,
    Customer,
    Interaction,
    Offer,
    OfferContact,
    Order,
    Response,
    WebEvent,
    category_prefixes,
)
from .activity import ORDER_EVENTS

OfferOf = Callable[[str], Offer | None]
"""The offer of an id as it is published; None for one that is not, or no longer."""

UNDONE: Final = frozenset({"refunded", "cancelled", "returned"})
"""Statuses of orders that are none."""
_UNDOING: Final = frozenset({"order_refunded", "order_cancelled"})
_BY_ORDER: Final[frozenset[Response | None]] = frozenset({"bought", "redeemed"})


def order_told(interaction: Interaction) -> str | None:
    """The id of the order that an event tells of, if it tells of any."""
    body = interaction.body
    if not isinstance(body, WebEvent) or body.name not in ORDER_EVENTS:
        return None
    told = body.properties.get("order_id")
    return str(told) if isinstance(told, str | int) else None


def with_answers(
    customer: Customer, interaction: Interaction, window: timedelta, offer_of: OfferOf
) -> Customer:
    """The customer, on whose record the interaction stands, with the offers that it answers."""
    order_id, body, at = order_told(interaction), interaction.body, interaction.occurred_at
    if order_id is None or not isinstance(body, WebEvent):
        return customer
    order = next((o for o in customer.orders if o.id == order_id), None)
    if order is None:
        return _foretold(customer, order_id, at) if body.name in _UNDOING else customer
    if order.status in UNDONE:
        return without_order(customer, order, window, offer_of, at)
    coupon = body.properties.get("coupon")
    return with_order(customer, order, window, offer_of, coupon if isinstance(coupon, str) else "")


def with_order(
    customer: Customer, order: Order, window: timedelta, offer_of: OfferOf, coupon: str = ""
) -> Customer:
    """The customer with the offers that this order answers; none, where it is undone."""
    if order.status in UNDONE:
        return customer

    def answered(contact: OfferContact) -> OfferContact:
        if not _is_within(contact, order.at, window):
            return contact
        if contact.offer_id == coupon:
            return _answered(contact, "redeemed", order)
        fits = _fits(contact, order, offer_of)
        return _answered(contact, "bought", order) if fits else contact

    return _changed(customer, answered)


def without_order(
    customer: Customer, order: Order, window: timedelta, offer_of: OfferOf, at: datetime
) -> Customer:
    """The customer without the answers that this order gave: it was undone, as we heard `at`."""
    standing = [o for o in customer.orders if o.status not in UNDONE and o.id != order.id]
    standing.sort(key=_by_time)

    def taken_back(contact: OfferContact) -> OfferContact:
        if contact.order_id != order.id or contact.response not in _BY_ORDER:
            return contact
        for other in standing:
            if _is_within(contact, other.at, window) and _fits(contact, other, offer_of):
                return _by(contact, "bought", other)
        return contact.model_copy(update={"response": "returned", "response_at": at})

    return _changed(customer, taken_back)


def taken_up(contact: OfferContact, window: timedelta) -> bool:
    """Whether the offer was taken up, in time."""
    at = contact.response_at
    return contact.response in TAKEN_UP and at is not None and _is_within(contact, at, window)


def newly_answered(before: Customer, after: Customer) -> list[OfferContact]:
    """The contacts of `after` whose answer is another one than in `before`."""
    known = {id(contact) for contact in before.offers}
    fresh = [c for c in after.offers if id(c) not in known and c.response is not None]
    if not fresh:
        return []
    answers = {(c.decision_id, c.offer_id): _told(c) for c in before.offers}
    return [c for c in fresh if answers.get((c.decision_id, c.offer_id)) != _told(c)]


def _told(contact: OfferContact) -> tuple[Response | None, datetime | None]:
    return contact.response, contact.response_at


def _changed(customer: Customer, change: Callable[[OfferContact], OfferContact]) -> Customer:
    """The very same customer where no contact of theirs changes."""
    offers = tuple(map(change, customer.offers))
    if all(new is old for new, old in zip(offers, customer.offers, strict=True)):
        return customer
    return customer.model_copy(update={"offers": offers})


def _is_within(contact: OfferContact, at: datetime, window: timedelta) -> bool:
    return contact.at <= at <= contact.at + window


def _foretold(customer: Customer, order_id: str, at: datetime) -> Customer:
    """An order was undone that we have not heard of: should it come, it answers nothing."""

    def noted(contact: OfferContact) -> OfferContact:
        if contact.order_id is not None or contact.at > at:
            return contact
        return contact.model_copy(update={"order_id": order_id})

    return _changed(customer, noted)


def _answered(contact: OfferContact, response: Response, order: Order) -> OfferContact:
    """The contact with the stronger answer; of two alike, the earlier one."""
    was, same = contact.response, contact.order_id == order.id
    if was == "opted_out" or (was == "returned" and same):
        return contact
    if same and was not in _BY_ORDER:
        return _by(contact, "returned", order)
    if was == "redeemed" and response == "bought":
        return contact
    if was == response and contact.response_at is not None:
        mine = contact.response_at, contact.order_id or ""
        return contact if mine <= _by_time(order) else _by(contact, response, order)
    return _by(contact, response, order)


def _by(contact: OfferContact, response: Response, order: Order) -> OfferContact:
    told = {"response": response, "response_at": order.at, "order_id": order.id}
    return contact.model_copy(update=told)


def _by_time(order: Order) -> tuple[datetime, str]:
    return order.at, order.id


def _fits(contact: OfferContact, order: Order, offer_of: OfferOf) -> bool:
    offer = offer_of(contact.offer_id)
    products = frozenset(offer.product_ids) if offer else frozenset[str]()
    categories = _named(contact, offer)
    return any(
        line.product_id in products or not categories.isdisjoint(category_prefixes(line.category))
        for line in order.lines
    )


def _named(contact: OfferContact, offer: Offer | None) -> frozenset[str]:
    """The categories that the offer names: of one that is no longer published, the narrowest of
    what is kept with the contact."""
    if offer is not None:
        return frozenset(paths[-1] for paths in offer.categories_with_parents)
    return frozenset(g for g in contact.groups if not _has_below(g, contact.groups))


def _has_below(group: str, groups: Iterable[str]) -> bool:
    return any(other.startswith(f"{group}/") for other in groups)
