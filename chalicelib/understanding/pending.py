"""Answers to the question that our last reply asked: "yes", "the second", "the blue one", "44".

Lives here: reading a short answer against the products that were offered. Never here: questions in
their own right; whatever is not clearly an answer returns None and is read as a fresh message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..model import Intent, PendingQuestion, Product, ProductMatch, Understanding
from . import keywords, slots
from .language import plain, words
from .products import ProductIndex
from .vocabulary import tokens

ANSWER_CONFIDENCE = 0.95
MOST_ANSWER_WORDS = 8

_ORDINALS = {
    "first": 0, "1st": 0, "one": 0, "former": 0, "primero": 0, "primera": 0, "premier": 0,
    "premiere": 0, "erste": 0, "ersten": 0, "second": 1, "2nd": 1, "two": 1, "segundo": 1,
    "segunda": 1, "deuxieme": 1, "zweite": 1, "zweiten": 1, "third": 2, "3rd": 2, "three": 2,
    "tercero": 2, "troisieme": 2, "dritte": 2, "last": -1, "latter": -1, "other": -1,
}  # fmt: skip
_PLACE = re.compile(
    r"\b(first|1st|former|second|2nd|third|3rd|last|latter|primer[oa]|segund[oa]|tercero|premiere?"
    r"|deuxieme|troisieme|ersten?|zweiten?|dritte)\b"
    r"|^(?:number |no\.? ?|option |choice |the |#)?(one|two|three)$"
)
_DIGIT = re.compile(
    r"^(?:number|no\.?|option|choice|#|the)?\s*([1-9])\s*(?:please|pls|thanks)?[.!)]*$"
)
_ALL = re.compile(r"^(?:both|all|either|any|all of them|both of them|either one|any of them)\b")


def answer(
    text: str, pending: PendingQuestion, index: ProductIndex, threshold: float
) -> Understanding | None:
    """The message as an answer to `pending`, or None if it is something else."""
    if pending.kind == "restock" or (pending.kind == "which_product" and not pending.product_ids):
        return _agreement(text, pending)
    if pending.kind == "opt_in":
        return None
    if keywords.is_no(text):
        return Understanding(intent=Intent.NO, confidence=ANSWER_CONFIDENCE)
    said = plain(text)
    chosen = _by_place(said, pending)
    if chosen is None and len(words(said)) <= MOST_ANSWER_WORDS and not keywords.is_yes(text):
        chosen = _by_name(said, pending, index)
    if chosen is None and keywords.is_yes(text):
        chosen = pending.product_ids
    return None if not chosen else _meaning(said, chosen, pending, index)


def _agreement(text: str, pending: PendingQuestion) -> Understanding | None:
    if keywords.is_no(text):
        return Understanding(intent=Intent.NO, confidence=ANSWER_CONFIDENCE)
    if not keywords.is_yes(text):
        return None
    matches = tuple(ProductMatch(product_id=p, confidence=ANSWER_CONFIDENCE)
                    for p in pending.product_ids)  # fmt: skip
    return Understanding(
        intent=Intent.YES, confidence=ANSWER_CONFIDENCE, products=matches, slots=pending.slots
    )


def _by_place(said: str, pending: PendingQuestion) -> tuple[str, ...] | None:
    """`2`, `the second one`, `the last`, `both`."""
    offered = pending.product_ids
    if _ALL.search(said):
        return offered
    digit, place = _DIGIT.match(said), _PLACE.search(said)
    if digit:
        at = int(digit[1]) - 1
    elif place and len(words(said)) <= MOST_ANSWER_WORDS:
        at = _ORDINALS[place[1] or place[2]]
    else:
        return None
    return (offered[at],) if -len(offered) <= at < len(offered) else None


def _by_name(said: str, pending: PendingQuestion, index: ProductIndex) -> tuple[str, ...] | None:
    """The offered products that the words fit best by title, colour and size; None if none do."""
    known = [(p, index.get(p)) for p in pending.product_ids]
    offered = ProductIndex(
        product.model_copy(update={"item_group_id": None}) for _, product in known if product
    )
    colours = slots.colours(said)
    told = {"color": colours[0]} if colours else {}
    if told:
        shade = told["color"]
        fits = tuple(p for p, product in known
                     if product and shade in slots.colours(plain(product.color or "")))  # fmt: skip
        if fits:
            return fits
    own = _by_own_word(said, [product for _, product in known if product])
    if own:
        return (own,)
    found = offered.search(said, slots=told)
    if found.products and not (found.ambiguous and len(found.products) == len(known) > 1):
        return tuple(match.product_id for match in found.products)
    size = slots.sizes(said) or said.strip(" ?!.")
    fits = tuple(
        p for p, product in known
        if product and product.size and slots.size_key(product.size) == slots.size_key(size)
    )  # fmt: skip
    if fits:
        return fits
    return pending.product_ids if len(pending.product_ids) == 1 and told else None


def _by_own_word(said: str, offered: Sequence[Product]) -> str | None:
    """The one product of which the answer names a word that no other's title has: `the low`."""
    titles = {product.id: set(tokens(plain(product.title))) for product in offered}
    spoken = set(tokens(said))
    named = [
        product_id
        for product_id, words_of in titles.items()
        if spoken & words_of.difference(*(t for p, t in titles.items() if p != product_id))
    ]
    return named[0] if len(named) == 1 and len(titles) > 1 else None


def _meaning(
    said: str, chosen: tuple[str, ...], pending: PendingQuestion, index: ProductIndex
) -> Understanding:
    colours = slots.colours(said)
    place = _DIGIT.match(said) or _PLACE.search(said)
    told = dict(pending.slots)
    size = None if place else slots.sizes(said)
    told |= {name: value for name, value in
             (("size", size), ("color", colours[0] if colours else None)) if value}  # fmt: skip
    matches: dict[str, ProductMatch] = {}
    for product_id in chosen[:3]:
        variant, exact = index.variant_of(product_id, "" if place else said, told)
        told |= exact
        matches[variant] = ProductMatch(product_id=variant, confidence=ANSWER_CONFIDENCE)
    try:
        intent = Intent(pending.intent or Intent.AVAILABILITY)
    except ValueError:
        intent = Intent.AVAILABILITY
    return Understanding(
        intent=intent,
        confidence=ANSWER_CONFIDENCE,
        products=tuple(matches.values()),
        ambiguous=len(matches) > 1,
        slots=told,
    )
