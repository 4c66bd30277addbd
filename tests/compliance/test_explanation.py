"""For every decision: what won and why, and what each other failed, in words."""

from __future__ import annotations

import re

import pytest

from chalicelib.model import Channel
from chalicelib.steps import replaying
from chalicelib.steps.rooms import Rooms
from tests.stage import Clock, an_offer, publish

from .scenes import ASKS, agreed, ann, at, told_of, writes

OTHERS = {
    "cap": an_offer(id="cap", rule="true", value=50),
    "rule": an_offer(id="rule", rule="customer.age >= 65"),
    "date": an_offer(id="date", rule="true", starts_at="2027-01-01T00:00:00Z"),
    "budget": an_offer(id="budget", rule="true", policy={"budget": 0}),
    "score": an_offer(id="score", rule="true", value=0.01),
    "exclusive": an_offer(
        id="exclusive", rule="true", value=0.02, policy={"exclusive_group": "week"}
    ),
}
"""Offers that lose, each named for its reason; the first once it was made, for it is made once a
week."""
WINNER = an_offer(id="winner", rule="true", value=40, policy={"exclusive_group": "week"})
PLAIN = re.compile(r"[^{}<>_=&|]{5,}")
"""Words, no code."""


@pytest.fixture
def full(shop: Rooms) -> Rooms:
    ann(shop, agreed(Channel.SMS))
    for offer in (*OTHERS.values(), WINNER):
        shop.offers.put(offer)
    publish(shop)
    return shop


def test_every_decision_tells_what_won_and_why(full: Rooms) -> None:
    told = told_of(full, writes(full, ASKS))

    (chosen,) = told["chosen"]
    assert chosen["offer_id"] == "cap"
    assert chosen["text"].startswith("chosen: ")
    assert "50.00 worth" in chosen["text"]
    assert told["channel"]["chosen"] == "sms"
    assert told["channel"]["why"] == "they wrote there"


def test_every_other_offer_tells_what_it_failed_in_words_that_can_be_read_out(
    full: Rooms, clock: Clock
) -> None:
    writes(full, ASKS)
    clock.advance(hours=1)
    told = told_of(full, writes(full, ASKS))

    assert [offer["offer_id"] for offer in told["chosen"]] == ["winner"]
    lost = {offer["offer_id"]: offer for offer in told["rejected"]}
    for reason in OTHERS:
        assert lost[reason]["reason"] == reason
    assert set(lost) == {*OTHERS, "trail-10"}
    assert [o["text"] for o in lost.values() if not PLAIN.fullmatch(o["text"])] == []
    assert lost["rule"]["failed"][0]["value"] == 36


@pytest.mark.parametrize(
    ("hour", "state", "text"),
    [
        (12, "denied", "they refused marketing there"),
        (23, "granted", "it is, or may be, outside contact hours for them"),
    ],
)
def test_each_refusal_is_visible_in_the_decisions_explanation(
    shop: Rooms, clock: Clock, hour: int, state: str, text: str
) -> None:
    ann(shop, agreed(Channel.SMS, state=state))
    clock.now = at(hour)
    record = writes(shop, ASKS)
    told = told_of(shop, record)

    assert told["channel"]["marketing_refused"]["text"] == text
    assert [offer["reason"] for offer in told["rejected"]] == ["purpose"]
    refused = {refusal["channel"]: refusal["text"] for refusal in told["channel"]["refused"]}
    assert set(refused) == {c.value for c in Channel} - {"sms"}
    assert all(refused.values())
    assert replaying.replayed(record.decision_id or "", None, shop)["identical"]
