"""Customers in DynamoDB: read in one query, changed under a version, tied together and parted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.customers import linking, saving
from chalicelib.customers.activity import record_order
from chalicelib.customers.erasure import erase
from chalicelib.customers.input import CustomerRow
from chalicelib.customers.newcomers import import_customers
from chalicelib.customers.rows import Row
from chalicelib.customers.store import CustomerStore
from chalicelib.customers.suppression import suppressed, suppression_hash
from chalicelib.documents import Cancelled
from chalicelib.errors import ConflictError, NotFoundError
from chalicelib.model import (
    Channel,
    Consent,
    ConsentState,
    Customer,
    OfferContact,
    Order,
    Profile,
    Purpose,
)
from chalicelib.settings import Settings
from tests.search import legible
from tests.stage import NOON, Aws

NAMED = Customer(id="joe", identities=("user:joe",), profile=Profile(first_name="Joe"))
BROWSER = Customer(id="c-1", identities=("anonymous:a",))


@pytest.fixture
def store(aws: Aws, settings: Settings) -> CustomerStore:
    return CustomerStore(aws.dynamodb, settings.name("customers"), suppression_key=b"key")


def kept(store: CustomerStore, customer: Customer) -> Customer:
    return store.save(Customer(id=customer.id), customer, NOON)


def buys(customer: Customer, *order_ids: str) -> Customer:
    for order_id in order_ids:
        customer = record_order(customer, Order(id=order_id, at=NOON, total=Decimal(5)))
    return customer


def found(store: CustomerStore, customer_id: str) -> Customer:
    customer = store.view(customer_id)
    assert customer is not None
    return customer


def test_a_customer_is_read_back_as_written_in_one_query(store: CustomerStore, aws: Aws) -> None:
    offers = (OfferContact(offer_id="f", decision_id="d", at=NOON),)
    whole = buys(NAMED, "o-1", "o-2").model_copy(update={"offers": offers})
    kept(store, whole)

    with aws.watched() as calls:
        read = store.view("joe")
    assert read == whole.model_copy(update={"version": 1})
    assert calls == ["Query"]


def test_only_what_changed_is_written(store: CustomerStore) -> None:
    before = kept(store, buys(NAMED, "o-1"))
    after = buys(before, "o-2")
    written = [w["Put"]["Item"]["sk"]["S"] for w in store.changes(before, after, NOON)]

    assert written == ["view#profile", "view#activity", "view#order#o-2"]


def test_who_comes_second_with_an_old_version_must_read_again(store: CustomerStore) -> None:
    before = kept(store, NAMED)
    store.save(before, before.model_copy(update={"interests": ("running",)}), NOON)

    with pytest.raises(Cancelled):
        store.save(before, before.model_copy(update={"interests": ("hiking",)}), NOON)
    assert found(store, "joe").interests == ("running",)


def test_an_identity_has_one_owner(store: CustomerStore) -> None:
    kept(store, NAMED)

    with pytest.raises(Cancelled):
        kept(store, Customer(id="ann", identities=("user:joe",)))
    assert store.resolve(["user:joe", "user:nobody"]) == {"user:joe": "joe"}


def test_putting_the_same_customer_again_changes_nothing(store: CustomerStore) -> None:
    first = saving.save(store, NAMED, NOON)
    second = saving.save(store, NAMED, NOON)

    assert (first.created, second.created) == (True, False)
    assert second.customer.version == first.customer.version == 1


def test_an_operator_replaces_what_is_stated_and_keeps_what_was_done(store: CustomerStore) -> None:
    kept(store, buys(NAMED.model_copy(update={"identities": ("user:joe", "card:7")}), "o-1"))
    stated = Customer(id="joe", identities=("user:joe",), profile=Profile(first_name="Joseph"))
    after = saving.save(store, stated, NOON).customer

    assert after.profile.first_name == "Joseph"
    assert [o.id for o in after.orders] == ["o-1"]
    assert store.resolve(["card:7"]) == {}


def test_an_operator_s_word_ties_two_known_customers(store: CustomerStore) -> None:
    kept(store, buys(Customer(id="till", identities=("card:7",)), "o-1"))
    kept(store, buys(NAMED, "o-2"))
    stated = NAMED.model_copy(update={"identities": ("user:joe", "card:7")})
    saved = saving.save(store, stated, NOON)

    assert saved.merged_ids == ("till",)
    assert store.resolve(["card:7"]) == {"card:7": "joe"}
    joe = found(store, "joe")
    assert {o.id for o in joe.orders} == {"o-1", "o-2"}
    assert joe.aggregates.order_count == 2
    survivor = store.living("till")
    assert survivor is not None
    assert survivor.id == "joe"


def test_a_new_customer_who_names_a_known_identity_takes_the_record_over(
    store: CustomerStore,
) -> None:
    kept(store, buys(BROWSER, "o-1"))
    stated = NAMED.model_copy(update={"identities": ("user:joe", "anonymous:a")})
    saved = saving.save(store, stated, NOON)

    assert saved.created
    assert [o.id for o in found(store, "joe").orders] == ["o-1"]


def test_a_merge_is_undone_with_both_histories_where_they_were(store: CustomerStore) -> None:
    kept(store, buys(NAMED, "o-1"))
    kept(store, buys(BROWSER, "o-2"))
    linking.tie(store, "joe", "c-1", NOON)
    (merge,) = linking.merges_of(store, "joe")
    linking.undo(store, "joe", merge.id, NOON)

    joe, browser = found(store, "joe"), found(store, "c-1")
    assert ([o.id for o in joe.orders], joe.identities) == (["o-1"], ("user:joe",))
    assert ([o.id for o in browser.orders], browser.identities) == (["o-2"], ("anonymous:a",))
    assert browser.merged_into is None
    assert store.resolve(["anonymous:a"]) == {"anonymous:a": "c-1"}
    assert joe.aggregates.order_count == browser.aggregates.order_count == 1
    with pytest.raises(ConflictError):
        linking.undo(store, "joe", merge.id, NOON)


def test_a_merge_that_broke_off_is_finished_by_whoever_comes_next(
    store: CustomerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(store, NAMED)
    kept(store, buys(BROWSER, "o-1"))

    def crash(*_: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(linking, "finish", lambda store, customer_id: None)
        broken.setattr(store, "put_items", crash)
        linking.tie(store, "joe", "c-1", NOON)
    assert found(store, "joe").orders == ()
    linking.finish(store, "joe")
    assert [o.id for o in found(store, "joe").orders] == ["o-1"]
    assert list(store.items("joe", "merging#")) == []


@pytest.mark.parametrize(("survivor", "other"), [("joe", "nobody"), ("nobody", "joe")])
def test_nobody_is_merged_with_no_one(store: CustomerStore, survivor: str, other: str) -> None:
    kept(store, NAMED)

    with pytest.raises(NotFoundError):
        linking.tie(store, survivor, other, NOON)


def test_who_was_merged_is_not_merged_again(store: CustomerStore) -> None:
    kept(store, NAMED)
    kept(store, BROWSER)
    linking.tie(store, "joe", "c-1", NOON)

    with pytest.raises(ConflictError):
        linking.tie(store, "joe", "c-1", NOON)
    with pytest.raises(ConflictError):
        linking.tie(store, "joe", "joe", NOON)
    with pytest.raises(ConflictError):
        saving.save(store, Customer(id="c-1"), NOON)


def test_an_unknown_merge_cannot_be_undone(store: CustomerStore) -> None:
    kept(store, NAMED)

    with pytest.raises(NotFoundError):
        linking.undo(store, "joe", "m-nothing", NOON)


def a_refusal() -> Consent:
    return Consent(
        channel=Channel.SMS,
        purpose=Purpose.MARKETING,
        state=ConsentState.DENIED,
        source="agent",
        at=NOON,
    )


def test_a_consent_is_put_on_record(store: CustomerStore) -> None:
    kept(store, NAMED)
    saving.consent(store, "joe", a_refusal(), NOON)

    assert found(store, "joe").consents == (a_refusal(),)
    with pytest.raises(NotFoundError):
        saving.consent(store, "nobody", a_refusal(), NOON)


def test_a_customer_who_keeps_changing_is_a_conflict(
    store: CustomerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(store, NAMED)

    def too_late(*_: Any) -> None:
        raise Cancelled(frozenset({0}))

    monkeypatch.setattr(store, "transact", too_late)
    with pytest.raises(ConflictError):
        saving.save(store, NAMED.model_copy(update={"interests": ("a",)}), NOON)
    with pytest.raises(ConflictError):
        saving.consent(store, "joe", a_refusal(), NOON)


def test_erasure_leaves_nothing_but_a_keyed_hash(store: CustomerStore, aws: Aws) -> None:
    customer = Customer(id="joe", identities=("phone:+15551230001",), consents=(a_refusal(),))
    kept(store, buys(customer, "o-1"))
    kept(store, buys(BROWSER, "o-2"))
    linking.tie(store, "joe", "c-1", NOON)
    removed = erase(store, found(store, "joe"))

    assert removed["order"] == 2
    assert removed["identities"] == 2
    assert removed["merged records"] > 0
    left = aws.dynamodb.scan(TableName=store.table)["Items"]
    hashes = {suppression_hash(i, b"key") for i in ("phone:+15551230001", "anonymous:a")}
    assert {item["pk"]["S"] for item in left} == {f"suppressed#{h}" for h in hashes}
    assert "15551230001" not in legible(left)


def test_who_refused_nothing_leaves_nothing_at_all(store: CustomerStore, aws: Aws) -> None:
    kept(store, NAMED)
    erase(store, found(store, "joe"))

    assert aws.dynamodb.scan(TableName=store.table)["Items"] == []


def granting(customer_id: str) -> Customer:
    granted = a_refusal().model_copy(update={"state": ConsentState.GRANTED})
    email = granted.model_copy(update={"channel": Channel.EMAIL})
    return Customer(id=customer_id, identities=("phone:+15551230001",), consents=(granted, email))


def test_a_refusal_outlives_the_erasure_of_the_record(store: CustomerStore) -> None:
    refusing = Customer(
        id="joe", identities=("phone:+15551230001", "card:7"), consents=(a_refusal(),)
    )
    kept(store, refusing)
    erase(store, found(store, "joe"))

    assert suppressed(store, ["phone:+15551230001", "card:8"]) == {"phone:+15551230001"}
    again = saving.save(store, granting("joe-2"), NOON).customer
    states = {c.channel: c.state for c in again.consents}
    assert states == {Channel.SMS: ConsentState.DENIED, Channel.EMAIL: ConsentState.GRANTED}


def test_an_import_does_not_launder_a_refusal(store: CustomerStore) -> None:
    kept(store, Customer(id="joe", identities=("phone:+15551230001",), consents=(a_refusal(),)))
    erase(store, found(store, "joe"))
    stated = granting("ann").model_dump(mode="json", include={"id", "identities", "consents"})
    rows = [Row(1, CustomerRow.model_validate(stated))]

    assert list(import_customers(store, rows, NOON)) == []
    consent = found(store, "ann").consent(Channel.SMS, Purpose.MARKETING)
    assert consent is not None
    assert consent.state is ConsentState.DENIED
