"""Every consent and refusal ever heard is on record once, in time, and goes with the customer."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from chalicelib.customers import linking, saving
from chalicelib.customers.consents import set_consents
from chalicelib.customers.erasure import erase
from chalicelib.customers.input import CustomerInput, CustomerRow
from chalicelib.customers.newcomers import import_customers
from chalicelib.customers.rows import Row
from chalicelib.customers.store import CustomerStore
from chalicelib.documents import Cancelled
from chalicelib.model import Channel, Consent, ConsentState, Customer, Purpose
from chalicelib.settings import Settings
from tests.stage import NOON, Aws

LATER = NOON + timedelta(hours=1)
GRANTED, DENIED, PENDING = ConsentState.GRANTED, ConsentState.DENIED, ConsentState.PENDING


@pytest.fixture
def store(aws: Aws, settings: Settings) -> CustomerStore:
    return CustomerStore(aws.dynamodb, settings.name("customers"), suppression_key=b"key")


def a_word(
    state: ConsentState, at: datetime = NOON, source: str = "form", proof: str | None = None
) -> Consent:
    told = {"channel": Channel.SMS, "purpose": Purpose.MARKETING, "source": source}
    return Consent.model_validate({**told, "state": state, "at": at, "proof": proof})


def known(store: CustomerStore, customer_id: str, *identities: str) -> Customer:
    customer = Customer(id=customer_id, identities=identities)
    return store.save(Customer(id=customer_id), customer, NOON)


def heard(store: CustomerStore, customer_id: str) -> list[tuple[ConsentState, datetime]]:
    found = linking.heard_of(store, customer_id)
    return [(h.consent.state, h.consent.at) for h in found]


def standing(store: CustomerStore, customer_id: str) -> ConsentState | None:
    customer = store.living(customer_id)
    assert customer is not None
    said = customer.consent(Channel.SMS, Purpose.MARKETING)
    return said.state if said else None


def test_every_word_is_listed_in_the_order_it_was_said(store: CustomerStore) -> None:
    known(store, "joe")
    saving.consent(store, "joe", a_word(GRANTED), NOON)
    saving.consent(store, "joe", a_word(DENIED, LATER, "agent", "call-7"), LATER)

    first, second = linking.heard_of(store, "joe")
    assert first.consent == a_word(GRANTED)
    assert second.consent == a_word(DENIED, LATER, "agent", "call-7")
    assert (second.recorded_at, second.by) == (LATER, None)


def test_two_words_at_the_same_instant_are_both_on_record_and_the_refusal_stands(
    store: CustomerStore,
) -> None:
    known(store, "joe")
    saving.consent(store, "joe", a_word(DENIED), NOON)
    saving.consent(store, "joe", a_word(GRANTED), NOON)

    assert sorted(heard(store, "joe")) == [(DENIED, NOON), (GRANTED, NOON)]
    assert standing(store, "joe") is DENIED


def test_a_word_that_came_too_late_to_stand_is_on_record_too(store: CustomerStore) -> None:
    known(store, "joe")
    saving.consent(store, "joe", a_word(DENIED, LATER), LATER)
    before = store.view("joe")
    saving.consent(store, "joe", a_word(GRANTED), LATER)

    assert heard(store, "joe") == [(GRANTED, NOON), (DENIED, LATER)]
    assert store.view("joe") == before, "it changes nothing else"


def test_the_same_word_told_twice_is_on_record_once_as_it_was_first(store: CustomerStore) -> None:
    known(store, "joe")
    saving.consent(store, "joe", a_word(DENIED, LATER), LATER)
    for at in (LATER, LATER + timedelta(days=1)):
        saving.consent(store, "joe", a_word(GRANTED), at)

    grant, _ = linking.heard_of(store, "joe")
    assert grant.recorded_at == LATER
    assert len(heard(store, "joe")) == 2


def test_several_words_of_one_body_are_all_heard(store: CustomerStore) -> None:
    said = [a_word(s, at).model_dump(mode="json") for s, at in ((GRANTED, NOON), (DENIED, LATER))]
    given = CustomerInput.model_validate({"consents": [{**s, "proof": "f-1"} for s in said]})
    saving.save(store, given.to_customer("joe", LATER), LATER)

    assert heard(store, "joe") == [(GRANTED, NOON), (DENIED, LATER)]
    assert {h.consent.proof for h in linking.heard_of(store, "joe")} == {"f-1"}


def test_an_imported_consent_is_on_record(store: CustomerStore) -> None:
    row = {"id": "ann", "consents": [a_word(GRANTED).model_dump(mode="json", exclude={"proof"})]}
    assert list(import_customers(store, [Row(1, CustomerRow.model_validate(row))], LATER)) == []

    assert heard(store, "ann") == [(GRANTED, NOON)]


def test_the_record_is_part_of_the_change_that_it_records(store: CustomerStore) -> None:
    before = known(store, "joe")
    after = set_consents(before, DENIED, [Channel.SMS], list(Purpose), source="STOP", at=LATER)
    store.save(before, before.model_copy(update={"gpc": True}), NOON)

    with pytest.raises(Cancelled):
        store.save(before, after, LATER)
    assert heard(store, "joe") == []


def test_a_merge_brings_the_record_along_and_its_undoing_gives_it_back(
    store: CustomerStore,
) -> None:
    known(store, "joe", "user:joe")
    known(store, "till", "card:7")
    saving.consent(store, "joe", a_word(GRANTED), NOON)
    saving.consent(store, "till", a_word(DENIED, source="till"), NOON)
    linking.tie(store, "joe", "till", LATER)
    (merge,) = linking.merges_of(store, "joe")

    assert standing(store, "joe") is DENIED
    states = [(h.consent.state, h.by) for h in linking.heard_of(store, "joe")]
    assert set(states) == {(GRANTED, None), (DENIED, None), (DENIED, f"merge {merge.id}")}
    linking.undo(store, "joe", merge.id, LATER)
    assert (standing(store, "joe"), standing(store, "till")) == (GRANTED, DENIED)
    assert heard(store, "till") == [(DENIED, NOON)]
    last = max(linking.heard_of(store, "joe"), key=lambda h: h.by or "")
    assert (last.consent.state, last.by) == (GRANTED, f"undone merge {merge.id}")


def test_what_was_refused_while_they_were_one_stands_for_both(store: CustomerStore) -> None:
    known(store, "joe", "user:joe")
    known(store, "till", "card:7")
    saving.consent(store, "till", a_word(GRANTED), NOON)
    linking.tie(store, "joe", "till", NOON)
    (merge,) = linking.merges_of(store, "joe")
    saving.consent(store, "joe", a_word(DENIED, LATER), LATER)
    linking.undo(store, "joe", merge.id, LATER)

    assert (standing(store, "joe"), standing(store, "till")) == (DENIED, DENIED)
    assert heard(store, "till") == [(GRANTED, NOON), (DENIED, LATER)]


def test_the_record_goes_with_the_customer(store: CustomerStore) -> None:
    known(store, "joe", "phone:+15551230001")
    saving.consent(store, "joe", a_word(GRANTED), NOON)
    saving.consent(store, "joe", a_word(GRANTED, LATER), LATER)
    customer = store.view("joe")
    assert customer is not None
    removed = erase(store, customer)

    assert removed["consents"] == 2
    assert heard(store, "joe") == []


def test_a_grant_that_meets_a_refusal_from_before_an_erasure_was_heard_too(
    store: CustomerStore,
) -> None:
    number = "phone:+15551230001"
    known(store, "joe", number)
    saving.consent(store, "joe", a_word(DENIED), NOON)
    joe = store.view("joe")
    assert joe is not None
    erase(store, joe)
    stated = Customer(id="joe-2", identities=(number,), consents=(a_word(GRANTED),))
    saving.save(store, stated, LATER)

    assert standing(store, "joe-2") is DENIED
    assert heard(store, "joe-2") == [(GRANTED, NOON), (DENIED, LATER)]


def test_a_pending_consent_is_ours_to_say_and_nobody_else_s() -> None:
    said = {"channel": "sms", "purpose": "marketing", "state": "pending", "source": "form"}
    with pytest.raises(ValueError, match="granted or denied"):
        CustomerInput.model_validate({"consents": [said]})


def test_an_import_leaves_what_is_to_be_confirmed_pending_but_takes_nothing_back(
    aws: Aws, settings: Settings
) -> None:
    name = settings.name("customers")
    store = CustomerStore(aws.dynamodb, name, double_opt_in=[Channel.SMS])
    grant = a_word(GRANTED, LATER).model_dump(mode="json", exclude={"proof"})
    rows = [CustomerRow.model_validate({"id": i, "consents": [grant]}) for i in ("joe", "ann")]
    joe = Customer(id="joe", identities=("user:joe",), consents=(a_word(GRANTED),))
    store.save(Customer(id="joe"), joe, NOON)

    assert list(import_customers(store, [Row(n, r) for n, r in enumerate(rows)], LATER)) == []
    assert (standing(store, "joe"), standing(store, "ann")) == (GRANTED, PENDING)
