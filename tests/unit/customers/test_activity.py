"""Running totals and recent behaviour, as facts arrive."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.customers.activity import RECENT_LIMIT, record, record_order
from chalicelib.model import Channel, Customer, Order, OrderLine, WebEvent
from tests.stage import NOON, a_message, an_event

CATEGORIES = {"tb-gtx-44": "shoes/trail"}
JOE = Customer(id="joe")


def observed(customer: Customer, name: str, **properties: Any) -> Customer:
    return record(customer, an_event(name, **properties), CATEGORIES.get)


def test_a_view_counts_for_every_prefix_of_its_category() -> None:
    seen = observed(observed(JOE, "product_viewed", product_id="tb-gtx-44"), "page", title="Home")

    assert seen.aggregates.view_count == {"shoes": 1, "shoes/trail": 1}
    assert seen.aggregates.last_view["shoes/trail"] == NOON
    assert seen.aggregates.interaction_count == 2
    assert [b.name for b in seen.recent] == ["page", "product_viewed"]


def test_an_order_counts_once_however_often_it_is_told() -> None:
    products = [{"product_id": "tb-gtx-44", "price": 129.9, "quantity": 2}]
    told = {"order_id": "o-1", "total": "259.80", "currency": "USD", "products": products}
    bought = observed(JOE, "order_completed", **told)
    again = observed(bought, "order_updated", order_id="o-1", status="shipped")

    totals = again.aggregates
    assert totals.order_count == 1
    assert totals.spend_total == Decimal("259.80")
    assert totals.purchase_count == {"shoes": 1, "shoes/trail": 1}
    assert totals.spend["shoes/trail"] == Decimal("259.8")
    assert totals.last_product_purchase == {"tb-gtx-44": NOON}
    assert [(o.id, o.status) for o in again.orders] == [("o-1", "shipped")]


def test_a_total_that_is_not_told_is_what_the_lines_add_up_to() -> None:
    lines = [{"price": "10", "category": "Socks"}, {"price": 5, "quantity": "3"}, "nonsense"]
    bought = observed(JOE, "order_completed", order_id="o-1", products=lines)

    assert bought.orders[0].total == Decimal(25)
    assert bought.aggregates.purchase_count == {"socks": 1}


@pytest.mark.parametrize("amount", ["NaN", "1e999", "Infinity", None, {}, "-", 10**12])
def test_an_amount_that_is_none_counts_as_nothing(amount: Any) -> None:
    bought = observed(JOE, "order_completed", order_id="o-1", total=amount)

    assert bought.orders[0].total == 0


def test_an_order_without_an_id_is_kept_as_behaviour_only() -> None:
    told = observed(JOE, "order_completed", total=5)

    assert told.orders == ()
    assert [b.name for b in told.recent] == ["order_completed"]


def test_a_refund_updates_the_order() -> None:
    bought = observed(JOE, "order_completed", order_id="o-1", total=5)

    assert observed(bought, "order_refunded", order_id="o-1").orders[0].status == "refunded"


def test_recent_behaviour_is_bounded_and_newest_first() -> None:
    customer = JOE
    for n in range(RECENT_LIMIT + 5):
        event = an_event("product_viewed", product_id=f"p{n}")
        later = event.model_copy(update={"occurred_at": NOON + timedelta(minutes=n)})
        customer = record(customer, later, CATEGORIES.get)

    assert len(customer.recent) == RECENT_LIMIT
    assert customer.recent[0].product_id == f"p{RECENT_LIMIT + 4}"


def test_global_privacy_control_stops_profiling_but_not_the_order() -> None:
    event = an_event("order_completed", order_id="o-1", total=5)
    private = event.model_copy(
        update={"body": WebEvent(name="order_completed", properties={"order_id": "o-1"}, gpc=True)}
    )
    after = record(JOE, private, CATEGORIES.get)

    assert after.gpc
    assert [o.id for o in after.orders] == ["o-1"]
    assert after.recent == ()
    assert after.aggregates.view_count == {}


def test_a_message_tells_which_channel_reaches_us() -> None:
    heard = record(JOE, a_message("hello", channel=Channel.SMS), CATEGORIES.get)

    assert heard.reach[Channel.SMS].last_inbound_at == NOON
    assert heard.aggregates.last_seen_at == NOON


def test_an_older_order_moves_no_last_date_back() -> None:
    lines = (OrderLine(category="shoes"),)
    newer = record_order(JOE, Order(id="n", at=NOON, total=Decimal(1), lines=lines))
    older = Order(id="o", at=NOON - timedelta(days=9), total=Decimal(1), lines=lines)
    both = record_order(newer, older).aggregates

    assert both.last_purchase == {"shoes": NOON}
    assert both.first_purchase_at == NOON - timedelta(days=9)
    assert both.last_purchase_at == NOON


def test_words_that_are_told_late_do_not_turn_the_clock_back() -> None:
    first = record(JOE, a_message("hello", channel=Channel.WHATSAPP), CATEGORIES.get)
    earlier = a_message("hi", channel=Channel.WHATSAPP, at=NOON - timedelta(hours=3))
    assert record(first, earlier, CATEGORIES.get).reach[Channel.WHATSAPP].last_inbound_at == NOON


def test_a_switch_set_with_the_provider_is_no_word_of_theirs() -> None:
    switches = (
        a_message("", channel=Channel.SMS, provider_handled="stop"),
        a_message("stop marketing", channel=Channel.WHATSAPP, provider_handled="stop"),
    )
    for switch in switches:
        body = switch.body.model_copy(update={"reply_to": None})
        silent = switch.model_copy(update={"body": body})
        assert record(JOE, silent, CATEGORIES.get).reach == {}
    said = a_message("STOP", channel=Channel.SMS, provider_handled="stop")
    assert record(JOE, said, CATEGORIES.get).reach[Channel.SMS].last_inbound_at == NOON
