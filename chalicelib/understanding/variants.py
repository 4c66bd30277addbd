"""Which variant of a product is meant: by size, by colour, and what was looked at last.

Lives here: the choice among the members of one item group. Never here: which group is meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..model import Product
from . import slots as particulars
from .language import fold
from .vocabulary import EVERYDAY, tokens

COLOURS = frozenset(particulars.COLOUR_OF)


def pick(
    members: Sequence[Product],
    said: str,
    slots: Mapping[str, str],
    consumed: frozenset[str],
    preferred: str | None = None,
) -> tuple[Product, dict[str, str]]:
    """The member that fits best, and the size and color told.

    A size or colour that is there is told as the product spells it, so that what was asked and
    what is offered compare equal; one that is not stays as the customer wrote it. `consumed` are
    the words that name the product itself; `preferred` is the member looked at last.
    """
    size = _size_asked(members, said, slots, consumed)
    colour = _colour_asked(members, said, slots, consumed)
    last = next((product for product in members if product.id == preferred), None)

    def fit(product: Product) -> tuple[bool, int, bool, bool, bool, bool]:
        return (
            size is not None and same_size(product, size),
            _shade(product, colour),
            product.id == preferred,
            last is not None and size is None and product.size == last.size,
            last is not None and not colour and product.color == last.color,
            product.available,
        )

    best = max(members, key=fit)
    told: dict[str, str] = {}
    if size is not None:
        told["size"] = best.size if same_size(best, size) and best.size else size
    if colour:
        told["color"] = best.color if _shade(best, colour) and best.color else colour
    return best, told


def _size_asked(
    members: Sequence[Product], said: str, slots: Mapping[str, str], consumed: frozenset[str]
) -> str | None:
    sizes = {particulars.size_key(p.size): p.size for p in members if p.size}
    if slots.get("size"):
        return slots["size"]
    for measure in particulars.measures(said):
        if measure in sizes:
            return sizes[measure]
    for word in re.findall(r"(?<![$£€#\d.,])\d+(?:\.\d+)?(?![\d%])|[^\W\d_]+", said):
        if word not in consumed and particulars.size_key(word) in sizes and word not in ("a", "i"):
            return sizes[particulars.size_key(word)]
    if any(key.replace(".", "").isdigit() for key in sizes):
        bare = re.search(
            r"(?<![\w$£€#.,])(\d{1,2}(?:\.5)?)(?=\s*(?:$|[?!,]|in\b|black|wide))", said
        )
        if bare and 3 <= float(bare[1]) <= 60 and bare[1] not in consumed:
            return bare[1]
    return None


def _colour_asked(
    members: Sequence[Product], said: str, slots: Mapping[str, str], consumed: frozenset[str]
) -> str | None:
    spoken = set(tokens(said)) - consumed
    for product in members:
        if product.color and set(tokens(fold(product.color))) <= spoken:
            return product.color
    asked = slots.get("color")
    if asked and not (consumed & {w for w, name in particulars.COLOUR_OF.items() if name == asked}):
        return asked
    for product in members:
        if product.color and set(tokens(fold(product.color))) & spoken - EVERYDAY:
            return product.color
    return None


def same_size(product: Product, size: str) -> bool:
    """Equal sizes; a named size system must be the product's, where it states one."""
    if not product.size:
        return False
    has, asked = particulars.size_key(product.size), particulars.size_key(size)
    if has == asked:
        return True
    system, _, number = asked.partition(" ")
    stated = str((product.model_extra or {}).get("size_system") or "").casefold()
    return system in ("uk", "us") and number == has and stated in ("", system)


def _shade(product: Product, colour: str | None) -> int:
    """2 for the same colour, 1 for a shade of it, else 0."""
    if not colour or not product.color:
        return 0
    has, asked = fold(product.color), fold(colour)
    if has == asked:
        return 2
    names = {particulars.COLOUR_OF.get(w, w) for w in tokens(has)}
    return int(bool(names & {particulars.COLOUR_OF.get(w, w) for w in tokens(asked)}))
