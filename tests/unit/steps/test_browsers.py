"""Who may be told what in which browser, and what a forged `identify` gets: nothing.

The write key stands in every page, so an attacker holds it here as everybody does.
"""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.customers import linking
from chalicelib.customers.erasure import erase
from chalicelib.model import (
    Channel,
    ConsentState,
    Customer,
    Identification,
    Interaction,
    Purpose,
)
from chalicelib.preference.addresses import address_of
from chalicelib.steps import reading
from chalicelib.steps.rooms import Rooms
from infra.local.carriers.push import address, subscription
from tests.search import legible
from tests.stage import JOE, Aws, an_event, put_customer


class Site:
    """A page and its visitors; every event is a new one."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms, self._number = rooms, 0

    def _respond(self, interaction: Interaction, proven: bool) -> None:
        self._number += 1
        told = {"id": f"web:{self._number}", "proven": proven}
        assert pipeline.respond(interaction.model_copy(update=told), self.rooms) is not None

    def identifies(self, *who: str, proven: bool = False) -> None:
        body = Identification(traits={})
        self._respond(an_event("x", *who).model_copy(update={"body": body}), proven)

    def visits(self, *who: str, proven: bool = False) -> None:
        self._respond(an_event("page", *who), proven)

    def subscribes(self, token: str, *who: str, proven: bool = False, **said: Any) -> None:
        event = an_event("push_subscribed", *who, **{**subscription(token), **said})
        self._respond(event, proven)

    def leaves(self, token: str, *who: str) -> None:
        ended = {"endpoint": subscription(token)["endpoint"]}
        self._respond(an_event("push_unsubscribed", *who, **ended), False)

    def owner(self, identity: str) -> str:
        return self.rooms.customers.resolve([identity])[identity]

    def customer(self, identity: str) -> Customer:
        return reading.customer(self.owner(identity), self.rooms)

    def reached(self, identity: str) -> dict[Channel, str | None]:
        found = self.customer(identity)
        return {c: address_of(found, c) for c in (Channel.PUSH, Channel.INBOX)}


@pytest.fixture
def site(rooms: Rooms) -> Site:
    return Site(rooms)


NOWHERE = dict.fromkeys((Channel.PUSH, Channel.INBOX))


def test_a_browser_that_nothing_else_is_known_of_is_told_what_is_its_own(site: Site) -> None:
    site.subscribes("a", "anonymous:a", wording="Tell me")
    assert site.reached("anonymous:a") == {Channel.PUSH: address("a"), Channel.INBOX: "a"}


def test_a_proven_visitor_is_told_in_their_browser(site: Site) -> None:
    site.identifies("user:joe", "anonymous:a", proven=True)
    site.subscribes("a", "user:joe", "anonymous:a", proven=True)
    assert site.reached("user:joe") == {Channel.PUSH: address("a"), Channel.INBOX: "a"}
    assert site.customer("user:joe").proven_browsers == ("anonymous:a",)


def test_what_a_browser_agreed_to_before_it_logs_in_with_proof_comes_along(site: Site) -> None:
    put_customer(site.rooms, "joe", JOE)
    site.subscribes("a", "anonymous:a", wording="Offers, too", marketing=True)
    site.identifies("user:joe", "anonymous:a", proven=True)
    assert site.reached("user:joe") == {Channel.PUSH: address("a"), Channel.INBOX: "a"}
    said = site.customer("user:joe").consent(Channel.PUSH, Purpose.MARKETING)
    assert said is not None
    assert said.state is ConsentState.GRANTED


def test_whoever_forges_identify_never_reads_joe_s_inbox(site: Site) -> None:
    """The attack: an own browser, the public write key, and somebody's user id."""
    put_customer(site.rooms, "joe", JOE)
    site.identifies("user:joe", "anonymous:joes", proven=True)
    site.visits("anonymous:attacker")
    site.identifies("user:joe", "anonymous:attacker")
    site.visits("user:joe", "anonymous:attacker")

    joe = site.customer("user:joe")
    assert "anonymous:attacker" in joe.identities, "their visits are claimed to be his"
    assert joe.proven_browsers == ("anonymous:joes",)
    assert address_of(joe, Channel.INBOX) == "joes"


@pytest.mark.parametrize("known", [True, False], ids=["known", "not yet known"])
@pytest.mark.parametrize("subscribed", ["before", "after", "both"])
def test_whoever_forges_identify_is_told_nothing_of_joe_s(
    site: Site, known: bool, subscribed: str
) -> None:
    if known:
        put_customer(site.rooms, "joe", JOE)
    if subscribed != "after":
        site.subscribes("attacker", "anonymous:attacker", wording="Offers", marketing=True)
    site.identifies("user:joe", "anonymous:attacker")
    if subscribed != "before":
        site.subscribes("attacker", "user:joe", "anonymous:attacker", wording="x", marketing=True)
        site.subscribes("attacker", "anonymous:attacker", wording="x", marketing=True)
        site.subscribes("attacker", "user:joe")

    assert site.reached("user:joe") == NOWHERE
    assert not [c for c in site.customer("user:joe").consents if c.channel is Channel.PUSH]
    put_customer(site.rooms, "joe", JOE)
    assert site.reached("user:joe") == NOWHERE, "nor once the shop brings its record of him"
    site.identifies("user:joe", "anonymous:joes", proven=True)
    site.subscribes("joes", "user:joe", "anonymous:joes", proven=True)
    assert site.reached("user:joe") == {Channel.PUSH: address("joes"), Channel.INBOX: "joes"}
    assert site.customer("user:joe").consent(Channel.PUSH, Purpose.MARKETING) is None


def test_alias_is_no_way_round(site: Site) -> None:
    put_customer(site.rooms, "joe", JOE)
    site.identifies("user:joe", "anonymous:joes", proven=True)
    site.subscribes("attacker", "anonymous:attacker")
    site.identifies("user:joe", "anonymous:attacker")  # as `alias` is read
    assert site.reached("user:joe")[Channel.INBOX] == "joes"
    assert site.reached("user:joe")[Channel.PUSH] is None


def test_a_flood_of_forged_browsers_takes_joe_s_from_him_no_more(site: Site) -> None:
    put_customer(site.rooms, "joe", JOE)
    site.identifies("user:joe", "anonymous:joes", proven=True)
    for number in range(linking.BROWSERS_LIMIT + 2):
        site.identifies("user:joe", f"anonymous:{number}")
    assert site.reached("user:joe")[Channel.INBOX] == "joes"


def test_a_subscription_that_nobody_vouches_for_is_refused_without_harm(site: Site) -> None:
    put_customer(site.rooms, "joe", JOE)
    site.subscribes("joes", "user:joe", "anonymous:joes", proven=True)
    before = site.customer("user:joe")
    site.subscribes("attacker", "user:joe", "anonymous:joes-guessed")
    after = site.customer("user:joe")
    assert (after.subscriptions, after.consents) == (before.subscriptions, before.consents)


def test_who_takes_their_leave_back_needs_no_proof(site: Site) -> None:
    site.subscribes("a", "user:joe", "anonymous:a", proven=True, wording="Tell me")
    site.leaves("a", "user:joe", "anonymous:a")
    assert site.reached("user:joe")[Channel.PUSH] is None
    said = site.customer("user:joe").consent(Channel.PUSH, Purpose.SERVICE)
    assert said is not None
    assert said.state is ConsentState.DENIED


def test_a_family_s_computer_tells_each_what_is_theirs(site: Site) -> None:
    """Joe logs out, Ann logs in: what is written to Joe from here on must not lie before her."""
    site.identifies("user:joe", "anonymous:family", proven=True)
    site.subscribes("family", "user:joe", "anonymous:family", proven=True)
    site.identifies("user:joe", "anonymous:phone", proven=True)
    site.identifies("user:ann", "anonymous:family", proven=True)

    assert site.owner("anonymous:family") == site.owner("user:ann") == "ann"
    assert site.reached("user:ann")[Channel.INBOX] == "family"
    assert site.reached("user:joe") == {Channel.PUSH: None, Channel.INBOX: "phone"}
    site.visits("user:joe", "anonymous:family")
    assert site.reached("user:joe")[Channel.INBOX] == "phone"
    assert site.reached("user:ann")[Channel.INBOX] == "family", "without proof it stays hers"
    site.identifies("user:joe", "anonymous:family", proven=True)
    assert site.reached("user:joe")[Channel.INBOX] == "family"
    assert site.reached("user:ann")[Channel.INBOX] is None


def test_without_proof_a_family_s_computer_is_nobody_s_inbox(site: Site) -> None:
    site.identifies("user:joe", "anonymous:family")
    site.identifies("user:ann", "anonymous:family")
    assert site.reached("user:joe") == site.reached("user:ann") == NOWHERE


def test_a_proof_without_a_browser_proves_none(site: Site) -> None:
    site.identifies("user:joe", "anonymous:a")
    site.identifies("user:joe", proven=True)
    assert site.reached("user:joe") == NOWHERE
    assert site.customer("user:joe").proven_browsers == ()


def test_a_merge_that_is_undone_parts_browsers_again(site: Site) -> None:
    site.identifies("user:old", "anonymous:b", proven=True)
    site.subscribes("b", "user:old", "anonymous:b", proven=True)
    site.identifies("user:joe", "anonymous:a", proven=True)
    joe = put_customer(site.rooms, "joe", {**JOE, "identities": ["user:old", "user:joe"]})
    assert set(joe.proven_browsers) == {"anonymous:a", "anonymous:b"}
    assert site.reached("user:joe")[Channel.PUSH] == address("b")

    (merge,) = linking.merges_of(site.rooms.customers, "joe")
    linking.undo(site.rooms.customers, "joe", merge.id, site.rooms.clock())
    assert site.customer("user:joe").proven_browsers == ("anonymous:a",)
    assert site.reached("user:old") == {Channel.PUSH: address("b"), Channel.INBOX: "b"}


def test_an_erasure_leaves_neither_browser_nor_endpoint(site: Site, aws: Aws) -> None:
    site.identifies("user:joe", "anonymous:a", proven=True)
    site.subscribes("secret-token", "user:joe", "anonymous:a", proven=True)
    erase(site.rooms.customers, site.customer("user:joe"))
    kept = legible(aws.dynamodb.scan(TableName=site.rooms.customers.table)["Items"])
    assert "secret-token" not in kept
    assert "anonymous:a" not in kept


def test_a_proven_visit_takes_no_more_calls_than_any_other(site: Site, aws: Aws) -> None:
    site.identifies("user:joe", "anonymous:a", proven=True)
    with aws.watched() as calls:
        site.visits("user:joe", "anonymous:a", proven=True)
    assert calls == ["BatchGetItem", "Query", "TransactWriteItems"]
