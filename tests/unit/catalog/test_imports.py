"""Imports of products and stores."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.catalog import FeedRow, StoreRow, import_products, import_stores, imports
from chalicelib.catalog.imports import ImportReport
from chalicelib.errors import TemporaryError
from chalicelib.model import Product, Store
from tests.stage import Aws, Clock

from .conftest import Meddling, Shop


def rows(count: int, units: int = 1) -> list[FeedRow]:
    return [
        FeedRow(n + 2, Product(id=f"p{n}", title="P", price="1 USD", stock={"soho": units}))
        for n in range(count)
    ]


def run(shop: Shop, clock: Clock, found: list[FeedRow]) -> ImportReport:
    return import_products(found, shop.products, shop.cache, now=clock.now)


def test_good_rows_are_kept_and_bad_ones_reported(shop: Shop, clock: Clock) -> None:
    report = run(shop, clock, [*rows(2), FeedRow(4, reason="price: Field required")])
    assert (report.accepted, report.changed) == (2, 2)
    assert report.rejected == ((4, "price: Field required"),)
    assert shop.products.get_product("p1").title == "P"
    assert "p1" in shop.cache.current.products


def test_the_reasons_reported_are_bounded(
    shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "REPORTED_REJECTIONS", 2)
    report = run(shop, clock, [FeedRow(n, reason="bad") for n in range(5)])
    assert (len(report.rejected), report.rejected_count) == (2, 5)


def test_what_came_back_is_named_once(shop: Shop, clock: Clock) -> None:
    run(shop, clock, rows(3, units=0))
    clock.advance(minutes=5)
    assert run(shop, clock, rows(2, units=4)).restocked == ("p0", "p1")
    assert run(shop, clock, rows(2, units=4)).restocked == ()


def test_importing_the_same_again_writes_nothing(shop: Shop, aws: Aws, clock: Clock) -> None:
    run(shop, clock, rows(30))
    with aws.watched() as calls:
        report = run(shop, clock, rows(30))
    assert (report.accepted, report.changed) == (30, 0)
    assert "BatchWriteItem" not in calls


def test_a_small_import_reaches_other_containers_by_the_log(
    shop: Shop, container: Callable[..., Shop], clock: Clock
) -> None:
    other = container()
    other.cache.refresh(clock.now)
    run(shop, clock, rows(3))
    assert other.cache.refresh(clock.advance(seconds=30)).products == {"p0", "p1", "p2"}
    assert shop.snapshots.head() is None


def test_a_large_import_reaches_other_containers_by_a_snapshot(
    shop: Shop,
    container: Callable[..., Shop],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(imports, "LOGGED_CHANGES", 20)
    monkeypatch.setattr(imports, "ROWS_A_CHUNK", 10)
    other, done = container(), list[int]()
    other.cache.refresh(clock.now)
    import_products(rows(45), shop.products, shop.cache, now=clock.now, progress=done.append)
    assert done == [10, 20, 30, 40, 45]
    assert len(list(shop.products.changes_since(clock.now))) == 20
    assert len(other.cache.refresh(clock.advance(seconds=30)).products) == 45
    fresh = container()
    fresh.cache.refresh(clock.now)
    assert len(fresh.cache.current.products) == 45


def test_an_import_sees_what_others_wrote_just_before(
    shop: Shop, container: Callable[..., Shop], clock: Clock
) -> None:
    run(shop, clock, rows(1, units=3))
    gone = rows(1, units=0)[0].product
    assert gone is not None
    container().products.put_product(gone)
    assert run(shop, clock, rows(1, units=3)).restocked == ("p0",)
    assert shop.products.get_product("p0").available


def test_stores_are_imported(shop: Shop, container: Callable[..., Shop], clock: Clock) -> None:
    found = [
        StoreRow(1, Store(id="soho", name="Soho")),
        StoreRow(2, reason="name: Field required"),
    ]
    first = import_stores(found, shop.products, shop.cache, now=clock.now)
    again = import_stores(found, shop.products, shop.cache, now=clock.now)
    assert (first.accepted, first.changed, first.rejected_count) == (1, 1, 1)
    assert again.changed == 0
    other = container()
    other.cache.refresh(clock.now)
    assert other.cache.current.stores["soho"].name == "Soho"


def test_of_two_large_imports_at_once_nothing_is_lost(
    shop: Shop,
    aws: Aws,
    container: Callable[..., Shop],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second to switch includes what the first wrote without logging it."""
    monkeypatch.setattr(imports, "LOGGED_CHANGES", 0)
    done = list[str]()

    def other() -> None:
        if not done:
            done.append("other")
            run(shop, clock, rows(3))

    late = container(s3=Meddling(aws.s3, "put_object", other))
    run(late, clock, [FeedRow(2, Product(id="late", title="L", price="1 USD"))])
    fresh = container()
    fresh.cache.refresh(clock.advance(days=1))
    assert set(fresh.cache.current.products) == {"p0", "p1", "p2", "late"}


def test_a_large_import_that_never_gets_its_turn_says_so(
    shop: Shop,
    aws: Aws,
    container: Callable[..., Shop],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(imports, "LOGGED_CHANGES", 0)
    late = container(s3=Meddling(aws.s3, "put_object", lambda: shop.snapshots.write(clock.now)))
    with pytest.raises(TemporaryError):
        run(late, clock, rows(1))


def test_a_snapshot_of_memory_equals_one_of_the_table(shop: Shop, clock: Clock) -> None:
    run(shop, clock, rows(40))
    shop.cache.note_store(shop.products.put_store(Store(id="soho", name="Soho")))
    known = shop.cache.write_snapshot(clock.now)
    listed = shop.snapshots.write(clock.now)
    assert (known.version, known.documents) == (listed.version, 41)
