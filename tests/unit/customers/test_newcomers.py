from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from chalicelib.customers.newcomers import import_customers
from chalicelib.customers.rows import Row, read_customers
from chalicelib.customers.store import CustomerStore
from chalicelib.model import Customer
from infra.local.cloud import REGION, Cloud

NOW = datetime(2026, 11, 18, 0, 10, tzinfo=UTC)
HEADER = "id,identities,first_name\n"


class Counting(CustomerStore):
    """Counts the transactions, and lets somebody else in before the first."""

    transactions = 0
    intruder: Customer | None = None

    def transact(self, writes: Any) -> None:
        self.transactions += 1
        intruder, self.intruder = self.intruder, None
        if intruder is not None:
            CustomerStore(self._client, self.table).save(Customer(id=intruder.id), intruder, NOW)
        super().transact(writes)


@pytest.fixture
def store() -> Iterator[Counting]:
    with Cloud() as cloud:
        session = boto3.session.Session(cloud.account, "local", region_name=REGION)
        client = session.client("dynamodb", endpoint_url=cloud.url)
        yield Counting(client, cloud.name("CustomersTable"))
        client.close()


def load(store: CustomerStore, *lines: str) -> list[Row[Any]]:
    return list(import_customers(store, list(read_customers([HEADER, *lines], "csv")), NOW))


def first_names(store: CustomerStore, *ids: str) -> list[str | None]:
    views = [store.view(customer_id) for customer_id in ids]
    return [view.profile.first_name if view else None for view in views]


def test_newcomers_share_transactions(store: Counting) -> None:
    lines = [f"c{n},phone:+1555123{n:04d} card:{n},N{n}\n" for n in range(60)]
    assert load(store, *lines) == []
    assert store.transactions == 3
    assert first_names(store, "c0", "c59") == ["N0", "N59"]
    assert store.resolve(["phone:+15551230007", "card:7", "user:c7"]) == {
        "phone:+15551230007": "c7",
        "card:7": "c7",
        "user:c7": "c7",
    }
    view = store.view("c7")
    assert view is not None
    assert view.changed_at["profile.first_name"] == NOW


def test_importing_again_restates_and_keeps_what_is_there(store: Counting) -> None:
    load(store, "a,card:1,Ann\n", "b,card:2,Bob\n")
    before = store.view("a")
    assert before is not None
    store.save(before, before.model_copy(update={"gpc": True}), NOW)
    assert load(store, "a,card:1,Anna\n", "c,card:3,Cem\n") == []
    assert first_names(store, "a", "b", "c") == ["Anna", "Bob", "Cem"]
    after = store.view("a")
    assert after is not None
    assert after.gpc


def test_somebody_who_writes_meanwhile_is_not_overwritten(store: Counting) -> None:
    store.intruder = Customer(id="anon", identities=("card:2",), gpc=True)
    assert load(store, "a,card:1,Ann\n", "b,card:2,Bob\n") == []
    assert first_names(store, "a", "b") == ["Ann", "Bob"]
    merged = store.view("anon")
    assert merged is not None
    assert merged.merged_into == "b"
    assert store.resolve(["card:2"]) == {"card:2": "b"}


def test_refused_rows_are_named(store: Counting) -> None:
    load(store, "a,card:1,Ann\n", "b,card:2,Bob\n")
    load(store, "b,card:2 card:1,Bob\n")
    refused = load(store, "a,,Ann\n", "b,x:1,Bob\n")
    assert [row.line for row in refused] == [3, 2]
    assert refused[1].reason == "this customer was merged into another"


def test_nothing_to_import_is_nothing_to_do(store: Counting) -> None:
    assert load(store) == []
    assert store.transactions == 0
