"""What two merged records did stays whole: in the view, for access and for erasure."""

from __future__ import annotations

from chalicelib import pipeline
from chalicelib.customers.linking import merges_of, traces_of, undo
from chalicelib.customers.merging import Merge, merge, part
from chalicelib.model import Behaviour, Customer
from chalicelib.steps import forgetting, reading
from chalicelib.steps.rooms import Rooms
from tests.stage import JOE, NOON, an_event, put_customer

VIEWED = Behaviour(at=NOON, name="product_viewed", product_id="tb-gtx-44")


def test_the_same_thing_done_twice_at_once_stays_done_twice() -> None:
    survivor = Customer(id="ann", identities=("user:ann",), recent=(VIEWED, VIEWED))
    other = Customer(id="bob", identities=("user:bob",), recent=(VIEWED,))
    merged = merge(survivor, other)
    assert merged.recent == (VIEWED,) * 3

    done = Merge(id="m-1", at=NOON, survivor_before=survivor, other_before=other)
    parted, returned = part(merged, done)
    assert (parted.recent, returned.recent) == (survivor.recent, other.recent)


def three_records_in_one(rooms: Rooms) -> None:
    """`a` did something, was merged into `b`, and `b` into `c`."""
    put_customer(rooms, "a", {**JOE, "identities": ["phone:+15551230001"]})
    pipeline.respond(an_event("product_viewed", "user:a", number="first"), rooms)
    put_customer(rooms, "b", {**JOE, "identities": ["phone:+15551230001", "card:1"]})
    put_customer(rooms, "c", {**JOE, "identities": ["card:1"]})


def test_what_they_did_before_two_merges_is_shown_and_erased(rooms: Rooms) -> None:
    three_records_in_one(rooms)
    assert list(traces_of(rooms.customers, "c")) == ["web:first"]
    assert [i["interaction_id"] for i in reading.export("c", rooms)["interactions"]] == [
        "web:first"
    ]
    receipt = forgetting.erase_customer("c", rooms)

    assert receipt.removed["interactions"] == 1
    assert rooms.ledger.interaction("web:first") is None
    for record in ("a", "b", "c"):
        assert list(rooms.customers.items(record, "")) == []
    assert rooms.customers.resolve(["user:a", "user:b", "card:1", "phone:+15551230001"]) == {}


def test_whoever_was_parted_again_is_not_erased_with_the_other(rooms: Rooms) -> None:
    three_records_in_one(rooms)
    (merged,) = merges_of(rooms.customers, "c")
    undo(rooms.customers, "c", merged.id, NOON)
    forgetting.erase_customer("c", rooms)

    assert rooms.customers.living("c") is None
    parted = rooms.customers.living("a")
    assert parted is not None
    assert parted.id == "b"
    assert list(traces_of(rooms.customers, "b")) == ["web:first"]
