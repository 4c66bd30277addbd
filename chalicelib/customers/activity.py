"""What a customer does, added to their view as it happens: running totals and recent behaviour.

Pure. Totals are only ever added to, never recomputed from history; identifiers of orders make a
repeated order count once. Never decides and never stores.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from ..model import (
    Aggregates,
    Behaviour,
    Channel,
    Click,
    Customer,
    Identification,
    Interaction,
    Message,
    OfferContact,
    Order,
    OrderLine,
    WebEvent,
    category_prefixes,
)
from .deliveries import answered, written

RECENT_LIMIT = 50
"""How many things done online the view keeps in detail."""

STATED_LEVELS, STATED_LIMIT = 5, 200
"""Of what is not in the assortment: how deep its categories, and how many are counted in all."""

VIEW_EVENTS = frozenset({"product_viewed", "product_clicked", "product_added"})
ORDER_EVENTS = frozenset({"order_completed", "order_updated", "order_refunded", "order_cancelled"})
_ORDER_STATUS = {"order_refunded": "refunded", "order_cancelled": "cancelled"}

CategoryOf = Callable[[str], str | None]
"""The product_type path of a product id, None when the product is unknown."""


class Tally:
    """Aggregates that can be added to; for one fact or for millions."""

    def __init__(self, start: Aggregates) -> None:
        self._totals = start.model_dump(exclude_none=False)

    def order(self, order: Order) -> None:
        """Count one transaction: totals once, each line for every prefix of its category."""
        totals = self._totals
        totals["order_count"] += 1
        totals["spend_total"] += order.total
        _earliest(totals, "first_purchase_at", order.at)
        _latest(totals, "last_purchase_at", order.at)
        for line in order.lines:
            self._line(line, order.at)

    def view(self, at: datetime, category: str | None) -> None:
        """Count one look at a product of `category`."""
        for path in category_prefixes(category):
            views = self._totals["view_count"]
            views[path] = views.get(path, 0) + 1
            _latest(self._totals["last_view"], path, at)

    def seen(self, at: datetime) -> None:
        """Count one interaction of any kind."""
        self._totals["interaction_count"] += 1
        _latest(self._totals, "last_seen_at", at)

    def aggregates(self) -> Aggregates:
        """The totals so far."""
        return Aggregates.model_validate(self._totals)

    def _line(self, line: OrderLine, at: datetime) -> None:
        totals = self._totals
        for path in category_prefixes(line.category):
            totals["purchase_count"][path] = totals["purchase_count"].get(path, 0) + 1
            totals["spend"][path] = totals["spend"].get(path, Decimal(0)) + line.amount
            _latest(totals["last_purchase"], path, at)
        if line.product_id:
            _latest(totals["last_product_purchase"], line.product_id, at)


def record(customer: Customer, interaction: Interaction, category_of: CategoryOf) -> Customer:
    """The customer as they are after `interaction`; consents and identities are not its concern."""
    body = interaction.body
    if isinstance(body, WebEvent):
        return _record_event(customer, interaction, body, category_of)
    if isinstance(body, Identification) and body.gpc:
        return customer.model_copy(update={"gpc": True})
    tally = Tally(customer.aggregates)
    tally.seen(interaction.occurred_at)
    changed: dict[str, Any] = {"aggregates": tally.aggregates()}
    if isinstance(body, Message) and not _is_a_switch(body):
        customer = written(customer, body.channel, interaction.occurred_at)
    return customer.model_copy(update=changed)


def _is_a_switch(message: Message) -> bool:
    """Something set with the provider, which tells us of it: nobody wrote a word, and WhatsApp
    names no message to answer to."""
    wordless = not message.text.strip()
    unsaid = message.channel is Channel.WHATSAPP and message.reply_to is None
    return message.provider_handled is not None and (wordless or unsaid)


def record_order(customer: Customer, order: Order) -> Customer:
    """The customer with `order`; one already known is updated, not counted again."""
    known = next((o for o in customer.orders if o.id == order.id), None)
    if known is not None:
        updated = known.model_copy(update={"status": order.status or known.status})
        orders = tuple(updated if o is known else o for o in customer.orders)
        return customer.model_copy(update={"orders": orders})
    tally = Tally(customer.aggregates)
    tally.order(order)
    orders = tuple(sorted((order, *customer.orders), key=lambda o: (o.at, o.id), reverse=True))
    return customer.model_copy(update={"aggregates": tally.aggregates(), "orders": orders})


def record_click(customer: Customer, click: Click, at: datetime) -> Customer:
    """The customer with their answer to a message, and to an offer: the contact that carried the
    link was clicked, when it was first."""

    def is_news(contact: OfferContact) -> bool:
        if (contact.decision_id, contact.offer_id) != (click.decision_id, click.offer_id):
            return False
        first = contact.response_at
        return contact.response is None or (
            contact.response == "clicked" and first is not None and at < first
        )

    clicked = {"response": "clicked", "response_at": at}
    offers = tuple(o.model_copy(update=clicked) if is_news(o) else o for o in customer.offers)
    if click.channel is not None and click.sent_at is not None:
        customer = answered(customer, click.channel, sent_at=click.sent_at, at=at)
    return customer.model_copy(update={"offers": offers})


def _record_event(
    customer: Customer, interaction: Interaction, event: WebEvent, category_of: CategoryOf
) -> Customer:
    if event.name in ORDER_EVENTS and (
        order := _order_of(interaction, event, customer.aggregates, category_of)
    ):
        # What undoes an order that is not, or no longer, known is no purchase.
        undoes = event.name in _ORDER_STATUS
        if not undoes or any(o.id == order.id for o in customer.orders):
            customer = record_order(customer, order)
    if event.gpc:
        # Global Privacy Control: what they bought is a fact of ours, what they look at is not.
        return customer.model_copy(update={"gpc": True})
    tally = Tally(customer.aggregates)
    tally.seen(interaction.occurred_at)
    product_id = _text(event.properties.get("product_id") or event.properties.get("sku"))
    category = category_of(product_id) if product_id else None
    category = category or _stated(event.properties.get("category"), customer.aggregates.view_count)
    if event.name in VIEW_EVENTS:
        tally.view(interaction.occurred_at, category)
    done = Behaviour(
        at=interaction.occurred_at, name=event.name, product_id=product_id, category=category
    )
    recent = sorted((done, *customer.recent), key=lambda b: b.at, reverse=True)
    return customer.model_copy(
        update={"aggregates": tally.aggregates(), "recent": tuple(recent[:RECENT_LIMIT])}
    )


def _order_of(
    interaction: Interaction, event: WebEvent, totals: Aggregates, category_of: CategoryOf
) -> Order | None:
    """Segment's ecommerce spec: order_id, total or revenue, currency, products[]."""
    given = event.properties
    products = given.get("products")
    lines = tuple(
        _line_of(p, totals, category_of)
        for p in (products if isinstance(products, list) else [])
        if isinstance(p, dict)
    )
    try:
        return Order(
            id=_text(given.get("order_id")) or "",
            at=interaction.occurred_at,
            total=_amount(given.get("total", given.get("revenue"))) or _sum_of(lines),
            currency=_currency(given.get("currency")),
            lines=lines,
            store_id=_text(given.get("store_id")),
            status=_ORDER_STATUS.get(event.name, _text(given.get("status")) or "placed")[:40],
        )
    except ValidationError:
        # An order without a usable id cannot be counted once; the event itself is still kept.
        return None


def _line_of(product: dict[str, Any], totals: Aggregates, category_of: CategoryOf) -> OrderLine:
    product_id = _text(product.get("product_id") or product.get("sku"))
    known = category_of(product_id) if product_id else None
    if known is None and len(totals.last_product_purchase) >= STATED_LIMIT:
        product_id = product_id if product_id in totals.last_product_purchase else None
    quantity = max(_amount(product.get("quantity", 1)), Decimal(0))
    return OrderLine(
        product_id=product_id,
        category=known or _stated(product.get("category"), totals.purchase_count),
        quantity=float(quantity),
        amount=_amount(product.get("price")) * quantity,
    )


def _stated(given: Any, counted: Collection[str]) -> str | None:
    """A category that only the sender knows. Senders are strangers: its depth and length are
    bounded, and so is how many of them are ever counted."""
    path = next(reversed(category_prefixes((_text(given) or "")[:100])[:STATED_LEVELS]), None)
    return path if path in counted or len(counted) < STATED_LIMIT else None


def _currency(given: Any) -> str | None:
    code = (_text(given) or "").strip().upper()
    return code if re.fullmatch("[A-Z]{3}", code) else None


def _sum_of(lines: tuple[OrderLine, ...]) -> Decimal:
    return sum((line.amount for line in lines), Decimal(0))


def _amount(given: Any) -> Decimal:
    """A finite amount below a billion; anything else a browser may send counts as nothing."""
    try:
        amount = Decimal(str(given))
    except InvalidOperation:
        return Decimal(0)
    return amount if amount.is_finite() and abs(amount) < 10**9 else Decimal(0)


def _text(given: Any) -> str | None:
    return str(given)[:200] if isinstance(given, str | int) and str(given) else None


def _latest(totals: dict[str, Any], name: str, at: datetime) -> None:
    if totals.get(name) is None or totals[name] < at:
        totals[name] = at


def _earliest(totals: dict[str, Any], name: str, at: datetime) -> None:
    if totals.get(name) is None or totals[name] > at:
        totals[name] = at
