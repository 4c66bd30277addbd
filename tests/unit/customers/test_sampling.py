"""Customers drawn at random: all of few, some of many, by a bounded number of short reads."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from chalicelib.customers import sampling
from chalicelib.customers.store import CustomerStore
from chalicelib.model import Customer, Order
from chalicelib.steps.rooms import Rooms
from tests.stage import NOON, Aws


@pytest.fixture
def customers(rooms: Rooms) -> CustomerStore:
    return rooms.customers


def fill(customers: CustomerStore, count: int, orders: int = 1) -> None:
    for n in range(count):
        bought = [Order(id=f"o{i}", at=NOON, total="1") for i in range(orders)]
        known = Customer(id=f"c{n}", identities=(f"user:c{n}",), orders=tuple(bought))
        customers.put_items(customers.items_of(known))


def drawn(customers: CustomerStore, count: int, seed: int = 1) -> list[str]:
    return [c.id for c in customers.sample(count, random.Random(seed))]


def test_of_nobody_nobody_is_drawn(customers: CustomerStore, aws: Aws) -> None:
    assert drawn(customers, 10) == []
    fill(customers, 1)
    with aws.watched() as calls:
        assert drawn(customers, 0) == []
    assert calls == []


def test_of_few_customers_all_are_drawn_with_their_views(customers: CustomerStore) -> None:
    fill(customers, 12, orders=3)
    found = customers.sample(200, random.Random(1))
    assert {c.id for c in found} == {f"c{n}" for n in range(12)}
    assert len(found) == 12
    assert {len(c.orders) for c in found} == {3}


def test_all_are_drawn_over_several_pages(
    customers: CustomerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "PAGE", 7)
    fill(customers, 12)
    assert sorted(drawn(customers, 200)) == sorted(f"c{n}" for n in range(12))


def test_no_more_are_drawn_than_were_asked_for(customers: CustomerStore) -> None:
    fill(customers, 12)
    assert len(set(drawn(customers, 5))) == 5


@pytest.mark.no_cover  # forty samples of thirty: tracing them says nothing new
def test_others_are_drawn_by_another_seed_and_the_same_by_the_same(
    customers: CustomerStore,
) -> None:
    fill(customers, 30)
    assert drawn(customers, 5, seed=1) == drawn(customers, 5, seed=1)
    counts = Counter(name for seed in range(40) for name in drawn(customers, 5, seed))
    assert len(counts) > 20


def test_the_merged_and_the_erased_are_not_drawn(customers: CustomerStore) -> None:
    fill(customers, 4)
    merged = customers.view("c1")
    erased = customers.view("c2")
    assert merged is not None
    assert erased is not None
    customers.save(merged, merged.model_copy(update={"merged_into": "c0"}), NOON)
    customers.transact([customers.delete_profile(erased)])
    assert sorted(drawn(customers, 200)) == ["c0", "c3"]


def test_a_large_table_is_not_walked(
    customers: CustomerStore, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "PAGE", 2)
    monkeypatch.setattr(sampling, "FEWEST_PAGES", 3)
    fill(customers, 30)
    with aws.watched() as calls:
        found = drawn(customers, 5)
    assert calls.count("Scan") <= 5
    assert 0 < len(found) <= 5
