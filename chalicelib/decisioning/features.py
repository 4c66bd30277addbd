"""What scoring knows of a customer and an offer: named numbers from the single customer view.

Each feature is one function of the situation and a target, most of them between 0 and 1. An offer's
own `features` join by name as `offer.<name>`. Nothing here weighs them; `scoring` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, log1p
from typing import Final, Literal

from ..model import Channel, Purpose
from .situation import Situation, Target, root_of, unanswered

_A_DAY: Final = timedelta(days=1)
_MANY: Final = 20
"""The number of purchases, views or orders from which on more of them say nothing more."""


Scope = Literal["customer", "purpose", "categories", "products", "words", "offer"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One named number. `about` says what it is, for the explanation of a score.

    `scope` is the part of the target that it looks at: nothing (`customer`), its `purpose`,
    `categories`, `products` or `words`, or the `offer` itself. Beyond the first two it is at most
    1, and 0 where the customer has had nothing to do with that part.
    """

    name: str
    about: str
    measure: Callable[[Situation, Target], float]
    scope: Scope = "customer"


def _fading(since: datetime | None, now: datetime, days: float) -> float:
    """exp(-age / days): 1 at the moment itself, 0 for never."""
    return 0.0 if since is None else exp(-max((now - since) / _A_DAY, 0.0) / days)


def _level(count: float) -> float:
    """0 for none, then as the logarithm, 1 from `_MANY` on."""
    return min(log1p(count) / log1p(_MANY), 1.0)


def _bought_lately(s: Situation, category: str) -> float:
    return _fading(s.customer.aggregates.last_purchase.get(category), s.now, 90)


def _bought_often(s: Situation, category: str) -> float:
    return _level(s.customer.aggregates.purchase_count.get(category, 0))


def _looked_lately(s: Situation, category: str) -> float:
    return _fading(s.customer.aggregates.last_view.get(category), s.now, 7)


def _looked_often(s: Situation, category: str) -> float:
    return _level(s.customer.aggregates.view_count.get(category, 0))


def _due(s: Situation, category: str) -> float:
    """Logistic in the time since the last purchase: a half when the usual interval is over.

    The interval is (last purchase in the category - the customer's first purchase) / (purchases in
    the category - 1): at most too long, because the first purchase may lie outside the category.
    """
    kept = s.customer.aggregates
    last, count = kept.last_purchase.get(category), kept.purchase_count.get(category, 0)
    if last is None or kept.first_purchase_at is None or count < 2:
        return 0.0
    interval = max((last - kept.first_purchase_at) / (count - 1), _A_DAY)
    return 1 / (1 + exp(-4 * min((s.now - last) / interval - 1, 10.0)))


def _asked(s: Situation, category: str) -> float:
    return float(category in s.asked_categories)


def _complements(s: Situation, category: str) -> float:
    """A neighbouring category is in the basket, or was bought within the last weeks."""
    root = root_of(category)
    if root in map(root_of, s.basket_categories):
        return 1.0
    return _fading(s.customer.aggregates.last_purchase.get(root), s.now, 14)


def _in_category(name: str, measure: Callable[[Situation, str], float], about: str) -> Feature:
    return Feature(name, about, lambda s, t: s.over_categories(t, measure), "categories")


def _viewed(s: Situation, t: Target) -> float:
    return max((_fading(s.product_views.get(p), s.now, 3) for p in t.products), default=0.0)


def _owned(s: Situation, t: Target) -> float:
    bought = s.customer.aggregates.last_product_purchase
    return max((_fading(bought.get(p), s.now, 180) for p in t.products), default=0.0)


def _repeated(s: Situation, t: Target) -> float:
    return min(unanswered(s.contacts_by_offer.get(t.offer_id, ())), 5) / 5


def _clicked(s: Situation, t: Target) -> float:
    return float(any(c.response == "clicked" for c in s.contacts_by_offer.get(t.offer_id, ())))


def _private(s: Situation, t: Target) -> float:
    return float(s.context.channel not in (None, Channel.X_REPLY))


FEATURES: Final = (
    Feature("bias", "always 1", lambda s, t: 1.0),
    _in_category("bought_lately", _bought_lately, "fades over 90 days since the last purchase"),
    _in_category("bought_often", _bought_often, "purchases in the offer's category, to 20"),
    _in_category("looked_lately", _looked_lately, "fades over 7 days since the last look"),
    _in_category("looked_often", _looked_often, "looks at the offer's category, to 20"),
    _in_category("due", _due, "time to buy again, from the usual interval"),
    _in_category("asked_category", _asked, "the request is about the offer's category"),
    _in_category("complements", _complements, "goes with the basket or a purchase of late"),
    Feature("asked_product", "the request means the offer's product",
            lambda s, t: float(not s.asked.isdisjoint(t.products)), "products"),
    Feature("in_basket", "the offer's product is in the basket",
            lambda s, t: float(not s.basket.isdisjoint(t.products)), "products"),
    Feature("viewed_product", "fades over 3 days since the offer's product was viewed", _viewed,
            "products"),
    Feature("owned_product", "fades over 180 days since the offer's product was bought", _owned,
            "products"),
    Feature("interest", "a stated interest is in the offer's title or category",
            lambda s, t: float(not s.interests.isdisjoint(t.words)), "words"),
    Feature("repeated", "times the offer was made of late without an answer, to 5", _repeated,
            "offer"),
    Feature("clicked", "the offer was clicked of late", _clicked, "offer"),
    Feature("fatigue", "offers of the last 30 days without an answer, to 10",
            lambda s, t: min(s.unanswered_this_month, 10) / 10),
    Feature("responsive", "the share of earlier offers that was answered",
            lambda s, t: s.answered_share),
    Feature("loyal", "orders so far, to 20",
            lambda s, t: _level(s.customer.aggregates.order_count)),
    Feature("marketing", "the offer is marketing, not service",
            lambda s, t: float(t.purpose == Purpose.MARKETING), "purpose"),
    Feature("private", "the conversation is on a channel that others cannot read", _private),
    Feature("evening", "between 17 and 22 where the customer lives",
            lambda s, t: float(17 <= s.local.hour < 22)),
    Feature("weekend", "Saturday or Sunday where the customer lives",
            lambda s, t: float(s.local.weekday() >= 5)),
)  # fmt: skip

OF_PURCHASES: Final = frozenset({"bought_lately", "bought_often", "due", "complements"})
"""Of categories, by what was bought: a model that knows patterns has tendencies instead."""
