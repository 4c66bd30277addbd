"""A page lists its inbox while the fallback takes messages back: each is one's or the other's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from chalicelib.model import Channel, Reply
from chalicelib.outbound import InboxCarrier
from chalicelib.steps.rooms import Rooms
from tests.races.crowd import at_once

MESSAGES = 20

pytestmark = pytest.mark.races


@pytest.mark.parametrize("turn", range(3))
def test_what_is_withdrawn_is_shown_to_nobody_and_what_was_shown_stays(
    rooms: Rooms, turn: int
) -> None:
    inbox = InboxCarrier(rooms.settings, client=rooms.dynamodb, clock=rooms.clock)
    replies = [Reply(channel=Channel.INBOX, to="b-1", text=str(n)) for n in range(MESSAGES)]
    ids = [str(inbox.send(reply, key=reply.text).provider_id) for reply in replies]
    listed, withdrawn = set[str](), set[str]()

    def list_all() -> None:
        listed.update(message.provider_id for message in inbox.list_for("b-1"))

    def withdraw(provider_id: str) -> None:
        if inbox.withdraw(provider_id):
            withdrawn.add(provider_id)

    tasks: list[Callable[[], None]] = [list_all, list_all]
    tasks += [partial(withdraw, provider_id) for provider_id in ids]
    at_once(tasks)
    assert listed | withdrawn == set(ids)
    assert listed & withdrawn == set()
