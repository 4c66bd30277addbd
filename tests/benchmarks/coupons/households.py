"""Which household redeems: the features of a household when a campaign begins.

Lives here: one named number each, from the strict past. Never here: what weighs them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .journey import Array, Campaign, Journey
from .matching import QUARTER, Matches

MONTH: Final = 28
_FADES: Final = 45.0
"""Days in which a redemption counts for 1/e."""
_SPAN: Final = 10_000
"""More than any day: a household and a day make one number."""

PLAIN: Final = (
    *("type_a", "type_c", "trips_91", "spend", "recent", "received", "redeemed", "responses"),
    *("coupon_trips", "coupon_trips_91"),
)
"""Recency, frequency, money, past coupons and the campaign's type: what the plain peer knows."""
NAMES: Final = (
    *("type_a", "type_c", "coupons"),
    *("trips_28", "trend", "spend", "spend_28", "discount_share"),
    *("coupon_trips", "coupon_trips_91", "coupon_share"),
    *("received", "ignored", "response_share", "redeemed", "redeemed_lately"),
    *("matched", "matched_91", "matched_coupons", "matched_share"),
)
"""What ours knows; `measure` says what each is."""


def measure(past: Journey, campaign: Campaign, matches: Matches) -> dict[str, Array]:
    """By name, one number for each of the campaign's households; counts as log(1 + count)."""
    found = _activity(past, campaign.start) | _coupon_use(past, campaign.start)
    found |= _responses(past, campaign.start)
    own = {name: numbers[campaign.households] for name, numbers in found.items()}
    alike = np.ones(len(campaign.households))
    lately = np.log1p(matches.lines_lately.sum(1))
    return own | {
        "type_a": alike * (campaign.kind == "A"),
        "type_c": alike * (campaign.kind == "C"),
        "coupons": alike * np.log1p(len(campaign.coupons)),
        "matched": np.log1p(matches.lines.sum(1)),
        "matched_91": lately,
        "matched_coupons": np.log1p((matches.lines_lately > 0).sum(1)),
        "matched_share": lately - own["trips_91"],
    }


def _activity(past: Journey, start: int) -> dict[str, Array]:
    """Trips, money by month, recency, trend, and the share of the price that discounts took."""
    bought, size = past.purchases, len(past.household_ids)
    household, day = np.divmod(_trips(past, np.ones(len(bought.day), bool)), _SPAN)
    month, quarter = day >= start - MONTH, day >= start - QUARTER
    trips_28 = np.bincount(household[month], minlength=size)
    trips_91 = np.bincount(household[quarter], minlength=size)
    last = np.full(size, start - 10 * QUARTER)
    np.maximum.at(last, household, day)
    spent = np.bincount(bought.household, bought.value, size)
    saved = np.bincount(bought.household, bought.discount, size)
    lately = bought.day >= start - MONTH
    spent_28 = np.bincount(bought.household[lately], bought.value[lately], size)
    return {
        "trips_28": np.log1p(trips_28),
        "trips_91": np.log1p(trips_91),
        "trend": np.log1p(trips_28) - np.log1p(trips_91 * MONTH / QUARTER),
        "recent": np.exp((last - start) / 14),
        "spend": np.log1p(spent / _known(past, start) * MONTH),
        "spend_28": np.log1p(spent_28),
        "discount_share": saved / np.maximum(spent + saved, 1.0),
    }


def _coupon_use(past: Journey, start: int) -> dict[str, Array]:
    """Trips on which any coupon was handed in, by quarter and as a share of all trips."""
    size = len(past.household_ids)
    household, day = np.divmod(_trips(past, past.purchases.with_coupon), _SPAN)
    with_coupon = np.bincount(household, minlength=size)
    lately = np.bincount(household[day >= start - QUARTER], minlength=size)
    everywhere = _trips(past, np.ones(len(past.purchases.day), bool)) // _SPAN
    trips = np.bincount(everywhere, minlength=size)
    return {
        "coupon_trips": np.log1p(with_coupon / _known(past, start) * QUARTER),
        "coupon_trips_91": np.log1p(lately),
        "coupon_share": with_coupon / np.maximum(trips, 1),
    }


def _responses(past: Journey, start: int) -> dict[str, Array]:
    """Campaigns received, those since the last redemption, those answered; coupons redeemed."""
    size, known = len(past.household_ids), past.redemptions
    last = np.full(size, -_SPAN)
    np.maximum.at(last, known.household, known.day)
    received, ignored = np.zeros(size), np.zeros(size)
    for campaign in past.campaigns:
        received[campaign.households] += 1
        ignored[campaign.households] += campaign.start > last[campaign.households]
    answered = np.unique(known.household * _SPAN + known.campaign) // _SPAN
    responses = np.bincount(answered, minlength=size)
    return {
        "received": np.log1p(received),
        "ignored": np.log1p(ignored),
        "responses": np.log1p(responses),
        "response_share": (responses + 0.1) / (received + 1.0),
        "redeemed": np.log1p(np.bincount(known.household, minlength=size)),
        "redeemed_lately": np.exp((last - start) / _FADES),
    }


def _trips(past: Journey, kept: Array) -> Array:
    """household x _SPAN + day, once for each day on which the household was in a shop."""
    bought = past.purchases
    found: Array = np.unique(bought.household[kept] * _SPAN + bought.day[kept])
    return found


def _known(past: Journey, start: int) -> int:
    """For how many days purchases have been known: nothing is, before the first."""
    return max(start - int(past.purchases.day[0]), 1) if len(past.purchases.day) else 1
