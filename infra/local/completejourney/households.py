"""Households as customers: every transaction in their totals, the last 90 days in detail.

Of our making, by the household's number n: the identities `card:n`, `phone:+1555…` (2,000,000 + n)
and `email:hh<n>@household.example`; the time zone (New York for all); channels preferred: none
stated, sms, email, or sms then email, for n modulo 4 = 0, 1, 2, 3; consent to marketing by sms:
denied, granted, unknown for n modulo 3 = 0, 1, 2; by email: unknown for n modulo 5 = 0, granted
otherwise. Demographics are attributes as the data words them; ages are brackets, so no birth date
is set.

`last_product_purchase` holds the last 90 days only: with the whole year the busiest households
would come too close to DynamoDB's 400 KB an item.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from chalicelib.model import (
    Aggregates,
    Channel,
    Consent,
    ConsentState,
    Customer,
    OfferContact,
    Order,
    OrderLine,
    Profile,
    Purpose,
)

from .coupons import offer_id
from .journey import Journey, Table

SOURCE = "rule of the completejourney loader, not a real consent"
_PREFERRED: tuple[tuple[Channel, ...], ...] = (
    (),
    (Channel.SMS,),
    (Channel.EMAIL,),
    (Channel.SMS, Channel.EMAIL),
)
_NUMBERS = ("household_size", "kids_count")


def households(journey: Journey) -> Iterator[tuple[Customer, int]]:
    """Every household in order of its number, each with how many transaction rows are done."""
    sums = journey.transactions.groupby("household").agg(
        rows=("cents", "size"),
        baskets=("basket", "nunique"),
        cents=("cents", "sum"),
        first=("at", "min"),
        last=("at", "max"),
    )
    recent = journey.transactions[journey.transactions["at"] >= _naive(journey.detailed_since)]
    by_category, by_product = _category_totals(journey), _last_products(recent)
    targeted = _lists(journey.targets.sort_values("campaign_id"), "household_id", "campaign_id")
    redeemed = dict(list(journey.redemptions.groupby("household_id")))
    baskets, done = _Baskets(journey, recent), 0
    for row in sums.itertuples():
        number, done = int(row.Index), done + int(row.rows)
        first = _moment(row.first)
        aggregates = Aggregates(
            order_count=row.baskets,
            spend_total=_amount(row.cents),
            first_purchase_at=first,
            last_purchase_at=_moment(row.last),
            last_product_purchase=by_product.get(number, {}),
            **by_category.get(number, {}),
        )
        customer = Customer(
            id=f"hh-{number}",
            **_made_up(number, first),
            attributes=_attributes(journey.demographics, number, targeted.get(number, [])),
            aggregates=aggregates,
            orders=baskets.of(number),
            offers=tuple(_responses(journey, redeemed.get(number))),
        )
        yield customer, done


def _made_up(number: int, since: datetime) -> dict[str, Any]:
    preferred = _PREFERRED[number % 4]
    states = {
        Channel.SMS: (ConsentState.DENIED, ConsentState.GRANTED, None)[number % 3],
        Channel.EMAIL: ConsentState.GRANTED if number % 5 else None,
    }
    consents = tuple(
        Consent(channel=c, purpose=Purpose.MARKETING, state=state, source=SOURCE, at=since)
        for c, state in states.items()
        if state
    )
    return {
        "identities": (
            f"user:hh-{number}",
            f"phone:+1555{2_000_000 + number}",
            f"email:hh{number}@household.example",
            f"card:{number}",
        ),
        "profile": Profile(country="US", language="en", time_zone="America/New_York"),
        "preferences": dict.fromkeys(Purpose, preferred) if preferred else {},
        "consents": consents,
    }


def _attributes(demographics: Table, number: int, campaigns: list[int]) -> dict[str, Any]:
    """`campaigns` are those that the household was chosen for, as the rules of offers read them."""
    attributes: dict[str, Any] = {"campaigns": [str(campaign) for campaign in campaigns]}
    if number not in demographics.index:
        return attributes
    for name, value in demographics.loc[number].dropna().items():
        # "5+" persons and "3+" children are numbers, so that rules can compare them.
        known = int(value.rstrip("+")) if name in _NUMBERS else value
        attributes["age_bracket" if name == "age" else str(name)] = known
    return attributes


def _category_totals(journey: Journey) -> dict[int, dict[str, dict[str, Any]]]:
    """Per household and category path: rows bought, spend, and when last."""
    table = journey.transactions
    place = table.place.to_numpy()
    parts = []
    for level in range(journey.paths.shape[1]):
        path = np.where(place >= 0, journey.paths[place, level], -1)
        named = table[["household", "cents", "at"]].assign(path=path)[path >= 0]
        parts.append(
            named.groupby(["household", "path"], sort=False)
            .agg(rows=("cents", "size"), cents=("cents", "sum"), last=("at", "max"))
            .reset_index()
        )
    totals = pd.concat(parts).sort_values("household", kind="stable")
    names = journey.names[totals.path].tolist()
    rows, cents = totals.rows.tolist(), totals.cents.tolist()
    last = totals["last"].to_numpy().tolist()
    return {
        number: {
            "purchase_count": dict(zip(names[mine], rows[mine], strict=True)),
            "spend": dict(zip(names[mine], map(_amount, cents[mine]), strict=True)),
            "last_purchase": dict(zip(names[mine], map(_utc, last[mine]), strict=True)),
        }
        for number, mine in _slices(totals.household).items()
    }


def _last_products(recent: Table) -> dict[int, dict[str, datetime]]:
    last = recent.groupby(["household", "product_id"])["at"].max().reset_index()
    names = last.product_id.astype(str).tolist()
    times = last["at"].to_numpy().tolist()
    return {
        number: dict(zip(names[mine], map(_utc, times[mine]), strict=True))
        for number, mine in _slices(last.household).items()
    }


class _Baskets:
    """The baskets of the last 90 days as orders. sales_value counts as what was paid."""

    def __init__(self, journey: Journey, recent: Table) -> None:
        self._slices = _slices(recent.household)
        self._baskets = recent.basket.tolist()
        self._times = recent["at"].to_numpy().tolist()
        self._stores = recent.store.tolist()
        deepest = _deepest(journey)
        self._categories = [deepest[place] for place in recent.place.tolist()]
        columns = (recent.product_id, recent.quantity, recent.cents)
        self._bought = list(zip(*(column.tolist() for column in columns), strict=True))

    def of(self, household: int) -> tuple[Order, ...]:
        """Newest first."""
        mine = self._slices.get(household, slice(0, 0))
        places = range(mine.start, mine.stop)
        baskets = groupby(places, key=lambda place: self._baskets[place])
        return tuple(self._order(basket, list(rows)) for basket, rows in baskets)[::-1]

    def _order(self, basket: int, places: list[int]) -> Order:
        return Order(
            id=str(basket),
            at=_utc(self._times[places[0]]),
            total=_amount(sum(self._bought[place][2] for place in places)),
            currency="USD",
            store_id=f"store-{self._stores[places[0]]}",
            status="paid",
            lines=tuple(self._line(place) for place in places),
        )

    def _line(self, place: int) -> OrderLine:
        product_id, quantity, cents = self._bought[place]
        return OrderLine(
            product_id=str(product_id),
            category=self._categories[place],
            quantity=quantity,
            amount=_amount(cents),
        )


def _responses(journey: Journey, redeemed: Table | None) -> Iterator[OfferContact]:
    """Redemptions, newest first; the offer was made when its campaign began."""
    if redeemed is None:
        return
    for row in redeemed.sort_values("at", ascending=False).itertuples():
        began = journey.campaigns.starts_at[row.campaign_id]
        yield OfferContact(
            offer_id=offer_id(row.campaign_id, row.coupon_upc),
            decision_id=f"completejourney-{row.Index}",
            at=_moment(min(began, row.at)),
            response="redeemed",
            response_at=_moment(row.at),
        )


def _deepest(journey: Journey) -> list[str | None]:
    """Each product's whole category path or None; None at the end, for the position -1."""
    names = [*journey.names.tolist(), None]
    depth = (journey.paths >= 0).sum(axis=1)
    last = journey.paths[np.arange(len(depth)), np.maximum(depth - 1, 0)]
    return [*(names[position] for position in last.tolist()), None]


def _slices(numbers: Table) -> dict[int, slice]:
    """Where each number's run lies in a column that is in order of them."""
    found, starts = np.unique(np.asarray(numbers), return_index=True)
    ends = [*starts[1:].tolist(), len(numbers)]
    return {n: slice(*run) for n, *run in zip(found.tolist(), starts.tolist(), ends, strict=True)}


def _lists(table: Table, key: str, value: str) -> dict[int, list[int]]:
    return {int(k): v.tolist() for k, v in table.groupby(key)[value]}


def _amount(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def _moment(at: Any) -> datetime:
    return _utc(pd.Timestamp(at).to_pydatetime())


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)


def _naive(at: datetime) -> np.datetime64:
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "s")
