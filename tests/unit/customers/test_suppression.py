"""What the erased had refused, met by whatever others bring in later; never by their own word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.customers import linking, saving
from chalicelib.customers.consents import set_consents
from chalicelib.customers.erasure import erase
from chalicelib.customers.input import CustomerRow
from chalicelib.customers.newcomers import import_customers
from chalicelib.customers.rows import Row
from chalicelib.customers.store import CustomerStore
from chalicelib.model import Channel, Consent, ConsentState, Customer, Purpose
from chalicelib.settings import Settings
from tests.stage import NOON, Aws

LATER = NOON + timedelta(days=30)
IDENTITIES = ("phone:+15551230001", "email:joe@example.com", "x:1234", "anonymous:a", "card:7")
ADDRESSED = {
    Channel.SMS: "phone:+15551230001",
    Channel.WHATSAPP: "phone:+15551230001",
    Channel.VOICE: "phone:+15551230001",
    Channel.EMAIL: "email:joe@example.com",
    Channel.X_DM: "x:1234",
    Channel.X_REPLY: "x:1234",
    Channel.PUSH: "anonymous:a",
    Channel.INBOX: "anonymous:a",
}


@pytest.fixture
def store(aws: Aws, settings: Settings) -> CustomerStore:
    """Of a shop whose customer refused calls, and was erased."""
    made = CustomerStore(aws.dynamodb, settings.name("customers"), suppression_key=b"key")
    joe = Customer(id="joe", identities=IDENTITIES)
    refused = set_consents(
        joe, ConsentState.DENIED, [Channel.VOICE], [Purpose.MARKETING], source="agent", at=NOON
    )
    made.save(Customer(id="joe"), refused, NOON)
    found = made.view("joe")
    assert found is not None
    erase(made, found)
    return made


def a_grant(channel: Channel, source: str = "an old list") -> Consent:
    return Consent(
        channel=channel,
        purpose=Purpose.MARKETING,
        state=ConsentState.GRANTED,
        source=source,
        at=LATER,
    )


def state(customer: Customer, channel: Channel) -> ConsentState:
    held = customer.consent(channel, Purpose.MARKETING)
    assert held is not None
    return held.state


def test_every_channel_has_an_address_to_be_known_by() -> None:
    assert set(ADDRESSED) == set(Channel)


@pytest.mark.parametrize(("channel", "identity"), ADDRESSED.items())
def test_a_grant_that_others_bring_meets_the_refusal_on_every_channel(
    store: CustomerStore, channel: Channel, identity: str
) -> None:
    known = Customer(id="new", identities=(identity,), consents=(a_grant(channel),))
    assert state(saving.save(store, known, LATER).customer, channel) is ConsentState.DENIED
    again = saving.save(store, known, LATER + timedelta(days=1)).customer
    assert state(again, channel) is ConsentState.DENIED

    stranger = Customer(id="c-9", identities=("card:9",), consents=(a_grant(channel),))
    assert state(saving.save(store, stranger, LATER).customer, channel) is ConsentState.GRANTED


@pytest.mark.parametrize(("channel", "identity"), ADDRESSED.items())
def test_so_does_a_word_that_is_put_on_record_of_who_came_back(
    store: CustomerStore, channel: Channel, identity: str
) -> None:
    store.save(Customer(id="c-1"), linking.new_customer([identity], "c-1"), LATER)
    said = saving.consent(store, "c-1", a_grant(channel), LATER + timedelta(days=1))
    assert state(said, channel) is ConsentState.DENIED
    service = a_grant(channel).model_copy(update={"purpose": Purpose.SERVICE})
    told = saving.consent(store, "c-1", service, LATER)
    held = told.consent(channel, Purpose.SERVICE)
    assert held is not None
    assert held.state is ConsentState.GRANTED


def test_an_import_meets_it_too_wherever_it_comes_from(store: CustomerStore) -> None:
    rows = [
        Row(
            n,
            CustomerRow.model_validate(
                {
                    "id": f"row-{n}",
                    "identities": [identity],
                    "consents": [a_grant(Channel.EMAIL).model_dump(mode="json")],
                }
            ),
        )
        for n, identity in enumerate(("email:joe@example.com", "email:ann@example.com"))
    ]
    assert list(import_customers(store, rows, LATER)) == []
    states = [state(c, Channel.EMAIL) for n in (0, 1) if (c := store.view(f"row-{n}"))]
    assert states == [ConsentState.DENIED, ConsentState.GRANTED]


def test_their_own_later_word_is_not_taken_back_by_a_list(store: CustomerStore) -> None:
    back = linking.new_customer(["phone:+15551230001"], "c-1")
    own = (a_grant(Channel.SMS, "said by sms"),)
    store.save(Customer(id="c-1"), back.model_copy(update={"consents": own}), LATER)
    listed = Customer(
        id="joe", identities=("phone:+15551230001",), consents=(a_grant(Channel.SMS),)
    )
    saved = saving.save(store, listed, LATER + timedelta(days=1))
    assert saved.merged_ids == ("c-1",)
    assert state(saved.customer, Channel.SMS) is ConsentState.GRANTED
