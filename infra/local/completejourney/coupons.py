"""Coupons of the campaigns as offers: those of campaigns that ran in the last 90 days or still run.

Who may have one is the data's own choice of households, and then a rule of our making: a purchase
within 180 days in one of the up to three product categories that most of the coupon's products
belong to. The value is 30 % of the median price of its products, an assumed margin, for the data
has none. Validity is the campaign's. The wording is ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd

from chalicelib.model import Cap, ContactPolicy, Offer, Wording

from .journey import Journey, Table

CATEGORY_LEVEL = 1
CATEGORIES = 3
BOUGHT_WITHIN_DAYS = 180
MARGIN = 0.3


def offer_id(campaign: int, coupon: int) -> str:
    return f"campaign-{campaign}-coupon-{coupon}"


def offers(journey: Journey, prices: np.ndarray) -> Iterator[Offer]:
    """One offer for each coupon of each campaign."""
    place = pd.Series(np.arange(len(journey.products)), index=journey.products.product_id)
    coupons = journey.coupons.assign(place=journey.coupons.product_id.map(place)).dropna()
    since = journey.detailed_since.replace(tzinfo=None)
    current = journey.campaigns[journey.campaigns.ends_at > since]
    chosen = coupons[coupons.campaign_id.isin(current.index)]
    for (campaign, coupon), listed in chosen.groupby(["campaign_id", "coupon_upc"]):
        places = listed.place.to_numpy(dtype=np.int64)
        paths = _categories(journey, places)
        if paths:
            yield _offer(campaign, coupon, paths, float(np.median(prices[places])), current)


def _categories(journey: Journey, places: np.ndarray) -> list[str]:
    paths = journey.paths[places, CATEGORY_LEVEL]
    found, counts = np.unique(paths[paths >= 0], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:CATEGORIES]
    return [str(journey.names[n]) for n in found[order]]


def _offer(campaign: int, coupon: int, paths: list[str], price: float, current: Table) -> Offer:
    named = " or ".join(path.rpartition("/")[2].replace("-", " ") for path in paths)
    bought = " || ".join(
        f"days_since(customer.last_purchase[{json.dumps(path)}]) < {BOUGHT_WITHIN_DAYS}"
        for path in paths
    )
    return Offer(
        id=offer_id(campaign, coupon),
        title=f"Coupon for {named}",
        rule=f"'{campaign}' in customer.campaigns && ({bought})",
        value=round(MARGIN * price, 2),
        starts_at=current.starts_at[campaign].to_pydatetime(),
        ends_at=current.ends_at[campaign].to_pydatetime(),
        products=tuple(f"category:{path}" for path in paths),
        features={"coupon": 1.0},
        policy=ContactPolicy(per_customer=(Cap(times=1, days=7),)),
        wording=Wording(default=f"Your coupon for {named} is ready at the till."),
        link=f"https://shop.example/coupons/{coupon}",
    )
