"""Which products to suggest to this customer: in stock, of the category, fitting what they like."""

from __future__ import annotations

import re

from ..model import Customer, Product
from .stock import describe
from .terms import Answer, Asked

SUGGESTIONS = 3


def advice(asked: Asked) -> Answer:
    """Up to three products of the category they named, or look at most; else what they look for."""
    category = _category(asked)
    if category is None:
        question = asked.pending("which_product", **asked.understanding.slots)
        return Answer("ask_wish", question=question)
    size = asked.slot("size")
    products = [
        p
        for p in asked.assortment.of_category(category)
        if p.available and (size is None or p.size in (size, None))
    ]
    if not products:
        return Answer("nothing_fits", {"category": _words(category), "size": size})
    ranked = sorted(products, key=lambda p: (-_fit(asked, p), p.current_price.amount, p.id))
    best = _one_of_each(ranked)
    suggestions = tuple(
        {**describe(asked, p, sized=size is not None), "price": str(p.current_price)} for p in best
    )
    facts = {"category": _words(category), "suggestions": suggestions}
    return Answer("advice", facts, link=best[0].link, offers=True)


def _category(asked: Asked) -> str | None:
    """What they named; else the kind of the product they mean; else what they look at most."""
    if named := asked.slot("category"):
        return named
    products = asked.assortment.products
    for match in asked.understanding.products:
        if match.product_id in products and products[match.product_id].product_type:
            return products[match.product_id].product_type
    views = asked.customer.aggregates.view_count if asked.personal else {}
    return min(views, key=lambda c: (-views[c], -c.count("/"), c), default=None)


def _words(category: str) -> str:
    return re.split(r"[/>]", category)[-1].strip()


def _fit(asked: Asked, product: Product) -> float:
    """One for each interest that the product's words name, and up to one for looks at its kind."""
    if not asked.personal:
        return 0.0
    text = (
        f"{product.title} {product.product_type} {product.description} {product.brand}".casefold()
    )
    liked = sum(interest.casefold() in text for interest in asked.customer.interests)
    return liked + _looked(asked.customer, product)


def _looked(customer: Customer, product: Product) -> float:
    seen = sum(1 for b in customer.recent if b.product_id == product.id)
    return seen / (1 + seen)


def _one_of_each(ranked: list[Product]) -> list[Product]:
    """The first of each group of variants, at most three."""
    best: dict[str, Product] = {}
    for product in ranked:
        best.setdefault(product.item_group_id or product.id, product)
    return list(best.values())[:SUGGESTIONS]
