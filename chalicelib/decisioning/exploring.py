"""Trying what may be better than it looks, with a probability that is known exactly.

A learned model brings an ensemble: weights drawn from its posterior when it was made (Lu and Van
Roy, Ensemble Sampling, 2017, https://arxiv.org/abs/1705.07347: Thompson sampling with as many draws
as there are members). The best few offers by the mean weights are ranked by every member; which
member decides is drawn by the decision's seed. A small share of decisions goes round the best few
instead, so that each of them has a chance of being first that later estimates can divide by.

There are finitely many orders and each has its weight, so the probability of whatever is chosen is
a sum and not an estimate. Never here: caps and limits, which hold in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar

from .scoring import Model

if TYPE_CHECKING:
    from .patterns import Floats

WINDOW: Final = 8
"""So many offers are ranked anew, or as many as are asked for and some more."""
AT_RANDOM: Final = 0.02
"""The share of decisions that goes round the window. Over at most WINDOW offers, so that none of
them is less likely than a 400th, and no logged outcome counts for more than 400."""


def width(count: int) -> int:
    """How many offers are ranked anew where `count` are asked for."""
    return WINDOW + max(count, 1) - 1


class Order(NamedTuple):
    """The places of the window in the order in which they are to be tried, and how likely."""

    weight: float
    places: tuple[int, ...]


_order: Final[Callable[[tuple[float, tuple[int, ...]]], Order]] = partial(tuple.__new__, Order)
"""Quicker than the named tuple's own constructor, by the two dozen."""


class _HasWeight(Protocol):
    @property
    def weight(self) -> float: ...


Weighed = TypeVar("Weighed", bound=_HasWeight)


class Seen(NamedTuple):
    """What ranking anew needs of n offers: `features` (n x names), `log_odds` and `worths` (n)."""

    names: tuple[str, ...]
    features: Floats
    log_odds: Sequence[float]
    worths: Sequence[float]


def orders(seen: Seen, model: Model) -> list[Order]:
    """Every order in which the offers may be tried; the weights add up to 1, nearly."""
    places = tuple(range(len(seen.worths)))
    if len(places) < 2 or not model.members:
        return [Order(1.0, places)]
    weights = dict[tuple[int, ...], float]()
    known, each = weights.get, (1.0 - AT_RANDOM) / model.members
    for order in _by_member(seen, model):
        weights[order] = known(order, 0.0) + each
    each = AT_RANDOM / len(places)
    for place in places:
        order = places[place:] + places[:place]
        weights[order] = known(order, 0.0) + each
    return list(map(_order, zip(weights.values(), weights, strict=True)))


def drawn(some: Sequence[Weighed], at: float) -> Weighed:
    """The one at `at`, from 0 to below 1, of the weights laid end to end."""
    for each in some:
        at -= each.weight
        if at < 0.0:
            return each
    return some[-1]


def _by_member(seen: Seen, model: Model) -> Iterator[tuple[int, ...]]:
    """The order of each member of the ensemble; of equals the first comes first."""
    import numpy as np  # which deciding does without where nothing is explored

    means = np.array(seen.log_odds)[:, None]
    worths = np.array(seen.worths)[:, None]
    log_odds = means + seen.features @ model.deviations(seen.names)
    scores = worths / (1.0 + np.exp(-log_odds))
    return map(tuple, np.argsort(-scores.T, axis=1, kind="stable").tolist())
