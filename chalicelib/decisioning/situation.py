"""What features compare: the customer at the moment of decision, and what an offer is about.

Everything here is looked up in the single customer view; nothing is weighed or judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from ..model import (
    TAKEN_UP,
    Customer,
    DecisionContext,
    Offer,
    OfferContact,
    Product,
    Purpose,
    Understanding,
    category_prefixes,
)
from .view import local_time

CONTACT_MEMORY: Final = timedelta(days=90)
"""Offers made longer ago than this say nothing about the next one."""
LATEST_ORDERS: Final = 40
"""So many orders are looked at one by one, by models that look at any."""
A_MONTH: Final = timedelta(days=30)


def root_of(category: str) -> str:
    """`shoes/trail` -> `shoes`."""
    return category.partition("/")[0]


def unanswered(contacts: Iterable[OfferContact]) -> int:
    """How many of these offers the customer did not take up."""
    return sum(contact.response not in TAKEN_UP for contact in contacts)


@dataclass(frozen=True, slots=True)
class Target:
    """What an offer is about, worked out once per published catalog."""

    offer_id: str
    purpose: Purpose
    products: frozenset[str]
    categories: tuple[str, ...]
    words: frozenset[str]

    @classmethod
    def of(cls, offer: Offer) -> Target:
        categories = tuple(paths[-1] for paths in offer.categories_with_parents)
        words = {word.strip(".,!?%").casefold() for word in offer.title.split()}
        words = {word for word in words if any(map(str.isalpha, word))}
        return cls(
            offer.id,
            offer.purpose,
            frozenset(offer.product_ids),
            categories,
            frozenset(words | {s.casefold() for path in categories for s in path.split("/")}),
        )


@dataclass(frozen=True)
class Situation:
    """The customer at this moment; what needs working out is worked out when first asked for."""

    customer: Customer
    context: DecisionContext
    understanding: Understanding | None
    products: Mapping[str, Product]
    now: datetime

    def over_categories(self, target: Target, measure: Callable[[Situation, str], float]) -> float:
        """The largest `measure` over the target's categories, 0 without any."""
        return max((measure(self, category) for category in target.categories), default=0.0)

    @cached_property
    def local(self) -> datetime:
        """This moment on the customer's own clock."""
        return local_time(self.customer, self.now)

    @cached_property
    def interests(self) -> frozenset[str]:
        return frozenset(interest.casefold() for interest in self.customer.interests)

    @cached_property
    def asked(self) -> frozenset[str]:
        """Ids of the products that the request means."""
        meant = self.understanding.products if self.understanding else ()
        return frozenset(match.product_id for match in meant)

    @cached_property
    def asked_categories(self) -> frozenset[str]:
        wished = self.understanding.slots.get("category") if self.understanding else None
        return self._categories(self.asked) | frozenset(category_prefixes(wished))

    @cached_property
    def basket(self) -> frozenset[str]:
        return frozenset(self.context.basket)

    @cached_property
    def basket_categories(self) -> frozenset[str]:
        return self._categories(self.basket)

    def _categories(self, ids: Iterable[str]) -> frozenset[str]:
        known = (self.products[i] for i in ids if i in self.products)
        return frozenset(path for product in known for path in product.category_paths)

    @cached_property
    def has_products(self) -> bool:
        """Whether any single product means anything to the customer."""
        bought = self.customer.aggregates.last_product_purchase
        return bool(self.asked or self.basket or self.product_views or bought)

    @cached_property
    def product_views(self) -> dict[str, datetime]:
        """When each product was last looked at."""
        found: dict[str, datetime] = {}
        for seen in self.customer.recent:
            product = seen.product_id
            if product and (product not in found or found[product] < seen.at):
                found[product] = seen.at
        return found

    @cached_property
    def contacts(self) -> tuple[OfferContact, ...]:
        """The offers made lately, newest first."""
        forgotten = self.now - CONTACT_MEMORY
        return tuple(c for c in self.customer.offers if c.at > forgotten)

    @cached_property
    def answered_share(self) -> float:
        """The share of these offers that was answered, drawn to 1/4 by four imagined ones."""
        answered = len(self.contacts) - unanswered(self.contacts)
        return (answered + 1) / (len(self.contacts) + 4)

    @cached_property
    def unanswered_this_month(self) -> int:
        a_month_ago = self.now - A_MONTH
        return unanswered(c for c in self.contacts if c.at > a_month_ago)

    @cached_property
    def contacts_by_offer(self) -> dict[str, list[OfferContact]]:
        found: dict[str, list[OfferContact]] = {}
        for contact in self.contacts:
            found.setdefault(contact.offer_id, []).append(contact)
        return found
