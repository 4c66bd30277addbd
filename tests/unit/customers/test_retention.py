"""Who a customer is goes by TTL, years after they were last heard of; not a day before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.customers.consents import set_consents
from chalicelib.customers.store import CustomerStore
from chalicelib.model import Channel, ConsentState, Customer, Purpose
from chalicelib.settings import Settings
from chalicelib.steps import reading
from chalicelib.steps.rooms import Rooms
from tests.stage import JOE, NOON, Aws, Clock, a_message, an_event, put_customer

STAYS, HEARD = timedelta(days=1095), timedelta(days=1825)


@pytest.fixture
def store(aws: Aws, settings: Settings) -> CustomerStore:
    return CustomerStore(aws.dynamodb, settings.name("customers"))


def until(aws: Aws, table: str) -> dict[str, datetime]:
    """Until when each item stays, by partition and the beginning of the sort key."""
    items = aws.dynamodb.scan(TableName=table)["Items"]
    return {
        f"{item['pk']['S']} {item['sk']['S'].partition('#')[0]}": datetime.fromtimestamp(
            int(item["expires_at"]["N"]), NOON.tzinfo
        )
        for item in items
    }


def told(store: CustomerStore, customer: Customer, at: datetime, **changes: Any) -> Customer:
    return store.save(
        customer, customer.model_copy(update={"changed_at": {"x": at}, **changes}), at
    )


def test_all_that_says_who_they_are_stays_as_long_as_they_are_heard_of(
    store: CustomerStore, aws: Aws
) -> None:
    new = Customer(id="joe", identities=("phone:+15551230001", "anonymous:a"))
    joe = told(store, Customer(id="joe"), NOON, identities=new.identities)
    later, latest = NOON + timedelta(days=3), NOON + timedelta(days=700)
    joe = told(store, joe, later)
    assert until(aws, store.table)["customer#joe view"] == later + STAYS
    assert until(aws, store.table)["identity#anonymous:a identity"] == NOON + STAYS

    told(store, joe, latest)
    found = until(aws, store.table)
    assert set(found.values()) == {latest + STAYS}
    assert len(found) == 3


def test_a_word_on_consent_stays_by_its_own_setting(store: CustomerStore, aws: Aws) -> None:
    joe = told(store, Customer(id="joe"), NOON)
    at, sms = NOON - timedelta(days=9), [Channel.SMS]
    refused = set_consents(
        joe, ConsentState.DENIED, sms, [Purpose.MARKETING], source="agent", at=at
    )
    store.save(joe, refused, NOON)
    assert until(aws, store.table)["customer#joe consent"] == NOON + HEARD


def test_what_is_written_of_a_merge_goes_too(rooms: Rooms, aws: Aws) -> None:
    put_customer(rooms, "ann", {"identities": ["card:1"]})
    put_customer(rooms, "joe", {**JOE, "identities": ["card:1"], "x_linked_with_opt_in": False})
    pipeline.respond(an_event("page", "user:joe"), rooms)
    (merge,) = reading.merges("joe", rooms)
    found = until(aws, rooms.customers.table)
    assert found["customer#joe merge"] == NOON + HEARD
    assert found["customer#ann view"] == NOON + STAYS
    assert merge["merged_customer_id"] == "ann"


def test_who_is_left_with_an_identity_alone_begins_anew(rooms: Rooms, clock: Clock) -> None:
    joe = put_customer(rooms, "joe", JOE)
    rooms.customers.transact([rooms.customers.delete_profile(joe)])
    clock.advance(days=1096)
    record = pipeline.respond(a_message("hello", sender="x:1234", at=clock.now), rooms)
    assert record is not None
    found = reading.customer("joe", rooms)
    assert (found.identities, found.profile.first_name) == (("x:1234",), None)
    pipeline.respond(an_event("page", "user:new", "anonymous:b"), rooms)
    assert rooms.customers.resolve(["user:new"]) == {"user:new": "new"}
