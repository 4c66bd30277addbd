"""What a container knows of the assortment, and when it learns of the rest."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from chalicelib.catalog.assortment import NOTHING, AssortmentChange
from chalicelib.catalog.changes import CHANGE_SHARDS, Stored
from chalicelib.errors import PermanentError, TemporaryError
from chalicelib.model import Product, Store
from tests.stage import Aws, Clock

from .conftest import Meddling, Shop

Start = Callable[..., Shop]


def product(product_id: str, units: int = 1) -> Product:
    return Product(id=product_id, title=product_id, price="5 USD", stock={"soho": units})


SOHO = Store(id="soho", name="Soho")


def expire_the_log(aws: Aws) -> None:
    """As DynamoDB's TTL does in the end."""
    table = "rejoinder-dev-catalog"
    for item in aws.dynamodb.scan(TableName=table)["Items"]:
        if item["pk"]["S"].startswith("change#"):
            aws.dynamodb.delete_item(TableName=table, Key={k: item[k] for k in ("pk", "sk")})


def filled(shop: Shop, *ids: str) -> None:
    for product_id in ids:
        shop.products.put_product(product(product_id))


def test_nothing_is_known_before_the_first_refresh(shop: Shop) -> None:
    assert len(shop.cache.current.products) == 0
    assert shop.cache.version == ""


def test_an_empty_shop_loads(shop: Shop, clock: Clock) -> None:
    assert shop.cache.refresh(clock.now) == NOTHING
    assert not shop.cache.current.stores


def test_a_container_without_a_snapshot_reads_the_table(shop: Shop, clock: Clock) -> None:
    filled(shop, "a", "b")
    shop.products.put_store(SOHO)
    clock.advance(days=9)
    change = shop.cache.refresh(clock.now)
    assert change == AssortmentChange(frozenset({"a", "b"}), frozenset({"soho"}))
    assert shop.cache.current.products["a"] == product("a")
    assert shop.cache.current.stores["soho"] == SOHO
    assert set(shop.cache.current.products) == {"a", "b"}
    assert "z" not in shop.cache.current.products


def test_a_container_starts_from_the_snapshot_and_the_log(
    shop: Shop, aws: Aws, clock: Clock
) -> None:
    filled(shop, "a")
    shop.snapshots.write(clock.now)
    clock.advance(hours=5)
    filled(shop, "b")
    with aws.watched() as calls:
        shop.cache.refresh(clock.advance(hours=5))
    assert set(shop.cache.current.products) == {"a", "b"}
    assert calls == ["GetItem", "GetObject", *["Query"] * CHANGE_SHARDS]


def test_a_write_elsewhere_is_seen_at_the_next_refresh(
    shop: Shop, container: Start, clock: Clock
) -> None:
    shop.cache.refresh(clock.now)
    filled(container(), "a")
    assert shop.cache.refresh(clock.advance(seconds=29)) == NOTHING
    assert shop.cache.refresh(clock.advance(seconds=1)).products == {"a"}


def test_a_forced_refresh_does_not_wait(shop: Shop, container: Start, clock: Clock) -> None:
    shop.cache.refresh(clock.now)
    filled(container(), "a")
    assert shop.cache.refresh(clock.now, force=True)


def test_a_write_by_a_clock_that_is_behind_is_still_seen(
    shop: Shop, container: Start, clock: Clock
) -> None:
    shop.cache.refresh(clock.now)
    clock.advance(seconds=-60)
    filled(container(), "a")
    assert shop.cache.refresh(clock.advance(seconds=95)).products == {"a"}


def test_an_own_write_is_seen_at_once_and_told_once(shop: Shop, clock: Clock) -> None:
    told = list[AssortmentChange]()
    shop.cache.refresh(clock.now)
    shop.cache.subscribe(told.append)
    before = shop.cache.current
    shop.cache.note_product(shop.products.put_product(product("a")))
    shop.cache.note_store(shop.products.put_store(SOHO))
    assert shop.cache.current.products["a"] == product("a")
    assert "a" not in before.products
    shop.cache.refresh(clock.advance(minutes=1))
    assert told == [
        AssortmentChange(products=frozenset({"a"})),
        AssortmentChange(stores=frozenset({"soho"})),
    ]


def test_an_older_write_never_hides_a_newer_one(shop: Shop) -> None:
    shop.cache.note([Stored("product", "a", 2, b'{"id":"a","title":"new","price":"1 USD"}')])
    shop.cache.note([Stored("product", "a", 1, b'{"id":"a","title":"old","price":"1 USD"}')])
    assert shop.cache.current.products["a"].title == "new"


def test_a_write_of_the_same_content_is_no_change(shop: Shop) -> None:
    body = b'{"id":"a","title":"a","price":"1 USD"}'
    assert shop.cache.note([Stored("product", "a", 1, body)])
    assert not shop.cache.note([Stored("product", "a", 2, body)])


def test_equal_knowledge_has_an_equal_version(shop: Shop, container: Start, clock: Clock) -> None:
    other = container()
    change = shop.products.put_product(product("a"))
    shop.cache.note_product(change)
    other.cache.refresh(clock.advance(minutes=3))
    assert shop.cache.version == other.cache.version == "2026-11-18T17:00:00.000000Z"


def test_a_fault_while_refreshing_leaves_what_is_known(
    aws: Aws, container: Start, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    broken = list[str]()

    def fail() -> None:
        if broken:
            raise ClientError({"Error": {"Code": "InternalServerError"}}, "Query")

    shop = container(Meddling(aws.dynamodb, "query", fail))
    filled(shop, "a")
    shop.cache.refresh(clock.now)
    broken.append("now")
    with caplog.at_level(logging.WARNING):
        assert shop.cache.refresh(clock.advance(minutes=1)) == NOTHING
    assert "InternalServerError" in caplog.text
    assert "a" in shop.cache.current.products
    broken.clear()
    filled(shop, "b")
    assert shop.cache.refresh(clock.advance(minutes=1)).products == {"b"}


def test_a_fault_at_the_first_load_is_raised(aws: Aws, container: Start, clock: Clock) -> None:
    def fail() -> None:
        raise ClientError({"Error": {"Code": "InternalServerError"}}, "GetItem")

    with pytest.raises(TemporaryError):
        container(Meddling(aws.dynamodb, "get_item", fail)).cache.refresh(clock.now)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda body: body[:-9], id="truncated"),
        pytest.param(lambda body: b"not gzip", id="not gzip"),
        pytest.param(lambda body: gzip.compress(b'{"format":2}\n'), id="unknown format"),
        pytest.param(lambda body: gzip.compress(b'{"format":1}\n'), id="other content"),
        pytest.param(lambda body: gzip.compress(b'{"format":1}\n[1]\n'), id="no document"),
        pytest.param(None, id="gone"),
    ],
)
def test_an_unreadable_snapshot_is_replaced_by_the_table(
    shop: Shop,
    aws: Aws,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[bytes], bytes] | None,
) -> None:
    filled(shop, "a")
    head = shop.snapshots.write(clock.now)
    name = f"assortment/{head.version}.jsonl.gz"
    if damage is None:
        aws.s3.delete_object(Bucket=shop.artifacts._bucket, Key=name)
    else:
        shop.artifacts.put(name, damage(shop.artifacts.get(name)))
    shop.cache.refresh(clock.advance(hours=9))
    assert "a" in shop.cache.current.products
    assert name in caplog.text


def test_a_snapshot_of_an_unknown_format_says_so(shop: Shop, clock: Clock) -> None:
    head = shop.snapshots.write(clock.now)
    name = f"assortment/{head.version}.jsonl.gz"
    shop.artifacts.put(name, gzip.compress(b'{"format":2}\n'))
    with pytest.raises(PermanentError, match="unknown format"):
        shop.snapshots.read(head)


def test_a_snapshot_older_than_the_log_is_not_trusted(shop: Shop, aws: Aws, clock: Clock) -> None:
    shop.snapshots.write(clock.now)
    filled(shop, "a")
    expire_the_log(aws)
    shop.cache.refresh(clock.advance(days=3))
    assert "a" in shop.cache.current.products


def test_a_container_that_slept_longer_than_the_log_reads_the_table(
    shop: Shop, aws: Aws, container: Start, clock: Clock
) -> None:
    shop.cache.refresh(clock.now)
    filled(container(), "a")
    expire_the_log(aws)
    assert shop.cache.refresh(clock.advance(days=5)).products == {"a"}


def test_a_container_that_slept_for_days_catches_up_from_the_snapshot(
    shop: Shop, container: Start, clock: Clock
) -> None:
    shop.cache.refresh(clock.now)
    clock.advance(days=5)
    other = container()
    other.products.put_products([(product("a"), 0)], logged=False)
    other.snapshots.write(clock.now)
    assert shop.cache.refresh(clock.advance(hours=1)).products == {"a"}


def test_a_snapshot_is_due_when_there_is_none_and_then_daily(shop: Shop, clock: Clock) -> None:
    filled(shop, "a")
    first = shop.snapshots.write_if_due(clock.now)
    assert first is not None
    assert (first.generation, first.documents) == (1, 1)
    assert shop.snapshots.write_if_due(clock.advance(hours=23)) is None
    second = shop.snapshots.write_if_due(clock.advance(hours=1))
    assert second is not None
    assert (second.generation, second.version) == (2, first.version)


def test_a_snapshot_read_before_anothers_writes_is_made_again(
    shop: Shop, aws: Aws, container: Start, clock: Clock
) -> None:
    done = list[str]()

    def other() -> None:
        if not done:
            done.append("other")
            filled(shop, "b")
            shop.snapshots.write(clock.now)

    late = container(s3=Meddling(aws.s3, "put_object", other))
    filled(shop, "a")
    head = late.snapshots.write(clock.now)
    assert {e.id for e in shop.snapshots.read(head)} == {"a", "b"}
    assert head.generation == 2


def test_a_snapshot_that_always_comes_second_is_given_up(
    shop: Shop, aws: Aws, container: Start, clock: Clock
) -> None:
    late = container(s3=Meddling(aws.s3, "put_object", lambda: shop.snapshots.write(clock.now)))
    with pytest.raises(TemporaryError):
        late.snapshots.write(clock.now)


def test_a_clock_that_is_set_back_does_not_stop_refreshing(
    shop: Shop, container: Start, clock: Clock
) -> None:
    shop.cache.refresh(clock.now)
    clock.now -= timedelta(days=30)
    filled(container(), "a")
    assert shop.cache.refresh(clock.now).products == {"a"}


def test_reading_a_running_container_costs_five_calls(shop: Shop, aws: Aws, clock: Clock) -> None:
    shop.cache.refresh(clock.now)
    with aws.watched() as calls:
        shop.cache.refresh(clock.advance(minutes=1))
    assert calls == ["GetItem", *["Query"] * CHANGE_SHARDS]
