"""X: little is said in public, and what X says is gone is gone."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib import pipeline
from chalicelib.inbound import x
from chalicelib.model import Channel, Interaction, Removal, Reply, SendResult
from chalicelib.steps import reading
from chalicelib.steps.rooms import Rooms
from tests.contracts.inbound.senders import SETTINGS, from_x, payload
from tests.memory import Memory
from tests.search import found_in, legible
from tests.stage import Aws, Clock, Recorder, a_message, an_event

from .scenes import ANN_PHONE, ANN_X, ASKS, OFFERED, agreed, ann, is_back, worked, writes

PERSONAL = ("Annabeth", "Broadway", "o-1", "back in stock", OFFERED)
"""What is hers: her name, the store near her home, her order, what she looked at, her offers."""
ORDER = {"order_id": "o-1", "total": 129.9, "products": [{"product_id": "tb-gtx-44"}]}
SECRET = "zebra crossing"


def in_public(recorder: Recorder) -> list[Reply]:
    return [reply for reply in recorder.sent if reply.channel is Channel.X_REPLY]


@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("activity_mention", True),
        ("activity_quote", True),
        ("activity_reply", True),
        ("activity_direct_message", True),
        ("account_like", False),
        ("activity_chat", False),
    ],
)
def test_only_who_mentioned_quoted_replied_to_or_messaged_the_brand_is_answered_on_x(
    shop: Rooms, recorder: Recorder, name: str, heard: bool
) -> None:
    parsed = x.parse(from_x(payload(f"x/{name}.json")), SETTINGS, shop.clock())
    for interaction in parsed.interactions:
        worked(shop, interaction)

    assert len(recorder.sent) == heard


def test_whoever_did_not_write_there_is_not_written_to_on_x(
    shop: Rooms, recorder: Recorder
) -> None:
    both = (Channel.X_REPLY, Channel.X_DM)
    ann(shop, agreed(*both), identities=[ANN_X], preferences={"service": ["x_reply", "x_dm"]})
    is_back(shop)

    assert recorder.sent == []


@pytest.mark.parametrize("acknowledges", [False, True])
@pytest.mark.parametrize("failing", range(4))
def test_a_post_has_at_most_one_public_reply(
    shop: Rooms, recorder: Recorder, clock: Clock, acknowledges: bool, failing: int
) -> None:
    ann(shop, preferences={"service": ["sms", "email"]})
    told = shop.settings.model_copy(update={"x_acknowledge": acknowledges, "fallback_steps": 5})
    recorder.answers = [SendResult(status="failed", provider="recorder", code="no")] * failing
    post = a_message(ASKS, sender=ANN_X)
    for _ in range(2):
        pipeline.respond(post, shop.but(settings=told))
        clock.advance(hours=1)
        pipeline.sweep(shop)

    assert len(in_public(recorder)) <= 1


@pytest.mark.parametrize("text", [ASKS, "where is my order?", "what would you recommend?", "HELP"])
def test_a_public_reply_is_never_promotional_and_holds_nothing_personal(
    shop: Rooms, recorder: Recorder, text: str
) -> None:
    ann(shop, agreed(*Channel), preferences={"service": ["x_reply"], "marketing": ["x_reply"]})
    pipeline.respond(an_event("order_completed", "user:ann", number="o", **ORDER), shop)
    writes(shop, text, Channel.X_REPLY)

    (public,) = recorder.sent
    assert public.channel is Channel.X_REPLY
    assert [word for word in PERSONAL if word in public.text] == []
    assert [link for link in public.links if link.offer_id] == []


def test_the_personal_part_goes_to_a_private_channel(shop: Rooms, recorder: Recorder) -> None:
    ann(shop, agreed(Channel.SMS), preferences={"service": ["sms"]})
    told = shop.settings.model_copy(update={"x_acknowledge": True})
    writes(shop.but(settings=told), ASKS, Channel.X_REPLY)

    private, public = recorder.sent
    assert private.channel is Channel.SMS
    assert "Broadway" in private.text
    assert OFFERED in private.text
    assert (public.channel, public.text) == (Channel.X_REPLY, "We have sent you a message.")


def test_handle_and_profile_are_linked_only_with_the_customers_opt_in(
    shop: Rooms, recorder: Recorder
) -> None:
    with pytest.raises(ValidationError, match="opt-in"):
        ann(shop, x_linked_with_opt_in=False)
    ann(shop, agreed(*Channel), identities=[ANN_PHONE], preferences={"service": ["sms"]})
    for here in (Channel.X_REPLY, Channel.X_DM):
        stranger = writes(shop, f"I am Ann, +15551230077: {ASKS}", here).customer_id
        assert stranger != "ann"

    assert [reply.channel for reply in recorder.sent] == [Channel.X_REPLY, Channel.X_DM]
    assert [w for w in PERSONAL for reply in recorder.sent if w in reply.text] == []


@pytest.mark.parametrize("gone", ["the post", "the account"])
def test_what_is_deleted_or_revoked_on_x_is_deleted_at_once(
    shop: Rooms, aws: Aws, gone: str
) -> None:
    ann(shop)
    said = f"where can I buy a {SECRET} poster?"
    record = writes(shop, said, Channel.X_REPLY)
    assert words_kept(aws) != set()
    removal = Interaction(
        id="x:gone",
        source="x",
        identities=(ANN_X,),
        occurred_at=shop.clock(),
        received_at=shop.clock(),
        body=Removal(removed_ids=(record.interaction.id,))
        if gone == "the post"
        else Removal(whole_account=True),
    )

    assert pipeline.is_urgent(removal)
    worked(shop, removal)
    assert words_kept(aws) == set()
    if gone == "the account":
        assert ANN_X not in reading.customer("ann", shop).identities


def words_kept(aws: Aws) -> set[str]:
    """The tables in which the words still are."""
    memory: Any = aws.dynamodb
    assert isinstance(memory, Memory)
    held = {
        name: [legible(i for part in table.values() for i in part.values()).encode()]
        for name, table in memory._tables.items()
    }
    return found_in(held, [SECRET])[SECRET]
