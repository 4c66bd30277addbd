"""Receipts become trips by the protocol of the ladder."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.benchmarks.ladder.journey import Journey, Trips, read_journey

_PRODUCTS = [
    (1, "GROCERY", "BREAD", "WHITE BREAD"),
    (2, "GROCERY", "MILK", "WHOLE MILK"),
    (3, "FUEL", "FUEL", "GASOLINE"),
    (4, "GROCERY", "SOUP", "SOUP"),
    (5, "COUPON", "COUPON", "PAPER"),
    (6, "GROCERY", None, None),
    (7, "GROCERY", "BREAD", "WHITE BREAD"),
]
_RECEIPTS = [
    (10, 1, 1, 1, 2.0, "2017-03-02 14:00"),
    (10, 1, 7, 1, 5.0, "2017-03-02 14:00"),
    (10, 2, 2, 1, 1.0, "2017-03-03 03:30"),  # still the second of March in New York
    (10, 1, 3, 1, 30.0, "2017-03-05 14:00"),
    (20, 1, 1, 0, 0.0, "2017-03-06 14:00"),
    (20, 1, 2, 2, 4.0, "2017-03-07 14:00"),
    (20, 1, 5, 1, 4.0, "2017-03-07 14:00"),
    (20, 1, 6, 1, 4.0, "2017-03-07 14:00"),
    (20, 1, 1, 1, 4.0, "2017-03-08 14:00"),
    (20, 1, 4, 1, 4.0, "2017-10-02 14:00"),
    (10, 1, 4, 1, 4.0, "2017-10-03 14:00"),
]


def _read(least_trips: int = 1) -> Journey:
    transactions = pd.DataFrame(
        _RECEIPTS,
        columns=[
            *("household_id", "store_id", "product_id", "quantity", "sales_value"),
            "transaction_timestamp",
        ],
    ).assign(retail_disc=0.0)
    at = pd.to_datetime(transactions.transaction_timestamp)
    tables: dict[str, Any] = {
        "transactions": transactions.assign(transaction_timestamp=at),
        "products": pd.DataFrame(
            _PRODUCTS, columns=["product_id", "department", "product_category", "product_type"]
        ),
        "demographics": pd.DataFrame(
            [(10, "50-74K", "2")], columns=["household_id", "income", "household_size"]
        ),
    }
    return read_journey(lambda names: {name: tables[name] for name in names}, least_trips)


def _named(journey: Journey, trips: Trips) -> list[str]:
    return [journey.shop.catalog[place] for place in trips.type]


def test_baskets_of_a_household_and_day_in_new_york_are_one_trip() -> None:
    journey = _read()

    first = journey.trips[0:1]
    assert _named(journey, first) == ["WHITE BREAD", "WHOLE MILK"]
    assert str(first.at[0]) == "2017-03-02T09:00"
    assert journey.shop.store_ids[first.store[0]] == 1


def test_fuel_coupons_nameless_products_and_what_was_not_bought_are_dropped() -> None:
    journey = _read()

    assert set(journey.shop.catalog) == {"WHITE BREAD", "WHOLE MILK"}
    assert journey.trips.day.tolist() == [60, 65, 66, 274, 275]


def test_the_catalog_is_of_types_on_enough_trips_before_october() -> None:
    assert _read(2).shop.catalog == ("WHITE BREAD", "WHOLE MILK")
    assert _read(3).shop.catalog == ()


def test_a_trip_of_other_types_is_a_trip_without_items() -> None:
    assert _read().trips.sizes.tolist() == [2, 1, 1, 0, 0]


def test_the_product_of_an_item_is_that_of_the_dearest_line() -> None:
    journey = _read()

    bread = journey.trips.product[0]
    assert journey.shop.product_ids[bread] == 7
    assert journey.trips.sales[0] == 7.0


def test_a_household_of_which_nothing_is_told_has_a_segment_of_its_own() -> None:
    assert len(set(_read().shop.segments.tolist())) == 2


def test_days_are_runs_of_whole_trips() -> None:
    trips = _read().trips
    runs = [trips[run] for run in trips.days()]

    assert [len(run) for run in runs] == [1, 1, 1, 1, 1]
    assert np.concatenate([run.type for run in runs]).tolist() == trips.type.tolist()
