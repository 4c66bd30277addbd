"""Learners, and what should come out of them: the sums of an undisturbed run."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from chalicelib.documents import read
from chalicelib.ledger.statistics import Place, Span, place_of, sample
from chalicelib.model import Decision
from chalicelib.steps.counting import added, batch_of, learn_from
from chalicelib.steps.rooms import Rooms

Sums = dict[Place, Span]


def sums(rooms: Rooms) -> Sums:
    """What was counted, to the byte."""
    return {span.place: span._replace(version=0) for span in rooms.statistics.spans()}


def undisturbed(rooms: Rooms, decision_ids: Iterable[str]) -> Sums:
    """What one learner would have counted who met all of these once, knowing how they ended."""
    by_place = defaultdict(list)
    for outcome in rooms.statistics.outcomes(decision_ids):
        fresh = outcome._replace(counted=None, counts=0, moment=None)
        by_place[place_of(read(Decision, outcome.item))].append(fresh)
    return {
        place: added(Span(place, sample=sample(o.id for o in outcomes)), batch_of(outcomes, rooms))
        for place, outcomes in sorted(by_place.items())
    }


def queued(rooms: Rooms, sqs: Any) -> list[tuple[str, ...]]:
    """The messages on the learners' queue, taken off it."""
    url = sqs.get_queue_url(QueueName=rooms.settings.name("learning"))["QueueUrl"]
    taken: list[tuple[str, ...]] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            taken.append(tuple(json.loads(message["Body"])))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return taken


def learn_all(rooms: Rooms, sqs: Any) -> int:
    """Count all that is queued; answers how many messages there were."""
    messages = queued(rooms, sqs)
    for ids in messages:
        learn_from(ids, rooms)
    return len(messages)


class Killed(BaseException):
    """The process ended."""


class Meddled:
    """A client that lets something happen before its nth call of an operation, or after it."""

    def __init__(
        self, client: Any, operation: str, happens: Callable[[], object], *, after: bool = False
    ) -> None:
        self._client = client
        self._operation = operation
        self._happens: Callable[[], object] | None = happens
        self._after = after

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        if name != self._operation or self._happens is None:
            return real
        happens, self._happens = self._happens, None

        def call(**asked: Any) -> Any:
            if self._after:
                answer = real(**asked)
                happens()
                return answer
            happens()
            return real(**asked)

        return call


def dies() -> None:
    raise Killed
