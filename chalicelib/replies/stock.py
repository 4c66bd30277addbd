"""Answers about one product: is it there, what does it cost, what comes closest. Words nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..assortment import Assortment
from ..model import Product
from .stores import best_store
from .terms import Answer, Asked

FEW = 9
"""Up to this many left in a store are worth naming."""


def availability(asked: Asked) -> Answer:
    """In stock and where; or not carried in that size; or gone, with the closest alternative."""
    meant = _meant(asked)
    if meant is None:
        return _which(asked)
    product = _variant(asked, meant)
    if product is None:
        return _size_not_carried(asked, meant)
    if asked.slot("size") is None and not product.available:
        product = next(iter(_in_stock(_group(asked, product))), product)
    if product.available:
        return _in_stock_answer(asked, product)
    if product.availability in ("preorder", "backorder"):
        facts = {"product": describe(asked, product), "price": str(product.current_price)}
        return Answer("preorder", facts, link=product.link, offers=True)
    return _out_of_stock(asked, product)


def price(asked: Asked) -> Answer:
    """What it costs now, what it cost before a sale, and whether it is to be had."""
    meant = _meant(asked)
    if meant is None:
        return _which(asked)
    product = _variant(asked, meant) or meant
    facts = {
        "product": describe(asked, product),
        **_price(product),
        "available": product.available,
    }
    return Answer("price", facts, link=product.link, offers=True)


def restocked(asked: Asked, product: Product) -> Answer:
    """The promised news that a product is back."""
    answer = _in_stock_answer(asked, product)
    return Answer("restocked", answer.facts, link=product.link, offers=True)


def which_product(asked: Asked) -> Answer | None:
    """`Which of these two?`, where two known products are equally likely; else None."""
    products = asked.assortment.products
    known = [
        products[m.product_id] for m in asked.understanding.products if m.product_id in products
    ]
    if len(known) < 2:
        return None
    first, second = known[:2]
    same = first.title == second.title
    facts = {"first": _told_apart(first, second, same), "second": _told_apart(second, first, same)}
    question = asked.pending("which_product", first.id, second.id, **asked.understanding.slots)
    return Answer("which_product", facts, question=question)


def describe(asked: Asked, product: Product, *, sized: bool = True) -> dict[str, Any]:
    """`title`, and `size` and `color` where they say more than the title does."""
    title = product.title.casefold()
    size = product.size if sized and product.size and _says_more(product.size, title) else None
    color = product.color if asked.slot("color") and product.color else None
    if color and color.casefold() in title:
        color = None
    return {"title": product.title, "size": size, "color": color}


def _says_more(size: str, title: str) -> bool:
    return size.casefold() not in title.replace(",", " ").split() and size.casefold() != "one size"


def _told_apart(product: Product, other: Product, same_title: bool) -> dict[str, Any]:
    size = product.size if product.size != other.size else None
    color = product.color if same_title and product.color != other.color else None
    return {"title": product.title, "size": size, "color": color}


def _meant(asked: Asked) -> Product | None:
    products = asked.assortment.products
    ids = (m.product_id for m in asked.understanding.products)
    return next((products[i] for i in ids if i in products), None)


def _which(asked: Asked) -> Answer:
    question = asked.pending("which_product", **asked.understanding.slots)
    return Answer("ask_product", question=question)


def _variant(asked: Asked, meant: Product) -> Product | None:
    """The variant in the size and colour they named; None where that size is not carried."""
    size, color = asked.slot("size"), asked.slot("color")
    if (_fits(meant.size, size) or meant.size is None) and _fits(meant.color, color):
        return meant
    group = _group(asked, meant)
    sized = [p for p in group if _fits(p.size, size)]
    if not sized and meant.size is not None:
        return None
    preferred = color or meant.color
    # Their colour first, then what is there: the sort is stable and the group is in order of id.
    ranked = sorted(sized, key=lambda p: (not _fits(p.color, preferred), not p.available))
    return ranked[0] if ranked else meant


def _fits(has: str | None, wanted: str | None) -> bool:
    return wanted is None or (has or "").strip().casefold() == wanted.strip().casefold()


def _group(asked: Asked, product: Product) -> list[Product]:
    """All variants of the product, itself included, in order of id."""
    return list(asked.assortment.variants(product))


def _in_stock(products: Iterable[Product]) -> list[Product]:
    return [p for p in products if p.available]


def _in_stock_answer(asked: Asked, product: Product) -> Answer:
    # Who named no size is told about the shoe and its sizes, not about one of them.
    sizes = _sizes(_group(asked, product)) if asked.slot("size") is None else ()
    several = len(sizes) > 1
    facts = {
        "product": describe(asked, product, sized=not several),
        "store": _store(asked, product, counted=not several),
        "not_at": _named_without(asked, product),
        "sizes": sizes if several else (),
        **_price(product),
    }
    return Answer("in_stock", facts, link=product.link, offers=True)


def _store(asked: Asked, product: Product, *, counted: bool) -> dict[str, Any] | None:
    store = best_store(asked, product.stock)
    if store is None:
        return None
    units = product.stock[store.id] if counted else 0
    left = units if 0 < units <= FEW else None
    return {"name": store.name, "address": store.address, "left": left}


def _named_without(asked: Asked, product: Product) -> str | None:
    """The name of the store they asked about, when the product is not there."""
    store = asked.assortment.stores.get(asked.slot("store_id") or "")
    gone = store is not None and product.stock and product.stock.get(store.id, 0) == 0
    return store.name if store is not None and gone else None


def _size_not_carried(asked: Asked, meant: Product) -> Answer:
    facts = {
        "product": describe(asked, meant, sized=False),
        "size": asked.slot("size"),
        "sizes": _sizes(_group(asked, meant)),
    }
    return Answer("size_not_carried", facts, link=meant.link, offers=True)


def _sizes(group: Iterable[Product]) -> tuple[str, ...]:
    """The sizes to be had, numbers in order before letters, at most eight."""
    sizes = {p.size for p in _in_stock(group) if p.size}
    return tuple(sorted(sizes, key=_size_order)[:8])


def _size_order(size: str) -> tuple[int, float, str]:
    try:
        return 0, float(size.replace(",", ".")), size
    except ValueError:
        return 1, 0.0, size


def _out_of_stock(asked: Asked, product: Product) -> Answer:
    other = closest(asked.assortment, product)
    facts: dict[str, Any] = {"product": describe(asked, product), "alternative": None}
    if other is not None:
        facts["alternative"] = {**describe(asked, other), **_price(other)}
        facts["store"] = _store(asked, other, counted=True)
    question = asked.pending("restock", product.id) if asked.personal else None
    link = (other or product).link
    return Answer("out_of_stock", facts, link=link, question=question, offers=True)


def closest(assortment: Assortment, wanted: Product) -> Product | None:
    """The closest thing in stock: the same in another colour; the same size of its kind, nearest in
    price with the same brand ahead; another size of the same."""
    group = [p for p in _in_stock(assortment.variants(wanted)) if p.id != wanted.id]
    recoloured = [p for p in group if p.size == wanted.size]
    kind = [
        p
        for p in _in_stock(assortment.of_category(wanted.product_type or ""))
        if p.category_paths == wanted.category_paths
        and p.size == wanted.size
        and p.id != wanted.id
        and not _same_group(p, wanted)
    ]
    for candidates in (recoloured, kind, group):
        if candidates:
            return min(candidates, key=lambda p: (_difference(wanted, p), p.id))
    return None


def _same_group(product: Product, other: Product) -> bool:
    return product.item_group_id is not None and product.item_group_id == other.item_group_id


def _difference(wanted: Product, other: Product) -> tuple[float, float]:
    """Relative difference in price, a quarter more for another brand; then in size."""
    price, others = wanted.current_price.amount, other.current_price.amount
    apart = float(abs(price - others) / max(price, others)) if max(price, others) else 0.0
    brand = 0.0 if other.brand == wanted.brand else 0.25
    _, size, _ = _size_order(wanted.size or "")
    _, others_size, _ = _size_order(other.size or "")
    return apart + brand, abs(size - others_size)


def _price(product: Product) -> dict[str, str | None]:
    was = product.price if product.sale_price not in (None, product.price) else None
    return {"price": str(product.current_price), "was": was}
