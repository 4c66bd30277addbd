"""Files sent to the import routes, in every form that they may have."""

from __future__ import annotations

import json

import pytest

from chalicelib.errors import PayloadError
from chalicelib.steps import importing, reading
from chalicelib.steps.rooms import Rooms
from tests.stage import PRODUCTS, Aws, stock_the_shop

ANN, BOB = {"id": "ann", "interests": ["running"]}, {"id": "bob", "profile": {"country": "US"}}


@pytest.mark.parametrize(
    "body",
    [
        json.dumps([ANN, BOB], indent=1),
        f"{json.dumps(ANN)}\n{json.dumps(BOB)}\n",
        "id,interests,country\nann,running,\nbob,,US\n",
    ],
    ids=["a list", "lines", "csv"],
)
def test_customers_come_in_every_form(rooms: Rooms, body: str) -> None:
    report = importing.customers("customers", body.encode(), rooms)

    assert report == {"accepted": 2, "rejected_count": 0, "rejected": []}
    assert reading.customer("ann", rooms).interests == ("running",)
    assert reading.customer("bob", rooms).profile.country == "US"


def test_bad_rows_are_named_and_the_good_ones_kept(rooms: Rooms) -> None:
    bad = [{"id": "x y"}, "nonsense", {"id": "eve", "identities": ["x:1"]}]
    report = importing.customers("customers", json.dumps([ANN, *bad, BOB]).encode(), rooms)

    assert (report["accepted"], report["rejected_count"]) == (2, 3)
    assert [r["line"] for r in report["rejected"]] == [2, 3, 4]
    assert all(r["reason"] for r in report["rejected"])
    assert reading.customer("bob", rooms).id == "bob"


def test_transactions_are_counted_once(rooms: Rooms) -> None:
    importing.customers("customers", json.dumps([ANN]).encode(), rooms)
    order = b"id,customer,at,category,amount\no-1,ann,2026-11-01,shoes/trail,20\n"
    for _ in range(2):
        assert importing.customers("transactions", order, rooms)["accepted"] == 1
    assert importing.customers("transactions", order.replace(b"ann", b"zoe"), rooms)["rejected"]

    totals = reading.customer("ann", rooms).aggregates
    assert (totals.order_count, totals.purchase_count) == (1, {"shoes": 1, "shoes/trail": 1})


@pytest.mark.parametrize("body", [b"[1,", b"[" * 100_000, b"name\nann\n"])
def test_what_cannot_be_read_as_a_whole_is_refused(rooms: Rooms, body: bytes) -> None:
    with pytest.raises(PayloadError):
        importing.customers("customers", body, rooms)


def test_only_what_can_be_imported_is(rooms: Rooms) -> None:
    with pytest.raises(PayloadError):
        importing.customers("secrets", b"", rooms)


def test_a_feed_that_brings_a_product_back_tells_who_waits(rooms: Rooms, aws: Aws) -> None:
    stock_the_shop(rooms)
    gone = PRODUCTS[1].model_copy(update={"stock": {"broadway": 0}}).model_dump(mode="json")
    importing.products("application/json", json.dumps([gone]).encode(), rooms)
    waits = rooms.customers.await_product("joe", "tb-gtx-44", 2**31)
    rooms.ledger.commit([("wait", write) for write in waits])
    with aws.watched() as calls:
        back = json.dumps([{**gone, "stock": {"soho": 1}}, {"id": "bad"}]).encode()
        report = importing.products("application/json", back, rooms)

    assert (report["accepted"], report["changed"], report["rejected_count"]) == (1, 1, 1)
    assert "SendMessageBatch" in calls
