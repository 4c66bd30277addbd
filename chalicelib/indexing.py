"""The product index of one container, kept in step with what it knows of the products."""

from __future__ import annotations

from .catalog import AssortmentCache, AssortmentChange
from .understanding import ProductIndex


class CurrentIndex:
    """The product index, kept in step with the assortment."""

    def __init__(self, assortment: AssortmentCache) -> None:
        self._assortment = assortment
        self._index: ProductIndex | None = None
        assortment.subscribe(self._follow)

    def __call__(self) -> ProductIndex:
        if self._index is None:
            self._index = ProductIndex(self._assortment.current.products.values())
        return self._index

    def _follow(self, change: AssortmentChange) -> None:
        if self._index is None:
            return
        products = self._assortment.current.products
        for product_id in change.products:
            if product_id in products:
                self._index.replace(products[product_id])
            else:
                self._index.remove(product_id)
