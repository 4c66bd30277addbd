"""Two records become one, field by field, and two again."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.customers.activity import record_order
from chalicelib.customers.merging import Merge, merge, part, touched
from chalicelib.model import (
    Behaviour,
    Channel,
    Consent,
    ConsentState,
    Customer,
    OfferContact,
    Order,
    OrderLine,
    Profile,
    Purpose,
    Reach,
)
from tests.stage import NOON

BEFORE, AFTER = NOON - timedelta(days=1), NOON + timedelta(days=1)


def a_customer(customer_id: str, **fields: Any) -> Customer:
    return touched(Customer(id=customer_id), Customer(id=customer_id, **fields), BEFORE)


def buys(customer: Customer, order_id: str, at: datetime, category: str = "shoes") -> Customer:
    lines = (OrderLine(category=category, amount=Decimal(10)),)
    return record_order(customer, Order(id=order_id, at=at, total=Decimal(10), lines=lines))


def undone(one: Customer, two: Customer, now: Customer) -> tuple[Customer, Customer]:
    return part(now, Merge(id="m-1", at=NOON, survivor_before=one, other_before=two))


def test_the_newest_value_of_a_field_wins_and_what_only_one_has_stays() -> None:
    one = a_customer("joe", profile=Profile(first_name="Joseph", country="US"))
    two = touched(
        Customer(id="c-1"),
        Customer(id="c-1", profile=Profile(first_name="Joe", language="en")),
        NOON,
    )
    joined = merge(one, two).profile

    assert (joined.first_name, joined.country, joined.language) == ("Joe", "US", "en")
    assert merge(two, one).profile.first_name == "Joe"


def test_interests_and_attributes_of_both_stay() -> None:
    one = a_customer("joe", interests=("running",), attributes={"tier": "gold", "size": "44"})
    two = a_customer("c-1", interests=("hiking", "running"), attributes={"tier": "none", "pets": 2})
    joined = merge(one, two)

    assert joined.interests == ("running", "hiking")
    assert joined.attributes == {"tier": "gold", "size": "44", "pets": 2}


def test_totals_add_up_and_histories_are_joined() -> None:
    one = buys(buys(a_customer("joe"), "o-1", BEFORE), "o-2", NOON, "socks")
    two = buys(a_customer("c-1"), "o-3", AFTER)
    joined = merge(one, two)

    assert joined.aggregates.order_count == 3
    assert joined.aggregates.purchase_count == {"shoes": 2, "socks": 1}
    assert joined.aggregates.last_purchase["shoes"] == AFTER
    assert joined.aggregates.first_purchase_at == BEFORE
    assert [o.id for o in joined.orders] == ["o-3", "o-2", "o-1"]


def test_the_day_alone_is_kept_for_both_and_given_back_to_whom_it_was() -> None:
    one, two = a_customer("joe"), a_customer("c-1", daytime_only=True)
    both = merge(one, two)
    assert both.daytime_only
    assert merge(two, one).daytime_only
    parted = undone(one, two, both)
    assert [who.daytime_only for who in parted] == [False, True]
    neither = merge(one, a_customer("c-2"))
    since = neither.model_copy(update={"daytime_only": True})
    assert all(w.daytime_only for w in undone(one, a_customer("c-2"), since))


def test_a_refusal_by_either_is_a_refusal() -> None:
    def say(state: ConsentState, at: datetime) -> tuple[Consent, ...]:
        purpose = Purpose.MARKETING
        return (Consent(channel=Channel.SMS, purpose=purpose, state=state, source="x", at=at),)

    one = a_customer("joe", consents=say(ConsentState.GRANTED, NOON))
    two = a_customer("c-1", consents=say(ConsentState.DENIED, BEFORE))

    assert merge(one, two).consents == two.consents


def test_x_stays_linked_only_where_every_record_with_x_was_opted_in() -> None:
    linked = a_customer("joe", identities=("x:1",), x_linked_with_opt_in=True)

    assert merge(linked, a_customer("c-1", identities=("x:2",))).x_linked_with_opt_in is False
    assert merge(linked, a_customer("c-1", identities=("anonymous:a",))).x_linked_with_opt_in


def test_reach_keeps_the_latest_of_each_and_any_suppression() -> None:
    one = a_customer("joe", reach={Channel.SMS: Reach(last_delivered_at=BEFORE, suppressed="no")})
    two = a_customer("c-1", reach={Channel.SMS: Reach(last_delivered_at=NOON)})
    joined = merge(one, two).reach[Channel.SMS]

    assert (joined.last_delivered_at, joined.suppressed) == (NOON, "no")


def test_undoing_at_once_gives_both_back_as_they_were() -> None:
    one = buys(a_customer("joe", identities=("user:joe",), interests=("a",)), "o-1", BEFORE)
    two = buys(a_customer("c-1", identities=("anonymous:a",), interests=("b",)), "o-2", BEFORE)

    assert undone(one, two, merge(one, two)) == (one, two)


def test_what_came_after_the_merge_stays_with_the_survivor() -> None:
    one = buys(a_customer("joe", identities=("user:joe",)), "o-1", BEFORE)
    two = buys(a_customer("c-1", identities=("anonymous:a",)), "o-2", BEFORE, "socks")
    later = buys(merge(one, two), "o-3", AFTER)
    contact = OfferContact(offer_id="f", decision_id="d", at=AFTER)
    refused = Consent(
        channel=Channel.SMS,
        purpose=Purpose.MARKETING,
        state=ConsentState.DENIED,
        source="STOP",
        at=AFTER,
    )
    later = later.model_copy(
        update={
            "offers": (contact, *later.offers),
            "consents": (refused,),
            "recent": (Behaviour(at=AFTER, name="page"), *later.recent),
            "reach": {Channel.SMS: Reach(last_inbound_at=AFTER)},
        }
    )
    renamed = later.model_copy(update={"profile": Profile(first_name="Jo")})
    survivor, other = undone(one, two, touched(later, renamed, AFTER))

    assert other.model_copy(update={"consents": ()}) == two
    assert other.consents == survivor.consents == (refused,), "whose word it was nobody can tell"
    assert [o.id for o in survivor.orders] == ["o-3", "o-1"]
    assert survivor.aggregates.order_count == 2
    assert survivor.aggregates.purchase_count == {"shoes": 2}
    assert survivor.aggregates.last_purchase == {"shoes": AFTER}
    assert survivor.aggregates.last_purchase_at == AFTER
    assert survivor.aggregates.first_purchase_at == BEFORE
    assert survivor.offers == (contact,)
    assert survivor.consents == (refused,)
    assert survivor.reach[Channel.SMS].last_inbound_at == AFTER
    assert survivor.profile.first_name == "Jo"


ORDERS = st.lists(
    st.tuples(st.sampled_from(["shoes/trail", "socks", "tents"]), st.integers(1, 400)), max_size=6
)


@given(ORDERS, ORDERS)
def test_merging_and_undoing_any_histories_loses_nothing_of_either(
    ours: list[tuple[str, int]], theirs: list[tuple[str, int]]
) -> None:
    def history(customer_id: str, orders: list[tuple[str, int]]) -> Customer:
        customer = a_customer(customer_id, identities=(f"user:{customer_id}",))
        for n, (category, days) in enumerate(orders):
            at = NOON - timedelta(days=days)
            customer = buys(customer, f"{customer_id}-{n}", at, category)
        return customer

    one, two = history("joe", ours), history("c-1", theirs)
    joined = merge(one, two)
    survivor, other = undone(one, two, joined)

    assert joined.aggregates.order_count == len(ours) + len(theirs)
    assert survivor.aggregates == one.aggregates
    assert set(survivor.orders) == set(one.orders)
    assert other == two
