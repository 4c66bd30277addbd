"""Customers answer offers over HTTP, learners die and meet and are told twice, and every outcome is
counted once; what was counted becomes a model that decides."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.steps.rooms import Rooms
from tests.learners import sums, undisturbed
from tests.machine import NOON, Machine, Person, running

PEOPLE = 8


class Troubled:
    """DynamoDB for learners who die before and after they write, and who meet each other."""

    def __init__(self, client: Any) -> None:
        self._client = client
        some = [self._meets, self._dies_before, None, self._dies_after, None, self._meets]
        self._turns = itertools.chain(some, itertools.repeat(None))
        self.troubles = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **asked: Any) -> Any:
        trouble = next(self._turns)
        if trouble is None:
            return self._client.transact_write_items(**asked)
        self.troubles += 1
        return trouble(asked)

    def _meets(self, asked: dict[str, Any]) -> Any:
        conflict = [{"Code": "TransactionConflict"} for _ in asked["TransactItems"]]
        told = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": conflict}
        raise ClientError(told, "TransactWriteItems")

    def _dies_before(self, asked: dict[str, Any]) -> Any:
        raise RuntimeError("killed")

    def _dies_after(self, asked: dict[str, Any]) -> Any:
        self._client.transact_write_items(**asked)
        raise RuntimeError("killed")


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """One of their own: days pass on it."""
    with running() as made:
        yield made


def rooms_of(machine: Machine) -> Rooms:
    assert machine.cloud.rooms is not None
    return machine.cloud.rooms


def passes(machine: Machine, span: timedelta) -> None:
    """The clock moves on, and the schedules run."""
    later = (machine.cloud.clock() + span).isoformat()
    assert machine.call("POST", "/local/clock", json.dumps({"now": later}).encode()).status == 200


def decides(machine: Machine, person: Person) -> tuple[str, str]:
    """(decision, first offer) for somebody who opens the shop's page."""
    asked = {"identity": f"user:{person.id}", "placement": "home"}
    told = machine.operate("POST", "/decisions", asked).json()
    return told["decision_id"], told["offers"][0]["offer_id"]


def tells(machine: Machine, person: Person, event: str, **other: Any) -> None:
    """What the shop's own back end tells of them."""
    at = other.pop("at", machine.cloud.clock())
    body = {"userId": person.id, "event": event, "timestamp": at.isoformat(), "properties": other}
    assert machine.tracks("track", body).status == 200


def redeems(machine: Machine, person: Person, offer: str, **other: Any) -> None:
    tells(machine, person, "Order Completed", order_id=f"o-{person.id}", coupon=offer, **other)


def refunds(machine: Machine, person: Person) -> None:
    tells(machine, person, "Order Refunded", order_id=f"o-{person.id}")


def counted(machine: Machine) -> None:
    """Wait until everything is worked on, and every decision that is due is counted."""
    rooms = rooms_of(machine)

    def is_done() -> bool:
        due = (rooms.statistics.due(shard, rooms.clock(), 1) for shard in range(8))
        return not any(due) and rooms.queues.learning_backlog() == 0

    machine.settled()
    machine.until(is_done)


def test_whatever_happens_to_learners_each_outcome_is_counted_once(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = rooms_of(machine)
    troubled = Troubled(rooms.dynamodb)
    monkeypatch.setattr(rooms.statistics, "_client", troubled)
    people = [machine.somebody() for _ in range(PEOPLE)]
    made = {person.id: decides(machine, person) for person in people}
    first, second, third, fourth, *_ = people
    fifth = machine.somebody()

    redeems(machine, first, made[first.id][1])
    redeems(machine, second, made[second.id][1])
    redeems(machine, third, made[third.id][1])
    machine.settled()
    refunds(machine, third)
    machine.settled()
    known = machine.dealt_with(machine.texts(fifth.phone, "Trailblazer GTX in 44?"))
    (text,) = machine.messages(fifth.phone)
    link = next(w for w in text["text"].split() if w.startswith(f"{machine.url}/r/"))
    assert machine.call("GET", link.removeprefix(machine.url)).status == 302
    machine.settled()
    ids = [decision for decision, _ in made.values()] + [known["decision_id"]]
    passes(machine, timedelta(hours=73))
    rooms.queues.put_decisions(ids)
    counted(machine)

    told = machine.told("/models")
    assert (told["observations"], told["answers"]) == (PEOPLE + 1, 3)
    assert troubled.troubles == 4
    assert sums(rooms) == undisturbed(rooms, ids)

    redeems(machine, fourth, made[fourth.id][1], at=NOON + timedelta(hours=50))
    refunds(machine, second)
    counted(machine)
    refunds(machine, fourth)
    counted(machine)
    rooms.queues.put_decisions(ids)
    counted(machine)

    told = machine.told("/models")
    assert (told["observations"], told["answers"]) == (PEOPLE + 1, 2)
    assert sums(rooms) == undisturbed(rooms, ids)
    responses = {
        p.id: machine.customer(p.id)["offers"][0]["response"] for p in (*people[:4], fifth)
    }
    assert list(responses.values()) == ["redeemed", "returned", "returned", "returned", "clicked"]


def test_what_was_counted_becomes_a_model_that_is_tried_made_live_and_taken_back(
    machine: Machine,
) -> None:
    before, day = machine.told("/models"), f"{machine.cloud.clock():%Y-%m-%d}"
    people = [machine.somebody() for _ in range(6)]
    made = {person.id: decides(machine, person) for person in people[:3]}
    prior = machine.call("GET", "/healthz").json()["models"]["live"]
    redeems(machine, people[0], made[people[0].id][1])
    machine.settled()
    passes(machine, timedelta(hours=73))
    counted(machine)
    learned = machine.operate("POST", "/models", {}).json()
    version = learned["learned"]
    (decision, _) = decides(machine, people[3])
    shadow = rooms_of(machine).ledger.decision(decision)

    assert learned["observations"] == before["observations"] + 3
    assert learned["answers"] == before["answers"] + 1
    assert learned["changes"]
    assert shadow is not None
    assert shadow.shadow is not None
    assert (shadow.shadow.model, shadow.versions["model"]) == (version, prior)
    body = {"share": 1, "confirm": True}
    assert machine.operate("PUT", "/models/rollout", body).json()["live"] == version
    (decision, _) = decides(machine, people[4])
    assert machine.told(f"/decisions/{decision}")["versions"]["model"] == version
    replay = machine.operate("POST", f"/decisions/{decision}/replay", {}).json()
    assert replay["identical"]
    assert machine.call("GET", "/healthz").json()["models"]["live"] == version
    told = machine.operate("PUT", "/models/rollout", {"rollback": True}).json()
    assert (told["live"], told["previous"]) == (prior, version)
    (decision, _) = decides(machine, people[5])
    assert machine.told(f"/decisions/{decision}")["versions"]["model"] == prior
    assert machine.operate("PUT", "/models/rollout", {}).status == 400
    drift = machine.told("/models")["drift"]
    assert (drift[0]["day"], drift[0]["offers"]) == (day, 3)
