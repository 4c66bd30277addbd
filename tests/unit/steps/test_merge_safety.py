"""Shared phones, family computers, and attackers who hold what every page shows: the write key."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.customers import linking, saving
from chalicelib.errors import SignatureError
from chalicelib.inbound import InboundRequest, segment
from chalicelib.model import (
    Channel,
    Consent,
    ConsentState,
    Customer,
    Purpose,
    PushSubscription,
    Reach,
    Tally,
)
from chalicelib.outbound import InboxCarrier
from chalicelib.steps import forgetting, inbox, reading
from chalicelib.steps.rooms import Rooms
from infra.local.carriers.push import subscription
from tests.search import legible
from tests.stage import (
    JOE,
    NOON,
    Aws,
    Clock,
    Recorder,
    a_message,
    an_event,
    put_customer,
    stock_the_shop,
)

ASKS = "@retailerxyz Trailblazer GTX in a 44?"
X, PHONE, EMAIL = "x:1234", "phone:+15551230001", "email:joe@example.com"
OWN, ATTACKER = "anonymous:joes-laptop", "anonymous:attacker"


@pytest.fixture
def site(rooms: Rooms, aws: Aws) -> Rooms:
    """The shop, whose customer Joe is told in the inbox of his own, proven browser."""
    carrier = InboxCarrier(rooms.settings, client=aws.dynamodb, clock=rooms.clock)
    made = rooms.but(carriers={**rooms.carriers, Channel.INBOX: carrier})
    stock_the_shop(made)
    put_customer(made, "joe", {**JOE, "preferences": {"service": ["inbox"]}})
    proven = an_event("page", "user:joe", OWN, number="own").model_copy(update={"proven": True})
    pipeline.respond(proven, made)
    return made


def posts(site: Rooms, call: str, **document: Any) -> None:
    """What anybody may post with the write key, through the very reader of the route."""
    key = base64.b64encode(b"local-write-key:").decode()
    headers = {"authorization": f"Basic {key}", "content-type": "application/json"}
    body = json.dumps(document).encode()
    request = InboundRequest("POST", f"https://reply.example/v1/{call}", headers, {}, body)
    segment.verify(request, site.settings)
    parse = partial(segment.parse, call=call)
    for interaction in parse(request, site.settings, site.clock()).interactions:
        pipeline.respond(interaction, site)


def in_inbox(site: Rooms, browser: str) -> list[str]:
    key = base64.b64encode(b"local-write-key:").decode()
    headers = {"authorization": f"Basic {key}", "x-anonymous-id": browser.partition(":")[2]}
    request = InboundRequest("GET", "https://reply.example/inbox", headers, {}, b"")
    return [message["text"] for message in inbox.listed(request, site)]


def owner(site: Rooms, identity: str) -> str | None:
    return site.customers.resolve([identity]).get(identity)


def customer(site: Rooms, identity: str) -> Customer:
    return reading.customer(owner(site, identity) or "", site)


def identities(site: Rooms, customer_id: str) -> set[str]:
    return set(reading.customer(customer_id, site).identities)


ALIAS = {"userId": "joe", "previousId": "attacker", "messageId": "1"}
IDENTIFY = {"userId": "joe", "anonymousId": "attacker", "messageId": "1"}
FORGED = [
    ("alias", ALIAS),
    ("identify", IDENTIFY),
    ("identify", {**IDENTIFY, "traits": {"email": "joe@example.com", "phone": "+15551230001"}}),
    ("track", {**IDENTIFY, "event": "Cart Viewed"}),
    ("group", {**IDENTIFY, "groupId": "family"}),
    ("alias", {"userId": "mallory", "previousId": "joes-laptop", "messageId": "1"}),
    ("identify", {"userId": "mallory", "anonymousId": "joes-laptop", "messageId": "1"}),
]


@pytest.mark.parametrize(("call", "document"), FORGED)
def test_a_forgery_reads_nothing_and_receives_no_answer(
    site: Rooms, recorder: Recorder, call: str, document: dict[str, Any]
) -> None:
    pipeline.respond(a_message(ASKS, number="before"), site)
    posts(site, call, **document)
    pipeline.respond(a_message(ASKS, number="after"), site)

    assert in_inbox(site, ATTACKER) == []
    assert recorder.sent == []
    assert {X, PHONE, EMAIL, OWN} <= identities(site, "joe")
    for identity in (X, PHONE, EMAIL, "user:joe", OWN):
        assert owner(site, identity) == "joe"
    assert customer(site, OWN).proven_browsers == (OWN,)


@pytest.mark.parametrize(("call", "document"), FORGED)
def test_a_forgery_attaches_nothing_strong_to_whoever_forged_it(
    site: Rooms, call: str, document: dict[str, Any]
) -> None:
    posts(site, "page", anonymousId="attacker", name="Home", messageId="0")
    posts(site, call, **document)
    for identity in (ATTACKER, "user:mallory"):
        if (found := owner(site, identity)) not in (None, "joe"):
            held = identities(site, found or "")
            assert {i for i in held if i.startswith(("phone:", "email:", "x:", "card:"))} == set()


def test_an_alias_of_one_user_to_another_ties_neither_to_the_other(site: Rooms) -> None:
    put_customer(site, "ann", {"identities": ["email:ann@example.com"]})
    posts(site, "alias", userId="ann", previousId="joe", messageId="1")
    posts(site, "alias", userId="ann", previousId="user:joe", messageId="2")
    posts(site, "alias", userId="ann", previousId="joes-laptop", messageId="3")
    assert owner(site, "user:joe") == "joe"
    assert owner(site, OWN) == "joe"
    assert owner(site, "email:ann@example.com") == "ann"
    assert reading.customer("ann", site).merged_into is None


def test_a_wrong_proof_is_refused_where_a_right_one_can_be_had(site: Rooms) -> None:
    shared = site.settings.model_copy(update={"identity_secret": site.settings.write_key})
    told = site.but(settings=shared)
    with pytest.raises(SignatureError):
        posts(told, "identify", **IDENTIFY, context={"identityProof": "0" * 64})
    assert owner(site, ATTACKER) is None


def test_an_attackers_subscription_is_not_written_to(site: Rooms) -> None:
    event = {**IDENTIFY, "event": "Push Subscribed", "properties": subscription("attacker")}
    posts(site, "track", **event)
    posts(site, "identify", **{**IDENTIFY, "messageId": "2"})
    assert customer(site, "user:joe").subscriptions == ()
    first = {"anonymousId": "attacker", "messageId": "3", "event": "Push Subscribed"}
    posts(site, "track", **first, properties=subscription("attacker"))
    posts(site, "alias", **{**ALIAS, "messageId": "4"})
    assert customer(site, "user:joe").subscriptions == ()


def test_two_users_of_a_family_computer_stay_two(site: Rooms) -> None:
    posts(site, "identify", userId="joe", anonymousId="family", messageId="1")
    posts(site, "identify", userId="ann", anonymousId="family", messageId="2")
    posts(site, "track", userId="ann", anonymousId="family", messageId="3", event="Cart Viewed")
    assert (owner(site, "user:joe"), owner(site, "user:ann")) == ("joe", "ann")
    assert owner(site, "anonymous:family") == "joe"
    assert [done.name for done in customer(site, "user:ann").recent] == ["cart_viewed"]
    assert [done.name for done in customer(site, "user:joe").recent] == ["page"]


def test_a_phone_that_another_claims_stays_with_who_has_it(site: Rooms, clock: Clock) -> None:
    """Only an operator says that a number has become somebody else's; undone, nothing is lost."""
    posts(site, "identify", userId="ann", anonymousId="a", messageId="1", traits={"phone": PHONE})
    assert owner(site, PHONE) == "joe"
    assert customer(site, "user:ann").address("phone") is None
    put_customer(site, "sue", {"identities": [PHONE]})
    assert {PHONE, EMAIL, X, OWN} <= identities(site, "sue")
    assert [m["merged_customer_id"] for m in reading.merges("sue", site)] == ["joe"]

    (merge,) = linking.merges_of(site.customers, "sue")
    linking.undo(site.customers, "sue", merge.id, clock.advance(minutes=1))
    assert owner(site, PHONE) == "joe"
    assert identities(site, "sue") == {"user:sue"}
    assert {X, PHONE, EMAIL, OWN} <= identities(site, "joe")


def a_word(channel: Channel, state: ConsentState, source: str) -> Consent:
    said = {"channel": channel, "purpose": Purpose.MARKETING, "state": state, "source": source}
    return Consent.model_validate({**said, "at": NOON - timedelta(days=1)})


def test_undone_each_has_the_words_the_browsers_and_the_tallies_that_were_theirs(
    site: Rooms, clock: Clock
) -> None:
    store = site.customers
    push = PushSubscription(
        endpoint="https://push.example/ann", p256dh="p", auth="a", at=NOON - timedelta(days=1)
    )
    ann = Customer(
        id="ann",
        identities=("user:ann", "anonymous:anns"),
        proven_browsers=("anonymous:anns",),
        subscriptions=(push,),
        gpc=True,
        reach={
            Channel.SMS: Reach(
                last_answered_at=NOON, tallies={"midday": Tally(tried=3, reached=3, answered=1)}
            )
        },
    )
    store.save(Customer(id="ann"), ann, NOON)
    saving.consent(store, "ann", a_word(Channel.PUSH, ConsentState.GRANTED, "anns"), NOON)
    before = reading.customer("joe", site)
    known = {Channel.SMS: Reach(tallies={"midday": Tally(tried=1), "night": Tally(tried=2)})}
    store.save(before, before.model_copy(update={"reach": known}), NOON)
    words = reading.consents("joe", site)

    joined = linking.tie(store, "joe", "ann", clock.advance(minutes=1))
    assert joined.reach[Channel.SMS].tallies == {
        "midday": Tally(tried=4, reached=3, answered=1),
        "night": Tally(tried=2),
    }
    assert joined.reach[Channel.SMS].last_answered_at == NOON
    assert "anns" in repr(reading.consents("joe", site))
    counted = {**joined.reach[Channel.SMS].tallies, "night": Tally(tried=3)}
    since = {Channel.SMS: joined.reach[Channel.SMS].model_copy(update={"tallies": counted})}
    store.save(joined, joined.model_copy(update={"reach": since}), clock.now)

    (merge,) = linking.merges_of(store, "joe")
    linking.undo(store, "joe", merge.id, clock.advance(minutes=1))
    joe, parted = reading.customer("joe", site), reading.customer("ann", site)
    assert joe.reach[Channel.SMS] == Reach(
        tallies={"midday": Tally(tried=1), "night": Tally(tried=3)}
    )
    assert parted.reach == ann.reach
    assert (joe.subscriptions, parted.subscriptions) == ((), (push,))
    assert (joe.proven_browsers, parted.proven_browsers) == ((OWN,), ("anonymous:anns",))
    assert (joe.gpc, parted.gpc) == (False, True)
    assert "anns" not in repr(reading.consents("joe", site))
    assert len(reading.consents("joe", site)) >= len(words)
    assert [c["source"] for c in reading.consents("ann", site)][:1] == ["anns"]
    assert parted.consent(Channel.PUSH, Purpose.MARKETING) is not None
    assert joe.consent(Channel.PUSH, Purpose.MARKETING) is None


def test_who_was_parted_is_erased_from_the_others_record_too(site: Rooms, aws: Aws) -> None:
    for erased, left in (("wilma@example.com", "sue"), ("sue", "wilma@example.com")):
        put_customer(site, "wilma@example.com", {"identities": ["card:1"]})
        put_customer(site, "sue", {"identities": ["card:1"]})
        (*_, merge) = linking.merges_of(site.customers, "sue")
        linking.undo(site.customers, "sue", merge.id, site.clock())
        assert erased in legible(site.customers.items(left, ""))
        forgetting.erase_customer(erased, site)
        assert f"'{erased}'" not in legible(site.customers.items(left, "")).replace('"', "'")
        forgetting.erase_customer(left, site)
