from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib.catalog.rules import compile_offer
from chalicelib.customers.orders import import_orders
from chalicelib.customers.rows import read_customers, read_transactions
from chalicelib.decisioning import Engine, open_catalog
from chalicelib.model import (
    Channel,
    ConsentState,
    Customer,
    DecisionContext,
    DecisionInputs,
    Intent,
    Product,
    ProductMatch,
    Purpose,
    Understanding,
)
from infra.local.shop import DETAILED, FOLDER, Shop, load, read_shop
from infra.shelves import Shelves

from .stage import NOW, stage

SIZES = ("41", "42", "43", "44", "45", "46")


@pytest.fixture(scope="module")
def shop() -> Shop:
    return read_shop(NOW)


@pytest.fixture(scope="module")
def products(shop: Shop) -> dict[str, Product]:
    return {row.product.id: row.product for row in shop.products if row.product}


@pytest.fixture(scope="module")
def loaded() -> Iterator[Shelves]:
    with stage() as shelves:
        load(shelves, now=NOW)
        yield shelves


def view(shelves: Shelves, customer_id: str) -> Customer:
    found = shelves.customers.view(customer_id)
    assert found is not None
    return found


def test_the_shop_has_its_size(shop: Shop, products: dict[str, Product]) -> None:
    sizes = (len(products), len(shop.stores), len(shop.offers), len(shop.customers))
    assert sizes == (200, 8, 40, 60)
    assert (len(shop.orders), len(shop.views)) > (200, 100)


def test_every_row_of_every_file_is_good() -> None:
    def lines(name: str) -> list[str]:
        return (FOLDER / name).read_text().splitlines(keepends=True)

    shop = read_shop(NOW)
    rows: list[Any] = [
        *shop.products,
        *shop.stores,
        *read_customers(lines("customers.jsonl"), "jsonl"),
        *read_transactions(lines("transactions.csv"), "csv"),
    ]
    assert [(row.line, row.reason) for row in rows if row.reason] == []


def test_the_trailblazer_is_as_the_story_tells(products: dict[str, Product]) -> None:
    shoe = products["tb-gtx-44"]
    assert (shoe.title, shoe.brand, shoe.product_type) == (
        "Trailblazer GTX",
        "Fjord",
        "shoes/trail",
    )
    assert (shoe.price, shoe.size, shoe.item_group_id) == ("129.90 USD", "44", "tb")
    assert shoe.stock == {"broadway": 3, "soho": 0}
    assert shoe.link == "https://shop.example/p/tb-gtx"
    sizes = [p.size for p in products.values() if p.item_group_id == "tb"]
    assert sizes == list(SIZES)


def test_one_near_identical_shoe_stands_by(products: dict[str, Product]) -> None:
    for size in SIZES:
        assert products[f"rr-gtx-{size}"].product_type == "shoes/trail"
    assert products["rr-gtx-44"].stock == {"broadway": 2, "soho": 4}
    assert not products["tb-2-44"].available


def test_the_feed_holds_together(shop: Shop, products: dict[str, Product]) -> None:
    stores = {row.store.id for row in shop.stores if row.store}
    for product in products.values():
        assert set(product.stock) <= stores
        if product.stock:
            assert product.available == (product.availability == "in_stock")
        if product.gtin:
            digits = [int(d) for d in product.gtin]
            assert sum(d * (3 if n % 2 else 1) for n, d in enumerate(digits)) % 10 == 0
    groups = Counter(p.item_group_id for p in products.values() if p.item_group_id)
    assert min(groups.values()) > 1
    assert len({(p.title, p.color, p.size) for p in products.values()}) == len(products)


def test_every_offer_can_be_published_and_names_what_exists(
    shop: Shop, products: dict[str, Product]
) -> None:
    categories = {path for p in products.values() for path in p.category_paths}
    for offer in shop.offers:
        compile_offer(offer)
        for named in offer.products:
            known = categories if named.startswith("category:") else products
            assert named.removeprefix("category:") in known
    purposes = Counter(offer.purpose for offer in shop.offers)
    assert purposes == {Purpose.MARKETING: 34, Purpose.SERVICE: 6}


def test_histories_name_what_exists(shop: Shop, products: dict[str, Product]) -> None:
    ids = {customer.id for customer in shop.customers}
    orders = [row.value for row in shop.orders if row.value]
    bought = {line.product_id for order in orders for line in order.lines}
    assert bought <= set(products)
    assert {order.customer for order in orders} <= {f"user:{i}" for i in ids}
    assert {v.customer for v in shop.views} <= ids
    assert {v.product_id for v in shop.views} <= set(products)


def test_the_customers_are_varied(shop: Shop) -> None:
    zones = {c.profile.time_zone for c in shop.customers if c.profile.time_zone}
    assert len(zones) > 10
    assert all(ZoneInfo(zone) for zone in zones)
    assert {"en", "es", "fr", "de"} <= {c.profile.language for c in shop.customers}
    states = Counter(c.state for customer in shop.customers for c in customer.consents)
    assert min(states[ConsentState.GRANTED], states[ConsentState.DENIED]) >= 5
    assert any(not c.consents for c in shop.customers)
    assert any((c.age(NOW) or 99) < 18 for c in shop.customers)


def test_a_later_load_moves_the_shop_by_whole_weeks(shop: Shop) -> None:
    later = read_shop(NOW + timedelta(days=20))
    moved = {
        after.value.at - before.value.at
        for before, after in zip(shop.orders, later.orders, strict=True)
        if before.value and after.value
    }
    assert moved == {timedelta(days=14)}
    starts = [(a.starts_at, b.starts_at) for a, b in zip(shop.offers, later.offers, strict=True)]
    assert all(a and b and b - a == timedelta(days=14) for a, b in starts)
    assert later.views[0].at - shop.views[0].at == timedelta(days=20)


def test_nothing_in_the_shop_lies_ahead(shop: Shop) -> None:
    times = [row.value.at for row in shop.orders if row.value]
    assert max(times) < NOW < max(times) + timedelta(days=7)
    assert max(c.at for customer in shop.customers for c in customer.consents) < NOW
    assert all(a <= b for a, b in pairwise(times))


def test_joe_is_as_the_story_tells(loaded: Shelves) -> None:
    assert loaded.customers.resolve(["x:1234", "phone:+15551230001"]) == {
        "x:1234": "joe",
        "phone:+15551230001": "joe",
    }
    joe = view(loaded, "joe")
    assert joe.x_linked_with_opt_in
    assert joe.attributes == {"tier": "gold", "household_size": 3}
    assert joe.preferences[Purpose.MARKETING] == (Channel.SMS, Channel.EMAIL)
    consent = joe.consent(Channel.SMS, Purpose.MARKETING)
    assert consent is not None
    assert (consent.state, consent.source, consent.at.isoformat()) == (
        ConsentState.GRANTED,
        "web form",
        "2026-03-01T10:00:00+00:00",
    )
    assert NOW - joe.recent[0].at == timedelta(minutes=4)
    assert joe.recent[0].product_id == "tb-gtx-44"
    assert joe.recent[0].category == "shoes/trail"
    spring = joe.aggregates.last_product_purchase["tb-2-44"]
    assert spring == datetime.fromisoformat("2026-04-18T15:22:00Z")
    assert joe.aggregates.view_count["shoes/trail"] == 3
    assert [order.id for order in joe.orders] == [
        row.value.id
        for row in reversed(read_shop(NOW).orders)
        if row.value and row.value.customer == "user:joe" and NOW - row.value.at < DETAILED
    ]


def test_no_offer_fits_joe_nearly_as_well_as_the_one_on_trail_shoes(loaded: Shelves) -> None:
    head = loaded.catalogs.head()
    assert head is not None
    engine = Engine(loaded.catalogs.open(head.version, open_catalog))
    shoe = loaded.assortment.current.products["tb-gtx-44"]
    asked = Understanding(
        intent=Intent.AVAILABILITY,
        confidence=1,
        products=(ProductMatch(product_id=shoe.id, confidence=1),),
    )
    for understanding in (asked, None):
        inputs = DecisionInputs(
            customer=view(loaded, "joe"),
            context=DecisionContext(channel=Channel.SMS),
            understanding=understanding,
            products=(shoe,),
            limit=10,
        )
        decision = engine.decide(inputs, now=NOW, seed=1, decision_id="d-1")
        best, second, *others = decision.offers
        assert best.offer_id == "trail-10"
        assert best.score > 3 * second.score
        assert others


def test_a_product_of_the_shop_is_in_the_assortment(loaded: Shelves) -> None:
    assert loaded.assortment.current.products["tb-gtx-44"].stock["broadway"] == 3
    assert loaded.products.get_store("broadway").hours["mon"] == "10:00-20:00"


def test_the_offers_are_live(loaded: Shelves) -> None:
    head = loaded.catalogs.head()
    assert head is not None
    assert head.offers == 40
    trail = loaded.catalogs.open(head.version, open_catalog).offer("trail-10")
    assert trail is not None
    assert (trail.value, trail.policy.budget) == (12.5, 50000)


def test_loading_again_counts_nothing_twice(loaded: Shelves) -> None:
    told: list[tuple[str, int, int]] = []
    before = {name: view(loaded, name) for name in ("joe", "maya")}
    load(loaded, now=NOW + timedelta(days=30), progress=lambda *step: told.append(step))
    assert {name: view(loaded, name) for name in before} == before
    assert told[0] == ("demo shop: products", 200, 200)
    assert told[-1] == ("demo shop: customers", 60, 60)


def test_importing_the_shops_transactions_again_counts_nothing_twice(loaded: Shelves) -> None:
    before = view(loaded, "maya")
    assert list(import_orders(loaded.customers, read_shop(NOW).orders, NOW)) == []
    assert view(loaded, "maya") == before


def test_the_files_are_written_for_people() -> None:
    for name in ("customers.jsonl", "offers.jsonl", "stores.jsonl"):
        for line in (FOLDER / name).read_text().splitlines():
            assert json.dumps(json.loads(line), ensure_ascii=False) == line
