"""A Query is no snapshot: views of which it shows one part as it is and another as it was."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.customers.input import TransactionRow
from chalicelib.customers.items import ACTIVITY, PROFILE, partition
from chalicelib.customers.orders import import_orders
from chalicelib.customers.rows import Row
from chalicelib.customers.store import CustomerStore
from chalicelib.documents import key
from chalicelib.errors import TemporaryError
from chalicelib.model import Aggregates, Customer, OfferContact
from chalicelib.settings import Settings
from tests.stage import NOON, Aws

CONTACT = OfferContact(offer_id="f", decision_id="d", at=NOON)
FIRST = Customer(id="joe", identities=("user:joe",), aggregates=Aggregates(interaction_count=1))


@pytest.fixture
def store(aws: Aws, settings: Settings) -> CustomerStore:
    return CustomerStore(aws.dynamodb, settings.name("customers"))


class Lagging(CustomerStore):
    """A store that sees `late` items as they were before, for its first looks."""

    late: list[dict[str, Any]]
    looks: int

    def items(self, customer_id: str, prefix: str, *, backwards: bool = False) -> Any:
        found = {i["sk"]["S"]: i for i in super().items(customer_id, prefix, backwards=backwards)}
        if self.looks:
            self.looks -= 1
            found |= {i["sk"]["S"]: i for i in self.late if "body" in i}
            for gone in (i for i in self.late if "body" not in i):
                found.pop(gone["sk"]["S"], None)
        return iter(found.values())


def lagging(store: CustomerStore, aws: Aws, *late: dict[str, Any], looks: int) -> Lagging:
    made = Lagging(aws.dynamodb, store.table)
    made.late, made.looks = list(late), looks
    return made


def stored(store: CustomerStore, aws: Aws, sort_key: str) -> dict[str, Any]:
    """An item of Joe's; its bare key when there is none."""
    named = key(partition("joe"), sort_key)
    found: dict[str, Any] = aws.dynamodb.get_item(TableName=store.table, Key=named).get("Item")
    return found or named


def changed(store: CustomerStore, aws: Aws) -> tuple[Customer, dict[str, Any], dict[str, Any]]:
    """Joe after two changes, and the activity and the offer as they were before the second."""
    joe = store.save(Customer(id="joe"), FIRST, NOON)
    before = stored(store, aws, ACTIVITY), stored(store, aws, "view#offer#d#f")
    told = {"offers": (CONTACT,), "aggregates": Aggregates(interaction_count=2)}
    return store.save(joe, joe.model_copy(update=told), NOON), *before


def test_the_profile_is_read_before_what_stands_beside_it(store: CustomerStore, aws: Aws) -> None:
    changed(store, aws)
    first, *_ = store.items("joe", "view#", backwards=True)
    assert first["sk"]["S"] == PROFILE


def test_a_view_that_met_a_change_half_applied_is_read_again(
    store: CustomerStore, aws: Aws
) -> None:
    joe, activity, no_offer = changed(store, aws)
    for late in ([activity], [no_offer], [activity, no_offer]):
        looking = lagging(store, aws, *late, looks=2)
        assert looking.view("joe") == joe
        assert looking.looks == 0


def test_a_view_that_stays_half_applied_is_not_worked_on(store: CustomerStore, aws: Aws) -> None:
    _, activity, _ = changed(store, aws)
    with pytest.raises(TemporaryError):
        lagging(store, aws, activity, looks=99).view("joe")


def test_what_has_expired_is_not_waited_for_in_vain(store: CustomerStore, aws: Aws) -> None:
    joe, _, _ = changed(store, aws)
    store.remove([stored(store, aws, "view#offer#d#f")])
    assert store.view("joe") == joe.model_copy(update={"offers": ()})


def test_an_order_is_not_counted_into_a_view_half_applied(store: CustomerStore, aws: Aws) -> None:
    _, activity, _ = changed(store, aws)
    order = TransactionRow(id="o-1", customer="user:joe", at=NOON, total=Decimal(5))
    looking = lagging(store, aws, activity, looks=2)
    assert list(import_orders(looking, [Row(line=2, value=order)], NOON)) == []

    joe = store.view("joe")
    assert joe is not None
    assert (joe.aggregates.order_count, joe.aggregates.interaction_count) == (1, 2)
