"""What a customer's browsers may be trusted with, and what becomes of it in merges."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.customers.browsers import (
    PROVEN_LIMIT,
    SUBSCRIPTIONS_LIMIT,
    unvouched,
    with_proven,
    with_push,
    without_browser,
)
from chalicelib.customers.consents import set_consents
from chalicelib.customers.linking import BROWSERS_LIMIT, with_identities
from chalicelib.customers.merging import Merge, merge, part
from chalicelib.model import (
    Channel,
    ConsentState,
    Customer,
    Purpose,
    PushSubscription,
    WebEvent,
)
from infra.local.carriers.push import subscription
from tests.stage import NOON

WORDS = "Tell me of my orders"
BOTH = (Purpose.SERVICE, Purpose.MARKETING)


def a_customer(*identities: str, **fields: Any) -> Customer:
    return Customer(id="joe", identities=identities, **fields)


def held(token: str, minutes: int = 0) -> PushSubscription:
    told = subscription(token)
    at = NOON + timedelta(minutes=minutes)
    return PushSubscription(endpoint=told["endpoint"], **told["keys"], at=at)


def subscribes(customer: Customer, token: str = "b", minutes: int = 0, **said: Any) -> Customer:
    event = WebEvent(name="push_subscribed", properties={**subscription(token), **said})
    return with_push(customer, event, NOON + timedelta(minutes=minutes), trusted=True)


def leaves(customer: Customer, token: str = "b", minutes: int = 1) -> Customer:
    ended = {"endpoint": subscription(token)["endpoint"]}
    event = WebEvent(name="push_unsubscribed", properties=ended)
    return with_push(customer, event, NOON + timedelta(minutes=minutes), trusted=False)


def leave_of(customer: Customer) -> dict[Purpose, str]:
    found = {purpose: customer.consent(Channel.PUSH, purpose) for purpose in BOTH}
    return {purpose: said.state.value for purpose, said in found.items() if said}


def test_the_browser_s_permission_is_leave_for_service_in_the_words_that_were_shown() -> None:
    joe = subscribes(a_customer("anonymous:b"), wording=WORDS)
    assert joe.subscriptions == (held("b"),)
    said = joe.consent(Channel.PUSH, Purpose.SERVICE)
    assert said is not None
    assert (said.source, said.wording, said.at) == ("browser permission", WORDS, NOON)
    assert joe.consent(Channel.PUSH, Purpose.MARKETING) is None


def test_marketing_is_leave_only_where_the_words_said_so() -> None:
    joe = subscribes(a_customer("anonymous:b"), wording="Offers, too", marketing=True)
    assert leave_of(joe) == dict.fromkeys(BOTH, "granted")
    said = joe.consent(Channel.PUSH, Purpose.MARKETING)
    assert said is not None
    assert said.wording == "Offers, too"


def test_without_trust_nothing_is_taken() -> None:
    event = WebEvent(name="push_subscribed", properties=subscription("b"))
    joe = a_customer("user:joe")
    assert with_push(joe, event, NOON, trusted=False) is joe


def test_other_events_of_that_name_mean_nothing() -> None:
    joe = a_customer("anonymous:b")
    for name in ("push_subscribed", "push_unsubscribed", "page"):
        event = WebEvent(name=name, properties={"vendor": "x"})
        assert with_push(joe, event, NOON, trusted=True) is joe


def test_the_newest_subscriptions_stay_newest_first() -> None:
    joe = a_customer("anonymous:b")
    for number in range(SUBSCRIPTIONS_LIMIT + 2):
        joe = subscribes(joe, f"b{number}", number)
    kept = [s.endpoint.rpartition("/b")[2] for s in joe.subscriptions]
    assert kept == ["6", "5", "4", "3", "2"]
    again = subscribes(joe, "b3", 60)
    assert again.subscriptions[0] == held("b3", 60)
    assert len(again.subscriptions) == SUBSCRIPTIONS_LIMIT


def test_telling_of_it_at_every_visit_takes_back_no_refusal() -> None:
    joe = subscribes(a_customer("anonymous:b"), wording=WORDS, marketing=True)
    at = NOON + timedelta(minutes=1)
    denied = ConsentState.DENIED
    joe = set_consents(joe, denied, [Channel.PUSH], BOTH, source="their words", at=at)
    joe = subscribes(joe, minutes=2, wording=WORDS, marketing=True)
    assert leave_of(joe) == dict.fromkeys(BOTH, "denied")


def test_telling_of_it_at_every_visit_says_nothing_twice() -> None:
    joe = subscribes(a_customer("anonymous:b"), wording=WORDS)
    later = subscribes(joe, minutes=5, wording=WORDS)
    assert later.consents == joe.consents
    other = subscribes(later, minutes=6, wording="Other words")
    said = other.consent(Channel.PUSH, Purpose.SERVICE)
    assert said is not None
    assert said.wording == "Other words"


def test_a_subscription_that_the_browser_renewed_by_itself_says_nothing_new() -> None:
    joe = subscribes(a_customer("anonymous:b"), wording=WORDS)
    assert subscribes(joe, "renewed", 5).consents == joe.consents
    refused = leaves(joe)
    assert subscribes(refused, "renewed", 5).consents == refused.consents


def test_a_new_permission_is_a_new_word() -> None:
    joe = leaves(subscribes(a_customer("anonymous:b"), wording="Offers", marketing=True))
    assert leave_of(joe) == dict.fromkeys(BOTH, "denied")
    joe = subscribes(joe, "new", 2, wording=WORDS)
    assert leave_of(joe) == {Purpose.SERVICE: "granted", Purpose.MARKETING: "denied"}


def test_the_end_of_one_of_two_subscriptions_refuses_nothing() -> None:
    joe = subscribes(subscribes(a_customer("anonymous:b")), "c", 1)
    one_left = leaves(joe, "c", 2)
    assert one_left.subscriptions == (held("b"),)
    assert leave_of(one_left) == {Purpose.SERVICE: "granted"}
    assert leave_of(leaves(one_left, "b", 3)) == dict.fromkeys(BOTH, "denied")


def test_who_does_not_know_the_endpoint_ends_nothing() -> None:
    joe = subscribes(a_customer("anonymous:b"))
    assert leaves(joe, "unknown") is joe


def test_proven_browsers_are_few_the_latest_last_and_their_own() -> None:
    browsers = [f"anonymous:{n}" for n in range(PROVEN_LIMIT + 2)]
    joe = a_customer("user:joe", *browsers)
    for browser in browsers:
        joe = with_proven(joe, [browser])
    assert joe.proven_browsers == tuple(browsers[-PROVEN_LIMIT:])
    assert with_proven(joe, [browsers[3]]).proven_browsers[-1] == browsers[3]
    assert with_proven(joe, ["anonymous:somebody-else's"]) is joe
    assert with_proven(joe, [browsers[-1]]) is joe


def test_ever_new_browsers_push_no_proven_one_out() -> None:
    """Whoever brings the public write key can name any number."""
    joe = a_customer("user:joe", "anonymous:own", proven_browsers=("anonymous:own",))
    for number in range(BROWSERS_LIMIT + 10):
        joe = with_identities(joe, [f"anonymous:{number}"])
    browsers = [i for i in joe.identities if i.startswith("anonymous:")]
    assert len(browsers) == BROWSERS_LIMIT
    assert "anonymous:own" in browsers
    assert browsers[-1] == f"anonymous:{BROWSERS_LIMIT + 9}"


def test_a_browser_that_became_somebody_else_s_takes_the_subscriptions_with_it() -> None:
    joe = subscribes(a_customer("user:joe", "anonymous:a", "anonymous:b"))
    joe = with_proven(joe, ["anonymous:a", "anonymous:b"])
    left = without_browser(joe, "anonymous:b")
    assert left.identities == ("user:joe", "anonymous:a")
    assert left.proven_browsers == ("anonymous:a",)
    assert left.subscriptions == ()


def test_what_nobody_vouched_for_grants_nothing_and_refuses_still() -> None:
    at = NOON
    joe = subscribes(a_customer("anonymous:b"), wording="Offers", marketing=True)
    granted, denied = ConsentState.GRANTED, ConsentState.DENIED
    joe = set_consents(joe, granted, [Channel.EMAIL], BOTH, source="operator", at=at)
    joe = set_consents(joe, denied, [Channel.INBOX], BOTH, source="page", at=at)
    bare = unvouched(joe)
    assert bare.subscriptions == ()
    assert {(c.channel, c.state) for c in bare.consents} == {
        (Channel.EMAIL, granted),
        (Channel.INBOX, denied),
    }


# --- merges -------------------------------------------------------------------------------------


def two() -> tuple[Customer, Customer]:
    one = a_customer(
        "user:joe",
        "anonymous:a",
        proven_browsers=("anonymous:a",),
        subscriptions=(held("a", 1),),
    )
    other = Customer(
        id="c-1",
        identities=("user:old", "anonymous:b"),
        proven_browsers=("anonymous:b",),
        subscriptions=(held("b", 2),),
    )
    return one, other


def undone(one: Customer, other: Customer, joined: Customer) -> tuple[Customer, Customer]:
    return part(joined, Merge(id="m-1", at=NOON, survivor_before=one, other_before=other))


def test_a_merge_joins_browsers_and_subscriptions() -> None:
    one, other = two()
    joined = merge(one, other)
    assert joined.subscriptions == (held("b", 2), held("a", 1))
    assert joined.proven_browsers == ("anonymous:b", "anonymous:a")


def test_a_merge_keeps_to_the_limits() -> None:
    one = Customer(
        id="joe",
        proven_browsers=tuple(f"anonymous:a{n}" for n in range(PROVEN_LIMIT)),
        subscriptions=tuple(held(f"a{n}", 9 - n) for n in range(SUBSCRIPTIONS_LIMIT)),
    )
    joined = merge(one, Customer(id="c", subscriptions=(*one.subscriptions[:2], held("b", 60))))
    assert len(joined.subscriptions) == SUBSCRIPTIONS_LIMIT
    assert joined.subscriptions[0] == held("b", 60)
    assert joined.proven_browsers == one.proven_browsers


def test_undoing_parts_browsers_and_subscriptions_again() -> None:
    one, other = two()
    assert undone(one, other, merge(one, other)) == (one, other)


def test_what_came_after_the_merge_stays_with_the_survivor() -> None:
    one, other = two()
    joined = with_identities(subscribes(merge(one, other), "c", 3), ["anonymous:c"])
    joined = with_proven(joined, ["anonymous:c"])
    survivor, parted = undone(one, other, joined)
    assert survivor.subscriptions == (held("c", 3), held("a", 1))
    assert survivor.proven_browsers == ("anonymous:a", "anonymous:c")
    assert parted == other


def test_undoing_brings_back_no_subscription_that_ended_meanwhile() -> None:
    one, other = two()
    joined = leaves(merge(one, other), "b", 3)
    survivor, parted = undone(one, other, joined)
    assert (survivor.subscriptions, parted.subscriptions) == ((held("a", 1),), ())


@pytest.mark.parametrize("vouched", [True, False])
def test_undoing_an_unvouched_merge_makes_nobody_richer(vouched: bool) -> None:
    one, other = two()
    joined = merge(one, other if vouched else unvouched(other))
    survivor, parted = undone(one, other, joined)
    assert survivor.subscriptions == one.subscriptions
    assert parted.subscriptions == (other.subscriptions if vouched else ())
