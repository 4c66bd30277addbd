"""Products and stores in the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.catalog.products import PUT_ATTEMPTS, next_version
from chalicelib.errors import NotFoundError, PayloadError, TemporaryError, TooLargeError
from chalicelib.model import Product, Store
from tests.stage import Aws, Clock

from .conftest import Meddling, Shop


def shoe(units: int = 3, product_id: str = "tb-gtx", **extra: Any) -> Product:
    return Product(
        id=product_id, title="Trailblazer GTX", price="129.90 USD", stock={"soho": units}, **extra
    )


BROADWAY = Store(id="broadway", name="Broadway", hours={"mon": "10:00-20:00"})


def test_a_product_is_read_as_it_was_put(shop: Shop) -> None:
    product = shoe(color="blue", mobile_link="https://shop.example/m")
    change = shop.products.put_product(product)
    assert shop.products.get_product("tb-gtx") == product
    assert (change.before, change.after, change.changed) == (None, product, True)


def test_a_store_is_read_as_it_was_put(shop: Shop) -> None:
    assert shop.products.put_store(BROADWAY).changed
    assert shop.products.get_store("broadway") == BROADWAY
    assert not shop.products.put_store(BROADWAY).changed


def test_what_was_never_put_is_not_found(shop: Shop) -> None:
    with pytest.raises(NotFoundError):
        shop.products.get_product("nothing")
    with pytest.raises(NotFoundError):
        shop.products.get_store("nowhere")


@pytest.mark.parametrize(
    ("units", "restocked"), [((0, 3), True), ((3, 5), False), ((3, 0), False), ((0, 0), False)]
)
def test_a_restock_is_from_none_to_some(
    shop: Shop, units: tuple[int, int], restocked: bool
) -> None:
    shop.products.put_product(shoe(units[0]))
    assert shop.products.put_product(shoe(units[1], color="red")).restocked is restocked


def test_an_unknown_product_is_no_restock(shop: Shop) -> None:
    assert not shop.products.put_product(shoe(3)).restocked


def test_an_unchanged_product_is_not_written(shop: Shop, aws: Aws, clock: Clock) -> None:
    first = shop.products.put_product(shoe())
    clock.advance(minutes=1)
    with aws.watched() as calls:
        again = shop.products.put_product(shoe())
    assert not again.changed
    assert again.stored == first.stored
    assert calls == ["GetItem"]


def test_of_two_writers_at_once_one_sees_the_restock(
    shop: Shop, aws: Aws, container: Callable[..., Shop]
) -> None:
    shop.products.put_product(shoe(0))
    seen = list[bool]()

    def other() -> None:
        if not seen:
            seen.append(shop.products.put_product(shoe(5)).restocked)

    late = container(Meddling(aws.dynamodb, "transact_write_items", other))
    change = late.products.put_product(shoe(7))
    assert seen == [True]
    assert not change.restocked
    assert change.before == shoe(5)
    assert shop.products.get_product("tb-gtx") == shoe(7)


def test_a_writer_who_is_always_late_is_told_to_try_again(
    shop: Shop, aws: Aws, container: Callable[..., Shop]
) -> None:
    units = iter(range(1, 100))
    meddling = Meddling(
        aws.dynamodb,
        "transact_write_items",
        lambda: shop.products.put_product(shoe(next(units))),
    )
    with pytest.raises(TemporaryError):
        container(meddling).products.put_product(shoe(0))
    assert next(units) == PUT_ATTEMPTS + 1


def failing(code: str, times: int) -> Callable[[], None]:
    left = iter(range(times))

    def fail() -> None:
        if next(left, None) is not None:
            raise ClientError({"Error": {"Code": code}}, "TransactWriteItems")

    return fail


def test_a_put_that_met_another_transaction_is_tried_again(
    aws: Aws, container: Callable[..., Shop]
) -> None:
    fail = failing("TransactionCanceledException", 2)
    late = container(Meddling(aws.dynamodb, "transact_write_items", fail))
    assert late.products.put_product(shoe()).changed


def test_a_throttled_put_is_temporary(aws: Aws, container: Callable[..., Shop]) -> None:
    fail = failing("ThrottlingException", 1)
    late = container(Meddling(aws.dynamodb, "transact_write_items", fail))
    with pytest.raises(TemporaryError):
        late.products.put_product(shoe())


def test_a_database_out_of_reach_is_temporary(aws: Aws, container: Callable[..., Shop]) -> None:
    def fail() -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb.example")

    with pytest.raises(TemporaryError):
        container(Meddling(aws.dynamodb, "get_item", fail)).products.get_product("a")


def test_everything_is_listed_without_a_scan(shop: Shop, aws: Aws) -> None:
    with aws.watched() as calls:
        for n in range(40):
            shop.products.put_product(shoe(product_id=f"p{n}"))
        shop.products.put_store(BROADWAY)
        listed = list(shop.products.listing())
    assert {e.id for e in listed} == {f"p{n}" for n in range(40)} | {"broadway"}
    assert listed[-1].kind == "store"
    assert set(calls) == {"GetItem", "TransactWriteItems", "Query"}


def test_every_write_is_in_the_change_log_until_it_expires(shop: Shop, clock: Clock) -> None:
    shop.products.put_product(shoe())
    later = clock.advance(minutes=1)
    shop.products.put_store(BROADWAY)
    assert {e.id for e in shop.products.changes_since(clock.now.replace(minute=0))} == {
        "tb-gtx",
        "broadway",
    }
    assert [(e.kind, e.id) for e in shop.products.changes_since(later)] == [("store", "broadway")]


def test_a_log_entry_carries_its_expiry(shop: Shop, aws: Aws, clock: Clock) -> None:
    shop.products.put_product(shoe())
    items = aws.dynamodb.scan(TableName="rejoinder-dev-catalog")["Items"]
    entry = next(i for i in items if i["pk"]["S"].startswith("change#"))
    assert int(entry["expires_at"]["N"]) - clock.now.timestamp() == 3 * 86_400


def test_a_product_too_large_to_keep_is_refused(shop: Shop) -> None:
    with pytest.raises(TooLargeError):
        shop.products.put_product(shoe(manual="x" * 400_000))


def test_a_product_with_half_a_character_is_refused(shop: Shop) -> None:
    with pytest.raises(PayloadError):
        shop.products.put_product(shoe(manual="\ud800"))


def test_versions_rise_even_where_the_clock_is_behind(clock: Clock) -> None:
    first = next_version(0, clock.now)
    assert next_version(first, clock.advance(hours=-1)) == first + 1
    assert next_version(first, clock.advance(hours=2)) > first + 1
