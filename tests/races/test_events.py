"""Envelopes of one visitor's events, worked on by many containers at once."""

from __future__ import annotations

from functools import partial

import pytest
from chalice.app import SQSEvent

from chalicelib import work
from chalicelib.model import Interaction
from chalicelib.queues import seal
from chalicelib.steps import reading
from chalicelib.steps.rooms import Rooms
from tests.races.crowd import Crowd, at_once
from tests.races.engine import Strict
from tests.stage import an_event

QUEUE = "rejoinder-dev-interactions"

pytestmark = pytest.mark.races


def take(envelope: list[Interaction], rooms: Rooms) -> None:
    record = {"messageId": "m", "body": seal(envelope), "receiptHandle": "r"}
    work.finish(SQSEvent({"Records": [record]}, None), QUEUE, rooms)


def test_every_event_counts_once_however_the_envelopes_overlap(
    crowd: Crowd, shop: Rooms, dynamodb: Strict
) -> None:
    events = [an_event("page", "user:joe", "anonymous:a", number=str(n)) for n in range(48)]
    envelopes = [events[start : start + 12] for start in (0, 0, 6, 12, 12, 24, 30, 36)]
    works = [
        partial(take, envelope, rooms)
        for envelope, rooms in zip(envelopes, crowd.containers(8), strict=True)
    ]
    at_once(works)

    assert dynamodb.conflicts > 0, "they never met"
    assert reading.customer("joe", shop).aggregates.interaction_count == 48
    assert sorted(shop.customers.traces("joe")) == sorted(event.id for event in events)
    assert all(shop.ledger.interaction(event.id) for event in events)
