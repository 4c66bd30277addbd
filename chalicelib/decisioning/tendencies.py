"""What a customer tends to buy at this moment: features of every category that a model knows.

Computed from the single customer view and the moment alone, looked up in the model's tables, for
all categories at once. Every feature is centred, scaled, cut and rounded to a multiple of 1/256, so
that sums of features times weights are exact in any order and on any processor. Never here: weights
(`leanings.py`), and reading the view (`past.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import log, log1p
from typing import Any, Final, NamedTuple

import numpy as np

from .patterns import Floats, Patterns, Places, daypart, gap_class, rate_class

LARGEST: Final = 4.0
STEP: Final = 2.0**8
_FADES: Final = 60.0
_LIKENESS_FADES: Final = 120.0, 200.0
_LONG_AWAY: Final = 200.0


class Tendency(NamedTuple):
    """One feature, (measured - centre) / scale: most lie within 1 either way."""

    name: str
    about: str
    centre: float
    scale: float


OF_CATEGORIES: Final = (
    Tendency("own_rate", "log share of the customer's orders with the category", -5.0, 1.5),
    Tendency("own_lately", "the same, of orders that fade over 60 days", -5.0, 1.5),
    Tendency("own_count", "log of one more than the purchases in the category", 0.5, 0.7),
    Tendency("new_to_them", "never bought in the category", 0.5, 0.5),
    Tendency("renewal", "log chance to buy again, by rate and time since the last", -5.0, 1.5),
    Tendency("own_pace", "log lift of the category itself after such a time", 0.0, 0.3),
    Tendency("overdue", "log of time since the last / the usual interval", 0.0, 0.7),
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

_AT: Final = {tendency.name: at for at, tendency in enumerate(OF_CATEGORIES)}


def _columns(tendencies: Sequence[Tendency]) -> tuple[Any, Any]:
    centres = np.array([[t.centre] for t in tendencies])
    return centres, np.array([[1.0 / t.scale] for t in tendencies])


_CENTRES, _PER_SCALE = _columns(OF_CATEGORIES)
_OF_MOMENTS: Final = _columns(OF_MOMENTS)


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
    sizes: Floats
    bought: Places
    order_of: Places


class Tendencies(NamedTuple):
    """The features of one moment: `categories` (OF_CATEGORIES x K), `moment` (OF_MOMENTS)."""

    categories: Floats
    moment: Floats


def measure(patterns: Patterns, past: Past, known: Sequence[int], local: datetime) -> Tendencies:
    """All features. `known` are the places of the categories in the basket, or asked about; `local`
    is the moment on the customer's own clock."""
    again = patterns.again[rate_class(past.counts, past.orders), gap_class(past.gaps)]
    rows = np.empty((len(OF_CATEGORIES), len(patterns.categories)))
    _of_own(rows, patterns, past, again)
    _of_kinds(rows, patterns, past, known)
    likeness = _of_orders(rows, patterns, past, known)
    _of_everybody(rows, patterns, known, local)
    _of_alike(rows, patterns, past)
    moment = np.array([_of_moment(patterns, past, known, float(np.exp(again).sum()), likeness)])
    return Tendencies(_scaled(rows, _CENTRES, _PER_SCALE), _scaled(moment.T, *_OF_MOMENTS).ravel())


def _scaled(rows: Floats, centres: Floats, per_scale: Floats) -> Floats:
    rows -= centres
    rows *= per_scale * STEP
    np.rint(rows, out=rows)
    np.maximum(rows, -LARGEST * STEP, out=rows)
    np.minimum(rows, LARGEST * STEP, out=rows)
    rows /= STEP
    return rows


def _of_own(rows: Floats, patterns: Patterns, past: Past, again: Floats) -> None:
    """What the customer has bought of the category itself."""
    own, counts, orders = past.own, past.counts, past.orders
    rate, renewal = rows[_AT["own_rate"]], rows[_AT["renewal"]]
    np.add(patterns.share, log(4.0) - log(orders + 4.0), out=rate)
    rate[own] = np.log((counts + 4.0 * patterns.chance[own]) / (orders + 4.0))
    np.add(patterns.share, log(0.3), out=renewal)
    renewal[own] = again
    usual = (past.span - past.gaps) / np.maximum(counts - 1.0, 1.0)
    overdue = np.log((past.gaps + 1.0) / np.maximum(usual + 1.0, 1.0))
    for name, other, values in (
        ("own_count", 0.0, np.log1p(counts)),
        ("new_to_them", 1.0, 0.0),
        ("own_pace", 0.0, patterns.pace[own, gap_class(past.gaps)]),
        ("overdue", 0.0, np.where(counts > 1.0, overdue, 0.0)),
    ):
        rows[_AT[name]] = other
        rows[_AT[name], own] = values


def _of_kinds(rows: Floats, patterns: Patterns, past: Past, known: Sequence[int]) -> None:
    """What was bought of the same kind, the category itself left out of the rate."""
    width, parents, kinds = rows.shape[1], patterns.parents, patterns.parents[past.own]
    near = np.bincount(kinds, past.counts, width).astype(float)[parents]
    near[past.own] -= past.counts
    rows[_AT["near_rate"]] = np.log((near + 0.2) / (past.orders + 4.0))
    gaps = np.full(width, _LONG_AWAY)
    order = np.argsort(-past.gaps)
    gaps[kinds[order]] = past.gaps[order]
    rows[_AT["near_gap"]] = np.log1p(gaps)[parents]
    same = np.bincount(parents[list(known)], None, width) if known else np.zeros(width)
    rows[_AT["same_kind"]] = same[parents]


def _of_orders(
    rows: Floats, patterns: Patterns, past: Past, known: Sequence[int]
) -> tuple[float, float, float]:
    """What stood in the latest orders, of late and beside such things; for the moment the size of
    orders lately and of such orders, and how many such there were."""
    width, chance, sizes = rows.shape[1], patterns.chance, past.sizes
    rarity = np.zeros(width)
    rarity[list(known)] = -patterns.share[list(known)]
    shared = rarity[past.bought]
    overlap = np.bincount(past.order_of, shared > 0.0, len(sizes))
    meaning = np.bincount(past.order_of, shared, len(sizes))
    slowly, more_slowly = _LIKENESS_FADES
    fading = np.exp(past.ages / -_FADES)
    like = (0.1 + overlap) / np.sqrt(sizes + 3.0) * np.exp(past.ages / -slowly)
    likest = (0.15 + 0.15 * meaning**2) / (sizes + 4.0) * np.exp(past.ages / -more_slowly)
    for name, weights, least in (("own_lately", fading, 2.0), ("together", like, 0.5)):
        total = float(weights.sum()) + least
        found = np.bincount(past.bought, weights[past.order_of], width) + least * chance
        rows[_AT[name]] = np.log(found / total)
    usual = (float(past.counts.sum()) + 5.0 * float(chance.sum())) / (past.orders + 5.0)
    lately = (float((fading * sizes).sum()) + 2.0 * usual) / (float(fading.sum()) + 2.0)
    of_like = float((likest * np.log(np.maximum(sizes, 1.0))).sum()) + 0.03 * log(usual)
    much = float((likest * meaning / (sizes + 4.0)).sum())
    return log(lately), of_like / (float(likest.sum()) + 0.03), log1p(10.0 * much)


def _of_everybody(rows: Floats, patterns: Patterns, known: Sequence[int], local: datetime) -> None:
    """What is bought with such things, and when."""
    lifts = patterns.lifts[list(known)] if known else np.zeros((1, rows.shape[1]))
    at = _AT["goes_with"]
    lifts.sum(axis=0, out=rows[at])
    lifts.max(axis=0, out=rows[at + 1])
    lifts.min(axis=0, out=rows[at + 2])
    rows[_AT["share"]] = patterns.others
    rows[_AT["trend_weeks"]], rows[_AT["trend_days"]] = patterns.trends
    rows[_AT["hour"]] = patterns.hours[daypart(local.hour)]
    rows[_AT["weekend_or_not"]] = patterns.weekend[int(local.weekday() >= 5)]


def _of_alike(rows: Floats, patterns: Patterns, past: Past) -> None:
    """The customer's habits as the leading factors know them, read back category by category."""
    habits = np.sqrt(past.counts / (past.orders + 5.0)) * patterns.rarity[past.own]
    found = patterns.factors @ (habits @ patterns.factors[past.own])
    rows[_AT["alike"]] = np.log(np.maximum(found / patterns.rarity, 0.002))


def _of_moment(
    patterns: Patterns,
    past: Past,
    known: Sequence[int],
    due: float,
    likeness: tuple[float, float, float],
) -> tuple[float, ...]:
    chance, orders = patterns.chance, float(past.orders)
    usual = (float(past.counts.sum()) + 5.0 * float(chance.sum())) / (orders + 5.0)
    more = patterns.more[list(known)].tolist() if known else [0.0]
    mine = dict(zip(past.own.tolist(), past.counts.tolist(), strict=True))
    rates = [log((mine.get(k, 0.0) + 4.0 * chance[k]) / (orders + 4.0)) for k in known]
    return (
        log(usual),
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
