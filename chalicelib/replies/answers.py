"""What we answer: one function per intent, from an understanding to an Answer's facts. Pure.

No guess is presented as fact: below the threshold we ask back once, then a person takes over.
Nothing here is wording, and nothing here knows how long a text may be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from ..assortment import Assortment
from ..model import (
    Channel,
    Customer,
    Intent,
    Order,
    PendingQuestion,
    Preference,
    Product,
    Understanding,
)
from ..zones import is_zone
from .advice import advice
from .stock import availability, describe, price, restocked, which_product
from .stores import store_info
from .terms import Answer, Asked, Brand

# Acting on these by mistake costs little; leaving them undone costs trust, or breaks the law.
_NEVER_ASKED_BACK = frozenset({Intent.OPT_OUT, Intent.HELP, Intent.HUMAN, Intent.COMPLAINT})


def compose(
    understanding: Understanding,
    customer: Customer,
    assortment: Assortment,
    *,
    preference: Preference,
    now: datetime,
    brand: Brand,
    threshold: float,
    provider_handled: bool = False,
) -> Answer:
    """The answer to one message. `provider_handled`: the provider has answered it already.

    An Answer's `kind` is the name of its template; see `Answer` for what the caller must do
    besides sending: keep `question` as pending, hand over, or note what the customer waits for.
    """
    asked = Asked(understanding, customer, assortment, preference, now, brand)
    answer = replace(_answer(asked, threshold), language=understanding.language)
    return replace(answer, silent=True) if provider_handled else answer


def compose_restock(
    product: Product,
    customer: Customer,
    *,
    assortment: Assortment,
    preference: Preference,
    now: datetime,
    brand: Brand,
) -> Answer:
    """The promised notice that `product` is back, where it is nearest to them."""
    slots = {"size": product.size} if product.size else {}
    understanding = Understanding(
        intent=Intent.AVAILABILITY,
        confidence=1,
        slots=slots,
        language=customer.profile.language or "en",
    )
    asked = Asked(understanding, customer, assortment, preference, now, brand)
    return replace(restocked(asked, product), language=understanding.language)


def _answer(asked: Asked, threshold: float) -> Answer:
    understanding = asked.understanding
    if understanding.intent is Intent.OPT_OUT and understanding.confidence < threshold:
        return Answer("ask_opt_out")
    if understanding.intent not in _NEVER_ASKED_BACK:
        if understanding.ambiguous and (which := which_product(asked)) is not None:
            return which
        if understanding.confidence < threshold:
            return _ask_back(asked)
    answer = _BY_INTENT[understanding.intent](asked)
    # Having asked once for what this answer still lacks, we do not ask the same again.
    if _is_open(answer.question) and _asked_before(asked):
        return _hand_over("not_understood")
    return answer


def _is_open(question: PendingQuestion | None) -> bool:
    return question is not None and question.kind == "which_product" and not question.product_ids


def _asked_before(asked: Asked) -> bool:
    return _is_open(asked.customer.pending)


def _ask_back(asked: Asked) -> Answer:
    if _asked_before(asked):
        return _hand_over("not_understood")
    return Answer("ask_back", question=asked.pending("which_product", **asked.understanding.slots))


def _hand_over(reason: str, kind: str = "handed_over") -> Answer:
    return Answer(kind, handover=reason)


def _order_status(asked: Asked) -> Answer:
    if not asked.personal:
        return Answer("order_private")
    number = asked.slot("order_id")
    orders = asked.customer.orders
    if number is None and not orders:
        return _hand_over("no_order_found", "order_sought")
    if number is None:
        return _order(asked, max(orders, key=lambda o: o.at))
    order = next((o for o in orders if o.id.casefold() == number.casefold().lstrip("#")), None)
    if order is not None:
        return _order(asked, order)
    question = asked.pending("which_product", order_id=number)
    return Answer("order_unknown", {"order": number}, question=question)


def _order(asked: Asked, order: Order) -> Answer:
    store = asked.assortment.stores.get(order.store_id or "")
    facts = {
        "order": order.id,
        "placed": order.at.astimezone(_zone(asked.customer)).date(),
        "status": (order.status or "").casefold(),
        "total": f"{order.total} {order.currency}" if order.currency else None,
        "store": store.name if store else None,
    }
    return Answer("order_status", facts, offers=True)


def _zone(customer: Customer) -> ZoneInfo:
    name = customer.profile.time_zone
    return ZoneInfo(name if name is not None and is_zone(name) else "UTC")


def _opt_out(asked: Asked) -> Answer:
    stopped = asked.slot("channel") or asked.slot("not_channel") or asked.channel
    return Answer("opted_out", {"stopped": stopped, "purpose": asked.slot("purpose")})


def _opt_in(asked: Asked) -> Answer:
    return Answer("opted_in", {"started": asked.slot("channel") or asked.channel})


def _help(asked: Asked) -> Answer:
    return Answer("help")


def _channel_preference(asked: Asked) -> Answer:
    wanted, unwanted = asked.slot("channel"), asked.slot("not_channel")
    hours = asked.slot("hours")
    if wanted is None and unwanted is None and hours is None:
        return _ask_back(asked)
    missing = asked.personal and wanted is not None and _no_address(asked.customer, wanted)
    facts = {
        "wanted": wanted,
        "unwanted": unwanted,
        "purpose": asked.slot("purpose"),
        "missing": missing,
        "hours": hours,
    }
    return Answer("channel_preference", facts)


def _no_address(customer: Customer, channel: str) -> bool:
    phone, x = "phone", "x"
    namespaces = {
        Channel.SMS: phone,
        Channel.WHATSAPP: phone,
        Channel.VOICE: phone,
        Channel.EMAIL: "email",
        Channel.X_DM: x,
        Channel.X_REPLY: x,
    }
    namespace = {c.value: n for c, n in namespaces.items()}.get(channel)
    return namespace is not None and customer.address(namespace) is None


def _complaint(asked: Asked) -> Answer:
    return _hand_over("complaint", "complaint")


def _human(asked: Asked) -> Answer:
    return _hand_over("asked_for_a_person", "human")


def _thanks(asked: Asked) -> Answer:
    return Answer("thanks", silent=asked.channel is Channel.X_REPLY)


def _yes(asked: Asked) -> Answer:
    pending = asked.customer.pending
    if pending is not None and pending.kind == "opt_in":
        return _opt_in(asked)
    if pending is not None and pending.kind == "restock":
        products = asked.assortment.products
        product = next((products[i] for i in pending.product_ids if i in products), None)
        if product is not None:
            facts = {"product": describe(asked, product)}
            return Answer("restock_promised", facts, waits_for=product.id)
    return _other(asked)


def _no(asked: Asked) -> Answer:
    return Answer("declined") if asked.customer.pending is not None else _other(asked)


def _other(asked: Asked) -> Answer:
    return _ask_back(asked)


_BY_INTENT: Mapping[Intent, Callable[[Asked], Answer]] = {
    Intent.AVAILABILITY: availability,
    Intent.PRICE: price,
    Intent.STORE_INFO: store_info,
    Intent.ORDER_STATUS: _order_status,
    Intent.PRODUCT_ADVICE: advice,
    Intent.OPT_OUT: _opt_out,
    Intent.OPT_IN: _opt_in,
    Intent.HELP: _help,
    Intent.CHANNEL_PREFERENCE: _channel_preference,
    Intent.COMPLAINT: _complaint,
    Intent.HUMAN: _human,
    Intent.THANKS: _thanks,
    Intent.YES: _yes,
    Intent.NO: _no,
    Intent.OTHER: _other,
}
