"""The products and stores as one container knows them, and which products belong together.

Immutable: a change makes another assortment that shares what stayed. Nothing here walks all
products to answer a question. Never here: where products are kept, or what is said of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from .model import Product, Store, category_prefixes

Ids = frozenset[str]

_NONE: Ids = frozenset()


@dataclass(frozen=True, slots=True)
class Kinds:
    """Ids of products by their group of variants and by category.

    A category is any prefix of a product_type path (`shoes`, `shoes/trail`) or any single word of
    it (`trail`).
    """

    groups: Mapping[str, Ids] = field(default_factory=dict)
    categories: Mapping[str, Ids] = field(default_factory=dict)
    keys: Mapping[str, tuple[Ids, Ids]] = field(default_factory=dict)

    def updated(self, products: Iterable[Product]) -> Kinds:
        """With these products where they belong; the same Kinds when none of them moved."""
        keys = {product.id: _keys(product) for product in products}
        moved = {i: (self.keys.get(i, (_NONE, _NONE)), k) for i, k in keys.items()}
        moved = {i: (old, new) for i, (old, new) in moved.items() if old != new}
        if not moved:
            return self
        return Kinds(
            groups=_moved(self.groups, {i: (old[0], new[0]) for i, (old, new) in moved.items()}),
            categories=_moved(
                self.categories, {i: (old[1], new[1]) for i, (old, new) in moved.items()}
            ),
            keys={**self.keys, **{i: new for i, (_, new) in moved.items()}},
        )


@dataclass(frozen=True, slots=True)
class Assortment:
    """Products and stores by id; `kinds` must be those of `products`."""

    products: Mapping[str, Product]
    stores: Mapping[str, Store]
    kinds: Kinds

    @classmethod
    def of(cls, products: Iterable[Product], stores: Iterable[Store] = ()) -> Assortment:
        """An assortment of just these."""
        by_id = {p.id: p for p in products}
        kinds = Kinds().updated(by_id.values())
        return cls(by_id, {s.id: s for s in stores}, kinds)

    def variants(self, product: Product) -> Iterator[Product]:
        """All of the product's group in the order of their ids; itself alone if it has none."""
        if product.item_group_id is None:
            yield product
            return
        ids = self.kinds.groups.get(product.item_group_id, _NONE)
        yield from (self.products[i] for i in sorted(ids) if i in self.products)

    def of_category(self, category: str) -> Iterator[Product]:
        """The products of a category, in the order of their ids."""
        ids = self.kinds.categories.get(normalise_category(category), _NONE)
        yield from (self.products[i] for i in sorted(ids) if i in self.products)


def normalise_category(category: str) -> str:
    """`Shoes > Trail` -> `shoes/trail`."""
    return "/".join(part.strip().casefold() for part in re.split(r"[/>]", category))


def _keys(product: Product) -> tuple[Ids, Ids]:
    group = frozenset({product.item_group_id}) if product.item_group_id else _NONE
    return group, _category_keys(product.product_type)


@lru_cache(maxsize=4096)
def _category_keys(product_type: str | None) -> Ids:
    paths = [path.casefold() for path in category_prefixes(product_type)]
    return frozenset(paths).union(*(path.split("/") for path in paths))


def _moved(index: Mapping[str, Ids], moves: Mapping[str, tuple[Ids, Ids]]) -> dict[str, Ids]:
    """The index after each id left its old keys and joined its new ones."""
    leave, join = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for moved_id, (old, new) in moves.items():
        for key in old - new:
            leave[key].add(moved_id)
        for key in new - old:
            join[key].add(moved_id)
    changed = {k: (index.get(k, _NONE) - leave[k]) | join[k] for k in {*leave, *join}}
    return {**index, **changed}
