"""What bulk loads write to: the rooms of customers, products and offers of one stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.catalog import (
    AssortmentCache,
    OfferStore,
    ProductStore,
    PublishedCatalogs,
    publish,
)
from chalicelib.customers.store import CustomerStore
from chalicelib.decisioning import compile_catalog, open_catalog
from chalicelib.model import Offer

if TYPE_CHECKING:
    from chalicelib.steps.rooms import Rooms


def tell_nobody(product_ids: Sequence[str]) -> None:
    """For loads into a stage where nobody waits for anything yet."""


@dataclass(frozen=True, kw_only=True)
class Shelves:
    """The stores that a load fills; `restocked` is told of products that are back."""

    customers: CustomerStore
    products: ProductStore
    offers: OfferStore
    assortment: AssortmentCache
    catalogs: PublishedCatalogs
    restocked: Callable[[Sequence[str]], object] = tell_nobody

    @classmethod
    def of(cls, rooms: Rooms) -> Shelves:
        """Those of a running stage."""
        from chalicelib.steps import restocking

        return cls(
            customers=rooms.customers,
            products=rooms.products,
            offers=rooms.offers,
            assortment=rooms.assortment,
            catalogs=rooms.catalogs,
            restocked=lambda product_ids: restocking.call_out(product_ids, rooms),
        )

    def category_of(self, product_id: str) -> str | None:
        """The product_type path of a product, None when it is unknown."""
        product = self.assortment.current.products.get(product_id)
        return product.category_paths[-1] if product and product.category_paths else None

    def publish(self, offers: Iterable[Offer], now: datetime) -> str:
        """Keep these drafts and make all drafts live; answers the version. Raises PayloadError."""
        for offer in offers:
            self.offers.put(offer)
        published = publish(
            self.offers.compiled(),
            self.catalogs,
            now=now,
            compile_catalog=compile_catalog,
            open_=open_catalog,
        )
        return published.head.version
