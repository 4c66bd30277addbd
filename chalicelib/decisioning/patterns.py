"""What everybody's orders teach about categories: what is bought how often, when again, with what.

Tables that features of a moment are looked up in: part of a learned model, versioned with it; they
name categories and nobody. Never here: where they come from (`habits.py`), a customer at a moment
(`tendencies.py`), and how much any of it weighs (`learning.py`).

A rate is a share of orders, smoothed; a lift is how many times as likely something is under a
condition; both are kept as natural logarithms. Sources: the lift of association rules (Brin and
others, 1997); the hazard of renewal by time since the last purchase (repeat buying, Ehrenberg,
1972); similar customers by the leading eigenvectors of the co-purchase matrix (latent semantic
indexing, Deerwester and others, 1990).
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..errors import PermanentError

if TYPE_CHECKING:
    from .ground import Ground

Floats = np.ndarray[Any, np.dtype[np.float64]]
Places = np.ndarray[Any, np.dtype[np.intp]]

GAPS: Final = np.array([1.0, 2, 4, 7, 10, 14, 21, 30, 45, 70, 110])
"""Upper ends of classes of days since the last purchase; the last class is open."""
RATES: Final = np.array([0.005 * 2 ** (n / 2) for n in range(12)])
"""Lower ends of classes of a category's share of a customer's orders."""
DAYPARTS: Final = 5


@dataclass(frozen=True, eq=False)
class Patterns:
    """Tables over K categories, in the order of `categories`; all but the first are arrays.

    `share` (K): log of the share of orders with the category. `others` (K): the same of what is in
    an order besides three known things. `trends` (2 x K): log lift of the last weeks and days.
    `lifts` (K x K): log lift of a column's category where a row's is known. `more` (K): log lift of
    the number of other things where the category is known. `again` (rates x gaps): log of the share
    of orders that have a category again, by its rate with the customer and the days since.
    `pace` (K x gaps): the category's own log lift on that. `factors` (K x FACTORS) and `rarity`
    (K): the space in which customers and categories are alike. `hours` (DAYPARTS x K) and `weekend`
    (2 x K): log lifts. `parents` (K): the place of the first category of the same kind.
    """

    categories: tuple[str, ...]
    share: Floats
    others: Floats
    trends: Floats
    lifts: Floats
    more: Floats
    again: Floats
    pace: Floats
    factors: Floats
    rarity: Floats
    hours: Floats
    weekend: Floats
    parents: Places

    @cached_property
    def place(self) -> dict[str, int]:
        """Of each category."""
        return {name: at for at, name in enumerate(self.categories)}

    @cached_property
    def places_met(self) -> dict[tuple[str, ...], tuple[int, ...]]:
        """Of the categories of offers that were looked up."""
        return {}

    @cached_property
    def chance(self) -> Floats:
        """The share of orders with each category, no logarithm."""
        found: Floats = np.exp(self.share)
        return found

    @cached_property
    def ground(self) -> Ground:
        """What they say before anybody is looked at."""
        from .ground import Ground

        return Ground(self)

    @cached_property
    def digest(self) -> str:
        """Of the content, in hexadecimal."""
        found = hashlib.sha256(json.dumps(self.categories).encode())
        for name in _ARRAYS:
            found.update(_plain(getattr(self, name)).tobytes())
        return found.hexdigest()

    def to_bytes(self) -> bytes:
        """Equal tables give equal bytes; `read_patterns` reads them."""
        arrays = [np.ascontiguousarray(getattr(self, name)) for name in _ARRAYS]
        head = {
            "categories": self.categories,
            "shapes": [array.shape for array in arrays],
        }
        body = b"".join(_plain(array).tobytes() for array in arrays)
        return zlib.compress(json.dumps(head).encode() + b"\n" + body, 6)


def rate_class(counts: Floats, orders: float) -> Places:
    """By counts of purchases: 0 for a single one, which says little of a rate."""
    found: Places = RATES.searchsorted(counts / (orders + 5.0), side="right")
    return np.where(counts > 1, np.maximum(found, 1), found > 4)


def gap_class(days: Floats) -> Places:
    found: Places = GAPS.searchsorted(days, side="left")
    return found


def daypart(hour: int) -> int:
    """Of the customer's own clock: before 10, to 14, to 18, to 22, and the rest."""
    return min(max((hour - 6) // 4, 0), DAYPARTS - 1)


_ARRAYS: Final = tuple(field.name for field in fields(Patterns))[1:]


def rounded(values: Floats) -> Floats:
    """As they are kept, so that a model that is read is the one that was learned."""
    found: Floats = values.astype("<f4").astype(float)
    return found


def read_patterns(packed: bytes) -> Patterns:
    """What `Patterns.to_bytes` wrote. Raises PermanentError for anything else."""
    try:
        told, _, body = zlib.decompress(packed).partition(b"\n")
        head, start, arrays = json.loads(told), 0, {}
        for name, shape in zip(_ARRAYS, head["shapes"], strict=True):
            kind = "<i4" if name == "parents" else "<f4"
            size = int(np.prod(shape))
            read = np.frombuffer(body, kind, size, start).reshape(shape)
            arrays[name] = read.astype(np.intp if name == "parents" else float)
            start += 4 * size
        width = len(head["categories"])
        square = arrays["lifts"].shape == (width, width) and arrays["share"].shape == (width,)
        if start != len(body) or not width or not square or arrays["parents"].max() >= width:
            raise ValueError("not as long as it says")
        return Patterns(tuple(head["categories"]), **arrays)
    except (zlib.error, ValueError, TypeError, KeyError, OverflowError) as error:
        raise PermanentError("these patterns are corrupt") from error


def _plain(array: Any) -> Any:
    return array.astype("<i4" if array.dtype.kind == "i" else "<f4")
