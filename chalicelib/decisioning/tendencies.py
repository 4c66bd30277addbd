"""What a customer tends to buy at this moment: features of every category that a model knows.

Computed from the single customer view and the moment alone, looked up in the model's tables, for
all categories at once. Every feature is centred, scaled, cut and rounded to a multiple of 1/256, so
that sums of features times weights are exact in any order and on any processor. Never here: weights
(`leanings.py`), and reading the view (`past.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import log, log1p, sqrt
from typing import Final, NamedTuple

import numpy as np

from .patterns import Floats, Patterns, Places, daypart, gap_class, rate_class

LARGEST: Final = 4.0
STEP: Final = 2.0**8
LEAST_OF_ORDERS: Final = 2.0, 0.5
"""Orders of everybody's that are added to own ones: of late, and of such things."""
_PER_DAY: Final = np.array([[-1 / 60.0], [-1 / 120.0], [-1 / 200.0]])
"""How own orders fade: of late, by likeness, and by likeness for the moment."""


class Tendency(NamedTuple):
    """One feature, (measured - centre) / scale: most lie within 1 either way."""

    name: str
    about: str
    centre: float
    scale: float


OF_CATEGORIES: Final[tuple[Tendency, ...]] = (
    Tendency("own_count", "log of one more than the purchases in the category", 0.5, 0.7),
    Tendency("new_to_them", "never bought in the category", 0.5, 0.5),
    Tendency("renewal", "log chance to buy again, by rate and time since the last", -5.0, 1.5),
    Tendency("own_pace", "log lift of the category itself after such a time", 0.0, 0.3),
    Tendency("overdue", "log of time since the last / the usual interval", 0.0, 0.7),
    Tendency("own_rate", "log share of the customer's orders with the category", -5.0, 1.5),
    Tendency("own_lately", "the same, of orders that fade over 60 days", -5.0, 1.5),
    Tendency("together", "log share of own orders with such things, the likest most", -4.5, 1.5),
    Tendency("goes_with", "sum of log lifts by what is in the basket or asked about", 0.3, 1.0),
    Tendency("goes_with_most", "the largest of these", 0.5, 0.6),
    Tendency("goes_with_least", "the smallest of these", -0.2, 0.4),
    Tendency("near_rate", "log share of orders with others of the same kind", -4.0, 1.5),
    Tendency("near_gap", "log of days since anything of the same kind", 4.0, 1.2),
    Tendency("same_kind", "how many things in the basket are of the same kind", 0.1, 0.5),
    Tendency("alike", "log of what customers of like habits buy", -4.0, 1.5),
    Tendency("share", "log share of everybody's orders with the category", -4.5, 1.2),
    Tendency("trend_weeks", "log lift of the category in the last weeks", 0.0, 0.3),
    Tendency("trend_days", "log lift of the category in the last days", 0.0, 0.4),
    Tendency("hour", "log lift of the category at this time of day", 0.0, 0.15),
    Tendency("weekend_or_not", "log lift on weekends, or on weekdays", 0.0, 0.15),
)
"""For each category."""

OF_MOMENTS: Final = (
    Tendency("usual_size", "log of categories in the customer's usual order", 2.2, 0.5),
    Tendency("size_lately", "the same, of orders that fade over 60 days", 2.2, 0.5),
    Tendency("size_of_like", "mean log size of own orders with such things", 2.2, 0.6),
    Tendency("like_orders", "how much like these things own orders were", 1.0, 0.6),
    Tendency("more_to_come", "sum of log lifts of the order's size by what is in it", 0.0, 0.6),
    Tendency("more_at_most", "the largest of these", 0.2, 0.3),
    Tendency("away", "log of days since the last order", 1.5, 0.8),
    Tendency("away_longer", "log of these / the usual interval", 0.0, 0.9),
    Tendency("experience", "log of orders so far", 3.5, 1.0),
    Tendency("variety", "log of categories bought so far / orders so far", 0.5, 0.8),
    Tendency("knows_these", "mean log rate of what is in the basket", -2.5, 1.0),
    Tendency("much_due", "log of how many categories are due", 1.5, 0.7),
    Tendency("orders_a_day", "orders per day so far", 0.15, 0.1),
)
"""The same for all categories: they tell good moments from others."""

AT: Final = {tendency.name: at for at, tendency in enumerate(OF_CATEGORIES)}
"""The number of each feature of a category."""
OWN: Final = slice(AT["own_count"], AT["own_rate"] + 1)
DENSE: Final = slice(AT["own_rate"], AT["alike"] + 1)
"""Numbers in a row: what own categories have of their own, and what every category has."""
_OF_ORDERS: Final = slice(AT["own_lately"], AT["together"] + 1)
_OF_BASKET: Final = AT["goes_with"]


def _columns(tendencies: Sequence[Tendency]) -> tuple[Floats, Floats]:
    centres = np.array([[t.centre] for t in tendencies])
    return centres, np.array([[STEP / t.scale] for t in tendencies])


_OF_MOMENTS: Final = _columns(OF_MOMENTS)
_OF_OWN: Final = _columns(OF_CATEGORIES[OWN])
_OF_ALL: Final = _columns(OF_CATEGORIES[DENSE])
_CENTRES: Final = [(AT[t.name], t.centre) for t in OF_CATEGORIES[DENSE]]


class Past(NamedTuple):
    """What a customer has bought, in numbers: of the categories that the model knows.

    `own` (n): places of categories; `counts` and `gaps` (n): purchases, days since the last.
    `since` and `span`: days since the last and since the first order of all. Of the latest orders:
    `ages` and `sizes` (m): days ago, and categories in each; `bought` and `order_of` (l): the
    places of categories, and the number of the order of each.
    """

    own: Places
    counts: Floats
    gaps: Floats
    orders: int
    since: float
    span: float
    ages: Floats
    sizes: Places
    bought: Places
    order_of: Places


_Centres = dict[int, float]
"""By the number of a feature: what is taken off a measure besides its centre."""


class Tendencies(NamedTuple):
    """The features of one moment: `categories` (OF_CATEGORIES x K), `moment` (OF_MOMENTS)."""

    categories: Floats
    moment: Floats


def measure(patterns: Patterns, past: Past, known: Sequence[int], local: datetime) -> Tendencies:
    """All features. `known` are the places of the categories in the basket, or asked about; `local`
    is the moment on the customer's own clock."""
    known, ground, own = list(known), patterns.ground, _Own(patterns, past)
    rows = ground.rows.copy()
    rows[AT["hour"]] = ground.hours[daypart(local.hour)]
    rows[AT["weekend_or_not"]] = ground.weekend[int(local.weekday() >= 5)]
    centres = {AT["own_rate"]: log(past.orders / 4.0 + 1.0)}
    likeness = _of_orders(rows, centres, patterns, past, known)
    _of_kinds(rows, centres, patterns, own, known)
    _of_basket(rows, patterns, known)
    _of_alike(rows, centres, patterns, past)
    moved = [[c + centres.get(at, 0.0)] for at, c in _CENTRES]
    scaled(rows[DENSE], np.array(moved), _OF_ALL[1])
    rows[OWN, past.own] = own.features()
    moment = np.array([_of_moment(patterns, past, known, own.due, likeness)])
    return Tendencies(rows, scaled(moment.T, *_OF_MOMENTS).ravel())


def scaled(rows: Floats, centres: Floats, per_scale: Floats) -> Floats:
    """Measures as features, in place; all have a row, the other two are columns."""
    rows -= centres
    rows *= per_scale
    np.rint(rows, out=rows)
    rows.clip(-LARGEST * STEP, LARGEST * STEP, out=rows)
    rows *= 1.0 / STEP
    return rows


class _Own:
    """What the customer has bought of each category, by itself (n of them)."""

    def __init__(self, patterns: Patterns, past: Past) -> None:
        own, counts, gaps = past.own, past.counts, past.gaps
        self.past, self.gaps = past, gap_class(gaps)
        self.again = patterns.again[rate_class(counts, past.orders), self.gaps]
        self.pace = patterns.pace[own, self.gaps]
        logs = np.empty((4, len(own)))
        np.add(patterns.ground.four_times[own], counts, out=logs[0])
        np.add(counts, 1.0, out=logs[1])
        np.add(gaps, 1.0, out=logs[2])
        usual = np.maximum(past.span - gaps, 0.0) / np.maximum(counts - 1.0, 1.0)
        np.add(usual, 1.0, out=logs[3])
        self.rates, self.counts, self.away, self.usual = np.log(logs, out=logs)
        self.due = float(np.exp(self.again).sum())

    def features(self) -> Floats:
        found = np.zeros((len(_OF_OWN[0]), len(self.rates)))
        found[0] = self.counts
        found[2] = self.again
        found[3] = self.pace
        np.subtract(self.away, self.usual, out=found[4], where=self.past.counts > 1.0)
        np.subtract(self.rates, log(self.past.orders + 4.0), out=found[5])
        return scaled(found, *_OF_OWN)


def _of_kinds(
    rows: Floats, centres: _Centres, patterns: Patterns, own: _Own, known: Sequence[int]
) -> None:
    """What was bought of the same kind, the category itself left out of the rate."""
    past, width, parents = own.past, rows.shape[1], patterns.parents
    kinds, away = parents[past.own], patterns.ground.away.copy()
    near = np.bincount(kinds, past.counts, width)[parents].astype(float, copy=False)
    latest_last = own.away.argsort()[::-1]
    away[kinds[latest_last]] = own.away[latest_last]
    near[past.own] -= past.counts
    near += 0.2
    np.log(near, out=rows[AT["near_rate"]])
    rows[AT["near_gap"]] = away[parents]
    if known:
        rows[AT["same_kind"]] = np.bincount(parents[known], None, width)[parents]
    centres[AT["near_rate"]] = log(past.orders + 4.0)


def _of_orders(
    rows: Floats, centres: _Centres, patterns: Patterns, past: Past, known: Sequence[int]
) -> tuple[float, float, float]:
    """What stood in the latest orders, of late and beside such things; for the moment the size of
    orders lately and of such orders, and how many such there were."""
    width, sizes, ground = rows.shape[1], past.sizes, patterns.ground
    overlap, meaning = _in_common(patterns, past, known)
    weights = np.exp(_PER_DAY * past.ages)
    per_root, per_size, log_size = ground.of_sizes.take(sizes, axis=1)
    fading, alike, alikest = weights
    alike *= (overlap + 0.1) * per_root
    alikest *= (meaning * meaning + 1.0) * per_size
    lately, like, likest = np.add.reduce(weights, axis=1).tolist()
    found = rows[_OF_ORDERS]
    found[0] = np.bincount(past.bought, fading[past.order_of], width)
    found[1] = np.bincount(past.bought, alike[past.order_of], width)
    found += ground.least
    np.log(found, out=found)
    centres[AT["own_lately"]] = log(lately + LEAST_OF_ORDERS[0])
    centres[AT["together"]] = log(like + LEAST_OF_ORDERS[1])
    usual = _usual_size(patterns, past)
    size = (float(fading.dot(sizes)) + 2.0 * usual) / (lately + 2.0)
    of_like = (float(alikest.dot(log_size)) + 0.2 * log(usual)) / (likest + 0.2)
    return log(size), of_like, log1p(1.5 * float(alikest.dot(meaning * per_size)))


def _in_common(patterns: Patterns, past: Past, known: Sequence[int]) -> tuple[Places, Floats]:
    """Of each of the latest orders: how many such things stood in it, and how rare these are."""
    rarity, orders = np.zeros(len(patterns.share)), len(past.sizes)
    rarity[known] = -patterns.share[known]
    shared = rarity[past.bought]
    overlap: Places = np.bincount(past.order_of, shared > 0.0, orders)
    return overlap, np.bincount(past.order_of, shared, orders).astype(float, copy=False)


def _usual_size(patterns: Patterns, past: Past) -> float:
    everybody = 5.0 * patterns.ground.usual_size
    return (float(past.counts.sum()) + everybody) / (past.orders + 5.0)


def _of_basket(rows: Floats, patterns: Patterns, known: Sequence[int]) -> None:
    """What is bought with such things."""
    if known:
        lifts = patterns.lifts[known]
        np.add.reduce(lifts, axis=0, out=rows[_OF_BASKET])
        np.maximum.reduce(lifts, axis=0, out=rows[_OF_BASKET + 1])
        np.minimum.reduce(lifts, axis=0, out=rows[_OF_BASKET + 2])


def _of_alike(rows: Floats, centres: _Centres, patterns: Patterns, past: Past) -> None:
    """The customer's habits as the leading factors know them, read back category by category."""
    row, root = rows[AT["alike"]], sqrt(past.orders + 5.0)
    habits = np.sqrt(past.counts) * patterns.rarity[past.own]
    np.dot(patterns.factors, habits.dot(patterns.factors.take(past.own, axis=0)), out=row)
    row /= patterns.rarity
    np.maximum(row, 0.002 * root, out=row)
    np.log(row, out=row)
    centres[AT["alike"]] = log(root)


def _of_moment(
    patterns: Patterns,
    past: Past,
    known: Sequence[int],
    due: float,
    likeness: tuple[float, float, float],
) -> tuple[float, ...]:
    chance, orders = patterns.chance, float(past.orders)
    more = patterns.more[known].tolist() if known else [0.0]
    mine = np.zeros(len(chance))
    mine[past.own] = past.counts
    bought = zip(mine[known].tolist(), chance[known].tolist(), strict=True) if known else ()
    rates = [log((times + 4.0 * usual) / (orders + 4.0)) for times, usual in bought]
    return (
        log(_usual_size(patterns, past)),
        *likeness,
        sum(more),
        max(more),
        log1p(past.since) if orders else log(8.0),
        log((past.since + 1.0) / ((past.span + 1.0) / (orders + 1.0))),
        log1p(orders),
        log1p(len(past.own)) - log1p(orders),
        sum(rates) / len(rates) if rates else OF_MOMENTS[10].centre,
        log(due + 0.5),
        orders / (past.span + 7.0),
    )
