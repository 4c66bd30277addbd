"""What is probably not meant in what is about to be published: warnings, never refusals.

Lives here: gathering them while offers stream by, and what only the publication knows: products,
dates, which attributes customers carry. Never here: doubts about a rule by itself (`rules.advice`).
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Any

from ..model import Offer
from .checks import Checked

TOLD = 100


class Doubts:
    """Warnings: how many, and the first hundred in words."""

    def __init__(
        self, now: datetime, *, products: Container[str] | None, attributes: Collection[str]
    ) -> None:
        """`products`: the known ids; `attributes`: the names that customers were seen to carry."""
        self._now = now
        self._products = products
        self._attribute_warning = cache(lambda name: attribute_warning(name, attributes))
        self.texts = list[str]()
        self.total = 0

    def note(self, checked: Checked) -> None:
        """An offer that is to be published."""
        offer = checked.compiled.offer
        for text in (*checked.warnings, *self._beside(offer, checked.unkept)):
            self.add(f"{offer.id}: {text}")

    def add(self, text: str) -> None:
        """Any other doubt."""
        self.total += 1
        if self.total <= TOLD:
            self.texts.append(text)

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {"warnings": self.texts, "warnings_total": self.total}

    def _beside(self, offer: Offer, unkept: Iterable[str]) -> Iterator[str]:
        yield from filter(None, map(self._attribute_warning, unkept))
        yield from product_warnings(offer, self._products)
        if offer.ends_at is not None and offer.ends_at <= self._now:
            yield "ends_at: the offer has ended"


def product_warnings(offer: Offer, products: Container[str] | None) -> tuple[str, ...]:
    """Product ids that nobody knows; categories are taken on trust."""
    if products is None:
        return ()
    return tuple(
        f"products: there is no product {product}"
        for product in offer.product_ids
        if product not in products
    )


def attribute_warnings(unkept: Iterable[str]) -> tuple[str, ...]:
    """Of attributes that a rule reads, while it is not known which ones customers carry."""
    return tuple(filter(None, (attribute_warning(name) for name in unkept)))


def attribute_warning(name: str, attributes: Collection[str] | None = None) -> str | None:
    """Of one; None for one that customers carry."""
    from .rules.advice import about_attribute

    return about_attribute(name, attributes)
