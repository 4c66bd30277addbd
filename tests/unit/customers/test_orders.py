from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from unittest import mock

import boto3
import pytest
from moto import mock_aws

from chalicelib.customers import linking
from chalicelib.customers.orders import UNKNOWN_CUSTOMER, import_orders
from chalicelib.customers.rows import Row, read_transactions
from chalicelib.customers.store import CustomerStore
from chalicelib.errors import TemporaryError
from chalicelib.model import Customer

NOW = datetime(2026, 11, 18, 0, 10, tzinfo=UTC)
HEADER = "id,customer,at,product_id,category,amount\n"
KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


@pytest.fixture
def store() -> Iterator[CustomerStore]:
    with mock.patch.dict(os.environ, KEYS), mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        keys = [("pk", "HASH"), ("sk", "RANGE")]
        client.create_table(
            TableName="customers",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n, _ in keys],
            KeySchema=[{"AttributeName": n, "KeyType": kind} for n, kind in keys],
        )
        store = CustomerStore(client, "customers")
        for name in ("joe", "ann"):
            store.put_items(store.items_of(Customer(id=name, identities=(f"user:{name}",))))
        yield store


def load(store: CustomerStore, *lines: str, **options: Any) -> list[Row[Any]]:
    rows = list(read_transactions([HEADER, *lines], "csv"))
    return list(import_orders(store, rows, NOW, **options))


def view(store: CustomerStore, customer_id: str) -> Customer:
    found = store.view(customer_id)
    assert found is not None
    return found


def test_an_order_counts_once_however_often_it_is_imported(store: CustomerStore) -> None:
    """Also one so old that it is not kept in detail."""
    lines = ["o1,joe,2025-01-01,p,shoes,10\n", "o2,joe,2026-11-01,p,shoes,5\n"]
    for _ in range(3):
        assert load(store, *lines) == []
    joe = view(store, "joe")
    assert (joe.aggregates.order_count, joe.aggregates.spend_total) == (2, Decimal(15))
    assert [order.id for order in joe.orders] == ["o2"]


def test_an_order_of_nobody_is_named_and_the_others_count(store: CustomerStore) -> None:
    refused = load(store, "o1,bob,2026-11-01,p,,1\n", "o2,ann,2026-11-01,p,,1\n")
    assert refused == [Row(2, reason=UNKNOWN_CUSTOMER)]
    assert view(store, "ann").aggregates.order_count == 1


def test_a_row_refused_by_the_reader_stays_refused(store: CustomerStore) -> None:
    [refused] = load(store, "o1,ann,never,p,,1\n")
    assert (refused.line, refused.value) == (2, None)


def test_more_orders_than_a_transaction_holds_all_count(store: CustomerStore) -> None:
    load(store, *(f"o{n},joe,2026-11-01,p,,1\n" for n in range(45)))
    assert view(store, "joe").aggregates.order_count == 45


def test_a_repetition_with_news_counts_the_news(store: CustomerStore) -> None:
    load(store, "o1,joe,2025-01-01,p,,1\n")
    load(store, "o1,joe,2025-01-01,p,,1\n", "o2,joe,2025-01-02,p,,1\n")
    assert view(store, "joe").aggregates.order_count == 2


def test_a_line_that_names_only_its_product_gets_its_category(store: CustomerStore) -> None:
    categories = {"p": "Shoes > Trail", "q": None}
    load(
        store,
        "o1,joe,2026-11-01,p,,1\n",
        "o2,joe,2026-11-01,q,,1\n",
        "o3,joe,2026-11-01,,,1\n",
        category_of=lambda product_id: categories[product_id],
    )
    assert view(store, "joe").aggregates.purchase_count == {"shoes": 1, "shoes/trail": 1}


def test_an_order_counted_before_a_merge_is_not_counted_again(store: CustomerStore) -> None:
    load(store, "o1,ann,2025-01-01,p,,1\n")
    linking.tie(store, "joe", "ann", NOW)
    load(store, "o1,ann,2025-01-01,p,,1\n", "o2,ann,2025-01-02,p,,1\n")
    assert view(store, "joe").aggregates.order_count == 2
    [merge] = linking.merges_of(store, "joe")
    linking.undo(store, "joe", merge.id, NOW)
    load(store, "o2,joe,2025-01-02,p,,1\n")
    assert view(store, "ann").aggregates.order_count == 1


def test_an_erased_customers_identity_counts_nothing(store: CustomerStore) -> None:
    store.remove(list(store.items("joe", "view#")))
    refused = load(store, "o1,joe,2026-11-01,p,,1\n")
    assert refused == [Row(2, reason=UNKNOWN_CUSTOMER)]
    assert store.view("joe") is None


def test_an_order_goes_to_whom_its_customer_was_merged_into(store: CustomerStore) -> None:
    """Also when that happened after the identity was looked up."""
    joe, ann = view(store, "joe"), view(store, "ann")
    buried = Customer(id="ann", merged_into="joe")
    store.save(ann.model_copy(update={"identities": ()}), buried, NOW)
    assert joe.id == "joe"
    load(store, "o1,ann,2026-11-01,p,,1\n")
    assert view(store, "joe").aggregates.order_count == 1


class Contended(CustomerStore):
    """Somebody else writes first, `times` times."""

    times = 0

    def transact(self, writes: Any) -> None:
        if self.times:
            self.times -= 1
            other = CustomerStore(self._client, self.table)
            before = other.view("joe")
            assert before is not None
            other.save(before, before.model_copy(update={"gpc": not before.gpc}), NOW)
        super().transact(writes)


def test_a_change_meanwhile_loses_nothing(store: CustomerStore) -> None:
    contended = Contended(store._client, store.table)
    contended.times = 2
    load(contended, "o1,joe,2026-11-01,p,,1\n")
    assert view(store, "joe").aggregates.order_count == 1


def test_a_customer_who_keeps_changing_is_tried_again_later(store: CustomerStore) -> None:
    contended = Contended(store._client, store.table)
    contended.times = 99
    with pytest.raises(TemporaryError):
        load(contended, "o1,joe,2026-11-01,p,,1\n")
