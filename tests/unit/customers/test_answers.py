"""Which orders, coupons and refunds answer which offers."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.customers.activity import record, record_click
from chalicelib.customers.answers import newly_answered, order_told, taken_up, with_answers
from chalicelib.model import Click, Customer, Interaction, Offer, OfferContact
from tests.stage import NOON, an_event, an_offer

WINDOW = timedelta(hours=72)
HOUR = timedelta(hours=1)
CATEGORIES = {"tb-gtx-44": "shoes/trail", "road-1": "shoes/road", "sock-1": "socks"}
OFFERS = {
    "trail": an_offer(id="trail", products=["category:shoes/trail"]),
    "shoes": an_offer(id="shoes", products=["category:Shoes"]),
    "sock": an_offer(id="sock", products=["sock-1"]),
}


def met(*offer_ids: str, at: datetime = NOON, **other: Any) -> Customer:
    """A customer who was made these offers."""
    made = (
        OfferContact(offer_id=i, decision_id=f"d-{n}", at=at, groups=OFFERS[i].groups, **other)
        for n, i in enumerate(offer_ids)
    )
    return Customer(id="joe", offers=tuple(made))


def told(customer: Customer, event: Interaction, offers: dict[str, Offer] = OFFERS) -> Customer:
    known = record(customer, event, CATEGORIES.get)
    return with_answers(known, event, WINDOW, offers.get)


def ordering(
    *products: str, order_id: str = "o-1", after: timedelta = HOUR, **other: Any
) -> Interaction:
    lines = [{"product_id": p, "price": 10} for p in products]
    event = an_event("order_completed", order_id=order_id, products=lines, **other)
    return event.model_copy(update={"occurred_at": NOON + after})


def undoing(
    order_id: str = "o-1", name: str = "order_refunded", after: timedelta = 2 * HOUR
) -> Interaction:
    return an_event(name, order_id=order_id).model_copy(update={"occurred_at": NOON + after})


def responses(customer: Customer) -> dict[str, str | None]:
    return {c.offer_id: c.response for c in customer.offers}


def test_an_order_in_the_category_of_an_offer_takes_it_up() -> None:
    after = told(met("trail"), ordering("tb-gtx-44"))

    (contact,) = after.offers
    assert (contact.response, contact.order_id) == ("bought", "o-1")
    assert contact.response_at == NOON + HOUR
    assert taken_up(contact, WINDOW)


def test_an_order_of_the_product_of_an_offer_takes_it_up() -> None:
    assert responses(told(met("sock"), ordering("tb-gtx-44", "sock-1"))) == {"sock": "bought"}


def test_an_order_of_something_else_says_nothing() -> None:
    before = met("trail", "sock")

    after = told(before, ordering("road-1"))
    assert after.offers is before.offers


def test_a_category_takes_in_what_is_below_it_and_not_what_is_beside_it() -> None:
    after = told(met("trail", "shoes"), ordering("road-1"))

    assert responses(after) == {"trail": None, "shoes": "bought"}


def test_every_offer_that_an_order_fits_is_taken_up_by_it() -> None:
    after = told(met("trail", "shoes", "sock"), ordering("tb-gtx-44"))

    assert responses(after) == {"trail": "bought", "shoes": "bought", "sock": None}


@pytest.mark.parametrize(
    ("after", "response"),
    [
        (timedelta(), "bought"),
        (WINDOW, "bought"),
        (WINDOW + timedelta(microseconds=1), None),
        (timedelta(microseconds=-1), None),
    ],
)
def test_the_window_runs_from_the_offer_to_its_last_moment(
    after: timedelta, response: str | None
) -> None:
    assert responses(told(met("trail"), ordering("tb-gtx-44", after=after))) == {"trail": response}


def test_an_order_that_is_told_late_counts_by_when_it_was_placed() -> None:
    event = ordering("tb-gtx-44").model_copy(update={"received_at": NOON + 30 * WINDOW})

    assert responses(told(met("trail"), event)) == {"trail": "bought"}


@pytest.mark.parametrize(("late", "counts"), [(timedelta(), True), (HOUR, False)])
def test_a_click_counts_within_the_window_only(late: timedelta, counts: bool) -> None:
    click = Click(token="t", url="u", customer_id="joe", decision_id="d-0", offer_id="trail")
    (contact,) = record_click(met("trail"), click, NOON + WINDOW + late).offers

    assert contact.response == "clicked"
    assert taken_up(contact, WINDOW) is counts


def test_of_two_clicks_the_first_counts_whichever_is_told_first() -> None:
    click = Click(token="t", url="u", customer_id="joe", decision_id="d-0", offer_id="trail")
    for times in itertools.permutations([HOUR, 2 * WINDOW]):
        customer = met("trail")
        for after in times:
            customer = record_click(customer, click, NOON + after)
        assert customer.offers[0].response_at == NOON + HOUR


def test_an_order_is_a_stronger_answer_than_a_click() -> None:
    click = Click(token="t", url="u", customer_id="joe", decision_id="d-0", offer_id="trail")
    clicked = record_click(met("trail"), click, NOON + HOUR)
    bought = told(clicked, ordering("tb-gtx-44", after=2 * HOUR))

    assert responses(bought) == {"trail": "bought"}
    assert record_click(bought, click, NOON).offers == bought.offers


def test_a_coupon_redeems_the_offer_of_that_id_whatever_was_bought() -> None:
    after = told(met("trail", "sock"), ordering("sock-1", coupon="trail"))

    assert responses(after) == {"trail": "redeemed", "sock": "bought"}


def test_a_coupon_after_the_window_redeems_nothing() -> None:
    event = ordering("sock-1", coupon="trail", after=WINDOW + HOUR)

    assert responses(told(met("trail"), event)) == {"trail": None}


def test_a_coupon_told_with_an_update_is_still_redeemed() -> None:
    bought = told(met("trail"), ordering("tb-gtx-44"))
    update = an_event("order_updated", order_id="o-1", status="paid", coupon="trail")
    redeemed = told(bought, update)

    assert responses(redeemed) == {"trail": "redeemed"}
    assert responses(told(redeemed, ordering("tb-gtx-44"))) == {"trail": "redeemed"}


def test_an_order_that_is_told_twice_changes_nothing() -> None:
    once = told(met("trail"), ordering("tb-gtx-44"))

    assert told(once, ordering("tb-gtx-44", after=3 * HOUR)).offers == once.offers


@pytest.mark.parametrize("name", ["order_refunded", "order_cancelled"])
def test_an_order_that_is_undone_takes_its_answer_back(name: str) -> None:
    bought = told(met("trail", "sock"), ordering("tb-gtx-44"))
    (trail, sock) = told(bought, undoing(name=name)).offers

    assert (trail.response, trail.response_at) == ("returned", NOON + 2 * HOUR)
    assert not taken_up(trail, WINDOW)
    assert sock.response is None


def test_an_order_undone_long_after_takes_its_answer_back() -> None:
    bought = told(met("trail"), ordering("tb-gtx-44"))

    assert responses(told(bought, undoing(after=9 * WINDOW))) == {"trail": "returned"}


def test_what_an_undone_order_answered_stays_undone_when_it_is_told_again() -> None:
    returned = told(told(met("trail"), ordering("tb-gtx-44")), undoing())

    assert told(returned, ordering("tb-gtx-44")).offers == returned.offers
    assert told(returned, undoing(after=3 * HOUR)).offers == returned.offers


def test_another_order_stands_in_for_one_that_is_undone() -> None:
    both = told(met("trail"), ordering("tb-gtx-44"))
    both = told(both, ordering("tb-gtx-44", order_id="o-2", after=5 * HOUR))
    (contact,) = told(both, undoing("o-1")).offers

    assert (contact.response, contact.order_id) == ("bought", "o-2")
    assert responses(told(told(both, undoing("o-1")), undoing("o-2"))) == {"trail": "returned"}


def test_an_order_after_one_that_was_undone_takes_the_offer_up() -> None:
    returned = told(told(met("trail"), ordering("tb-gtx-44")), undoing())
    again = told(returned, ordering("tb-gtx-44", order_id="o-2", after=5 * HOUR))

    assert responses(again) == {"trail": "bought"}


def test_a_refund_before_its_order_leaves_the_offer_not_taken_up() -> None:
    foretold = told(met("trail", "sock"), undoing())
    after = told(foretold, ordering("tb-gtx-44"))

    assert responses(foretold) == {"trail": None, "sock": None}
    assert newly_answered(met("trail", "sock"), foretold) == []
    assert responses(after) == {"trail": "returned", "sock": None}


def test_a_refund_before_its_order_says_nothing_of_another_order() -> None:
    foretold = told(met("trail"), undoing("o-9"))

    assert responses(told(foretold, ordering("tb-gtx-44"))) == {"trail": "bought"}


def test_whatever_the_order_of_telling_the_first_of_two_orders_answers() -> None:
    orders = [ordering("tb-gtx-44", order_id=f"o-{n}", after=n * HOUR) for n in (1, 2)]
    ends = {told(told(met("trail"), one), other).offers for one, other in (orders, orders[::-1])}

    assert len(ends) == 1
    assert [contact.order_id for contact in ends.pop()] == ["o-1"]


def test_of_an_offer_no_longer_published_the_narrowest_category_is_known() -> None:
    road, trail = ordering("road-1"), ordering("tb-gtx-44")

    assert responses(told(met("trail"), road, {})) == {"trail": None}
    assert responses(told(met("trail"), trail, {})) == {"trail": "bought"}
    assert responses(told(met("sock"), ordering("sock-1"), {})) == {"sock": None}


def test_who_opted_out_with_an_offer_did_not_take_it_up() -> None:
    after = told(met("trail", response="opted_out"), ordering("tb-gtx-44"))

    assert responses(after) == {"trail": "opted_out"}


def test_newly_answered_are_those_whose_answer_is_another_one() -> None:
    before = met("trail", "sock")
    bought = told(before, ordering("tb-gtx-44"))

    assert [c.offer_id for c in newly_answered(before, bought)] == ["trail"]
    assert [c.response for c in newly_answered(bought, told(bought, undoing()))] == ["returned"]
    assert newly_answered(bought, bought) == []
    assert newly_answered(Customer(id="joe"), before) == []


@pytest.mark.parametrize("order_id", [None, ["o"], {}])
def test_an_order_without_a_usable_id_answers_nothing(order_id: Any) -> None:
    event = ordering("tb-gtx-44", order_id=order_id)

    assert order_told(event) is None
    assert responses(told(met("trail"), event)) == {"trail": None}
