"""Events of one sender that came in one envelope are worked on as one, and nobody can tell: what is
stored is what one after the other would have left, whatever happens on the way."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError
from chalice.app import SQSEvent

from chalicelib import documents, pipeline, telemetry, work
from chalicelib.customers.browsers import SUBSCRIBED, UNSUBSCRIBED
from chalicelib.customers.linking import tie
from chalicelib.errors import ConflictError, NotFoundError, TemporaryError
from chalicelib.model import Identification, Interaction, WebEvent
from chalicelib.queues import seal
from chalicelib.settings import Settings
from chalicelib.steps import events, forgetting, reading
from chalicelib.steps.rooms import Rooms
from tests.compliance.conftest import aws as in_memory
from tests.memory import Item, Memory
from tests.observed import observed
from tests.search import legible
from tests.stage import NOON, Aws, Clock, Desk, Recorder, an_event, stock_the_shop

LIVES = int(os.environ.get("TOGETHER_LIVES", "20"))
QUEUE = "rejoinder-dev-interactions"
BROWSERS: Final = ("anonymous:a", "anonymous:b", "anonymous:c")
WHO: Final = (
    *((browser,) for browser in BROWSERS),
    *(("user:joe", "anonymous:a"), ("user:joe", "anonymous:b"), ("user:joe",)),
    *(("user:ann", "anonymous:a"), ("user:ann", "anonymous:c"), ("user:ann",)),
)
PLAIN: Final = ("page", "screen", "product_viewed", "product_added", "signed_up")
ORDERS: Final = ("order_completed", "order_refunded")
NEW_ID = re.compile(r"c-[0-9a-f]{16}")
UNTOLD = re.compile(r'"version": \d+(, )?|m-[0-9a-f]{16}|(?<=Z#)[0-9a-f]{16}')
"""How often somebody was written; and digests of ids, which are told apart below."""
TRACES: Final = ("traces", "merged records")
"""Kinds of which an erasure counts fewer: what was done together leaves one trace."""

aws = in_memory


class Crash(BaseException):
    """The end of a worker, which no handler hears of."""


class Unwell(Memory):
    """Tables whose transactions fare as `fates` say, one after the other, where they claim an
    interaction; a poisoned one is never taken. What is asked of them is noted."""

    def __init__(self) -> None:
        super().__init__()
        self.fates: list[str] = []
        self.poisoned = ""
        self.meanwhile: Callable[[], object] | None = None
        self.calls: list[tuple[str, int]] = []

    def batch_get_item(self, **asked: Any) -> dict[str, Any]:
        self.calls.append(("look", 1))
        return super().batch_get_item(**asked)

    def query(self, **asked: Any) -> dict[str, Any]:
        if asked["ExpressionAttributeValues"][":pk"]["S"].startswith("customer#"):
            self.calls.append(("read", 1))
        return super().query(**asked)

    def transact_write_items(self, *, TransactItems: list[Any]) -> dict[str, Any]:
        claimed = [pk for pk in map(_put, TransactItems) if pk.startswith("interaction#")]
        self.calls.append(("write", len(TransactItems)))
        if not claimed:
            return super().transact_write_items(TransactItems=TransactItems)
        if self.poisoned and f"interaction#{self.poisoned}" in claimed:
            raise _refusal("ValidationException")
        if self.meanwhile is not None:
            between, self.meanwhile = self.meanwhile, None
            between()
        fate = self.fates.pop(0) if self.fates else "well"
        if fate == "conflict":
            reasons = [{"Code": "TransactionConflict"}] * len(TransactItems)
            raise _refusal("TransactionCanceledException", CancellationReasons=reasons)
        if fate == "crash before":
            raise Crash
        done = super().transact_write_items(TransactItems=TransactItems)
        if fate == "crash after":
            raise Crash
        return done


def _put(write: Item) -> str:
    stored: str = write.get("Put", {}).get("Item", {}).get("pk", {}).get("S", "")
    return stored


def _refusal(code: str, **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}, **more}, "memory")


class Numbers(random.Random):
    """Ids in the order in which they are asked for."""

    def __init__(self) -> None:
        super().__init__(7)
        self._next = count(1)

    def getrandbits(self, k: int, /) -> int:
        return next(self._next)


@dataclass
class Shop:
    """Joe's, as it was before anybody came, as often as wanted."""

    rooms: Rooms
    tables: Unwell
    clock: Clock
    filled: Memory = field(init=False)

    def __post_init__(self) -> None:
        self.filled = self.tables.copy()

    def anew(self) -> None:
        self.tables.become(self.filled)
        self.tables.calls.clear()
        self.clock.now = NOON
        self.rooms = self.rooms.but(rng=Numbers())

    def one_by_one(self, envelope: Sequence[Interaction]) -> None:
        for interaction in envelope:
            pipeline.respond(interaction, self.rooms)

    def delivered(self, envelope: Sequence[Interaction]) -> None:
        """As the queue does, again and again while the worker does not finish."""
        body = seal(envelope)
        while True:
            records = [{"messageId": "m", "body": body, "receiptHandle": "r"}]
            try:
                return work.finish(SQSEvent({"Records": records}, None), QUEUE, self.rooms)
            except Crash:
                continue

    def stored(self) -> list[str]:
        """Every item, without what only tells how often something was written."""
        found = [
            line
            for table in self.tables._tables.values()
            for partition in table.values()
            for item in partition.values()
            for line in _lines(item)
        ]
        text = UNTOLD.sub("", "\n".join(sorted(found)))
        ids = sorted(set(NEW_ID.findall(text)))
        for number, name in enumerate(ids):
            text = text.replace(name, f"new customer {number}")
        return sorted(text.split("\n"))


def _lines(item: Item) -> Iterator[str]:
    told = {name: value for name, value in item.items() if name not in ("version", "beside")}
    if "body" in told:
        told["body"] = json.loads(documents.text(told))
    key = told["sk"]["S"]
    if key.startswith("trace#"):
        ids = told.pop("interaction_ids", {}).get("SS", [key.removeprefix("trace#")])
        for name in ids:
            yield json.dumps({**told, "sk": f"trace#{name}"}, sort_keys=True)
        return
    yield json.dumps(told, sort_keys=True, default=str)


@pytest.fixture
def shop(settings: Settings, clock: Clock, aws: Aws, recorder: Recorder, desk: Desk) -> Shop:
    tables = Unwell()
    held = replace(aws, clients={**aws.clients, "dynamodb": tables})
    rooms = held.rooms(settings, clock, recorder, desk)
    stock_the_shop(rooms)
    tables.calls.clear()
    return Shop(rooms.but(rng=Numbers()), tables, clock)


def visit(*who: str, first: int = 1, events: int = 10, name: str = "page") -> list[Interaction]:
    return [an_event(name, *who, number=str(first + n)) for n in range(events)]


def ids(interactions: Sequence[Interaction]) -> list[str]:
    return [interaction.id for interaction in interactions]


def owner(shop: Shop, identity: str) -> str:
    return shop.rooms.customers.resolve([identity])[identity]


# --- any life ----------------------------------------------------------------------------------


class Lives:
    """Envelopes as browsers and servers send them, and what operators do in between."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._numbers = count(1)
        self._sent: list[list[Interaction]] = []
        self._at = NOON

    def steps(self) -> Iterator[tuple[str, Any, list[str]]]:
        """What happens, with what, and how the worker's transactions fare meanwhile."""
        for _ in range(self._rng.randint(3, 7)):
            kind = self._rng.choices(
                ("envelope", "again", "erase", "merge", "wait"), (10, 2, 2, 2, 3)
            )[0]
            if kind == "envelope":
                self._sent.append(self._envelope())
                yield kind, self._sent[-1], self._fates()
            elif kind == "again" and self._sent:
                yield "envelope", self._rng.choice(self._sent), self._fates()
            elif kind == "wait":
                days = self._rng.choice((0.01, 1, 20))
                self._at += timedelta(days=days)
                yield kind, days, []
            else:
                yield kind, self._rng.sample(("user:joe", "user:ann", *BROWSERS), 2), []

    def _envelope(self) -> list[Interaction]:
        """Of a few senders, each of whom does a few things in a row."""
        made = list[Interaction]()
        for _ in range(self._rng.randint(1, 3)):
            who, proven = self._rng.choice(WHO), self._rng.random() < 0.15
            for _ in range(self._rng.randint(1, 8)):
                made.append(self._event(who, proven=proven and who[0].startswith("user:")))
                if self._rng.random() < 0.1:
                    made.append(self._rng.choice(made))
        if self._sent and self._rng.random() < 0.2:
            made.append(self._rng.choice(self._rng.choice(self._sent)))
        return made

    def _event(self, who: tuple[str, ...], *, proven: bool) -> Interaction:
        if self._rng.random() < 0.1:
            who = self._rng.choice(WHO)
        at = self._at - timedelta(seconds=self._rng.choice((0, 1, 60, 86_400, 3_000_000)))
        made = an_event("page", *who, number=str(next(self._numbers)))
        told = {"occurred_at": at, "received_at": self._at, "proven": proven, "body": self._body()}
        return made.model_copy(update=told)

    def _body(self) -> WebEvent | Identification:
        gpc = self._rng.random() < 0.1
        if (chance := self._rng.random()) < 0.1:
            return Identification(traits={"tier": self._rng.choice("abc")}, gpc=gpc)
        if chance < 0.2:
            order = {"order_id": self._rng.choice("xyz"), "total": 10, "products": [{"sku": "s"}]}
            return WebEvent(name=self._rng.choice(ORDERS), properties=order, gpc=gpc)
        if chance < 0.25:
            endpoint = f"https://push.example/{self._rng.randint(1, 2)}"
            keys = {"p256dh": "k", "auth": "a"}
            given = {"endpoint": endpoint, "keys": keys, "wording": "Tell me", "marketing": True}
            name = self._rng.choice((SUBSCRIBED, UNSUBSCRIBED))
            return WebEvent(name=name, properties=given, gpc=gpc)
        given = {"product_id": self._rng.choice(("tb-gtx-44", "other")), "category": "toys/cars"}
        return WebEvent(name=self._rng.choice(PLAIN), properties=given, gpc=gpc)

    def _fates(self) -> list[str]:
        if self._rng.random() < 0.5:
            return []
        fates = ("well", "conflict", "conflict", "crash before", "crash after")
        return self._rng.choices(fates, k=self._rng.randint(1, 9))


def lived(shop: Shop, seed: int, work_on: Callable[[Sequence[Interaction]], None]) -> list[str]:
    """What a life leaves behind. Where they are worked on one by one, all goes well."""
    shop.anew()
    told = list[str]()
    for kind, given, fates in Lives(seed).steps():
        if kind == "envelope":
            shop.tables.fates = [] if work_on == shop.one_by_one else fates
            work_on(given)
            shop.tables.fates = []
        elif kind == "wait":
            shop.clock.advance(days=given)
        else:
            told.append(done(shop, kind, given))
    return [*told, *shop.stored()]


def done(shop: Shop, kind: str, named: list[str]) -> str:
    """What an operator did, or why it could not be done."""
    owners = shop.rooms.customers.resolve(named)
    one, other = (owners.get(identity, "nobody") for identity in named)
    try:
        if kind == "merge":
            tie(shop.rooms.customers, one, other, shop.clock())
            return "merged"
        removed = forgetting.erase_customer(one, shop.rooms).removed
    except (ConflictError, NotFoundError) as error:
        return error.code
    return str({kind: number for kind, number in removed.items() if kind not in TRACES})


def test_what_is_stored_is_what_one_after_the_other_leaves(shop: Shop) -> None:
    """Twenty lives: duplicates in an envelope and of earlier ones, whole envelopes again, merges,
    erasures, conflicts and crashes among them. A second or two."""
    for seed in range(LIVES):
        alone = lived(shop, seed, shop.one_by_one)
        assert lived(shop, seed, shop.delivered) == alone, seed


# --- what it is for ----------------------------------------------------------------------------


def test_a_visit_is_one_look_one_read_and_one_transaction(shop: Shop) -> None:
    shop.delivered(visit("user:joe", "anonymous:a"))

    assert [name for name, _ in shop.tables.calls] == ["look", "read", "write"]
    joe = reading.customer("joe", shop.rooms)
    assert joe.aggregates.interaction_count == 10
    assert len(joe.recent) == 10
    assert owner(shop, "anonymous:a") == "joe"


def test_each_event_of_a_visit_can_be_asked_for_and_is_told_in_an_export(shop: Shop) -> None:
    shop.delivered(visit("user:joe"))

    for name in ids(visit("user:joe")):
        told = reading.interaction(name, shop.rooms)
        assert (told["status"], told["customer_id"]) == ("received", "joe")
    told = reading.export("joe", shop.rooms)
    assert {i["interaction_id"] for i in told["interactions"]} == {*ids(visit("user:joe"))}
    records = [record for record in told["records"] if record["kind"] == "interactions"]
    assert len(records) == 10
    (trace,) = [record for record in told["records"] if record["kind"] == "traces"]
    assert sorted(trace["interaction_ids"]) == sorted(ids(visit("user:joe")))


def test_an_erasure_finds_every_event_of_a_visit(shop: Shop) -> None:
    shop.delivered(visit("anonymous:a", events=3))
    receipt = forgetting.erase_customer(owner(shop, "anonymous:a"), shop.rooms)

    assert receipt.removed["interactions"] == 3
    left = [i for t in shop.tables._tables.values() for p in t.values() for i in p.values()]
    assert re.findall(r"web:\d|anonymous:a", legible(left)) == []


def test_a_trace_under_a_name_too_long_for_a_key_is_found(shop: Shop) -> None:
    long = an_event("page", "user:joe", number="ü" * 296)
    shop.delivered([long])
    shop.delivered([*visit("user:joe", events=2), long])
    store = shop.rooms.customers
    assert sorted(store.traces("joe")) == sorted([long.id, "web:1", "web:2"])
    key = store.trace("joe", ["web:" + "€" * 400, "web:2"], 1)["Put"]["Item"]
    assert len(key["sk"]["S"]) == len("trace#") + 64


# --- what may be one ---------------------------------------------------------------------------


def test_only_events_of_one_sender_that_decide_nothing_are_joined() -> None:
    def named(number: int, name: str = "page", who: str = "user:joe") -> Interaction:
        return an_event(name, who, number=str(number))

    identified = named(5).model_copy(update={"body": Identification()})
    proven = named(9).model_copy(update={"proven": True})
    came = [named(1), named(2), named(3, "order_completed"), named(4), identified, named(6)]
    came += [named(7, who="user:ann"), named(8), proven, named(10, SUBSCRIBED), named(11)]
    came += [named(12), named(13, "order_completed"), named(14, "order_completed")]

    made = list(events.runs(came))
    assert [len(run) for run in made] == [2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1]
    assert [interaction for run in made for interaction in run] == came


def test_a_run_is_bounded(shop: Shop) -> None:
    came = visit("user:joe", events=60)
    assert [len(run) for run in events.runs(came)] == [25, 25, 10]
    shop.delivered(came)
    assert max(size for name, size in shop.tables.calls if name == "write") < 40


def test_a_transaction_that_would_be_too_large_is_not_tried(shop: Shop) -> None:
    many = tuple(f"phone:+1555123{n:04d}" for n in range(80))
    joe = reading.customer("joe", shop.rooms)
    known = joe.model_copy(update={"identities": (*joe.identities, *many)})
    shop.rooms.customers.save(joe, known, shop.clock())
    shop.clock.advance(days=30)  # with the month all identities are written anew
    shop.tables.calls.clear()
    shop.delivered(visit("user:joe", events=20))

    assert max(size for name, size in shop.tables.calls if name == "write") <= 100
    assert reading.customer("joe", shop.rooms).aggregates.interaction_count == 20


# --- what goes wrong ---------------------------------------------------------------------------


def test_one_that_cannot_be_stored_keeps_none_of_the_others_from_it(shop: Shop) -> None:
    shop.tables.poisoned = "web:4"
    with pytest.raises(TemporaryError):
        shop.delivered(visit("user:joe"))

    assert reading.customer("joe", shop.rooms).aggregates.interaction_count == 9
    with pytest.raises(NotFoundError):
        reading.interaction("web:4", shop.rooms)
    shop.tables.poisoned = ""
    shop.delivered(visit("user:joe"))
    assert reading.customer("joe", shop.rooms).aggregates.interaction_count == 10


def test_where_others_keep_changing_the_customer_it_goes_one_by_one(shop: Shop) -> None:
    shop.tables.fates = ["conflict"] * pipeline.TRIED_TOGETHER
    shop.delivered(visit("user:joe", events=3))

    sizes = [size for name, size in shop.tables.calls if name == "write"]
    assert len(sizes) == pipeline.TRIED_TOGETHER + 3
    assert reading.customer("joe", shop.rooms).aggregates.interaction_count == 3


def test_one_that_another_worker_was_first_at_is_no_longer_in_it(shop: Shop) -> None:
    came = visit("user:joe", events=3)
    shop.tables.meanwhile = lambda: pipeline.respond(came[1], shop.rooms)
    shop.delivered(came)

    assert reading.customer("joe", shop.rooms).aggregates.interaction_count == 3
    assert sorted(shop.rooms.customers.traces("joe")) == ids(came)


def test_what_was_done_before_an_erasure_stays_gone_and_what_came_after_does_not(
    shop: Shop,
) -> None:
    before = visit("anonymous:a", events=3)
    shop.delivered(before)
    shop.clock.advance(hours=1)
    forgetting.erase_customer(owner(shop, "anonymous:a"), shop.rooms)
    later = shop.clock.advance(hours=1)
    after = [
        event.model_copy(update={"occurred_at": later})
        for event in visit("anonymous:a", first=4, events=2)
    ]
    shop.delivered([*before, *after])

    customer = reading.customer(owner(shop, "anonymous:a"), shop.rooms)
    assert customer.aggregates.interaction_count == 2
    assert sorted(shop.rooms.customers.traces(customer.id)) == ids(after)


def test_a_visit_delivered_again_writes_nothing(shop: Shop) -> None:
    shop.delivered(visit("user:joe"))
    shop.tables.calls.clear()
    shop.delivered(visit("user:joe"))

    assert shop.tables.calls == [("look", 1)]


def test_who_begins_anew_on_somebody_s_browser_is_tied_to_it_as_one_by_one(shop: Shop) -> None:
    """Ann's record has gone by TTL, and her identity is still to go."""

    def left(work_on: Callable[[Sequence[Interaction]], None]) -> list[str]:
        shop.anew()
        shop.one_by_one([*visit("user:ann", events=1), *visit("anonymous:a", first=2, events=1)])
        shop.tables._tables[shop.rooms.settings.name("customers")].pop("customer#ann")
        work_on(visit("user:ann", "anonymous:a", first=3, events=3))
        assert owner(shop, "anonymous:a") == "ann"
        return shop.stored()

    assert left(shop.delivered) == left(shop.one_by_one)


# --- what is told of it ------------------------------------------------------------------------


def test_each_event_has_a_way_of_its_own(shop: Shop) -> None:
    came = visit("user:joe", events=3)
    kept = shop.tables._tables[shop.rooms.settings.name("customers")]["customer#joe"]
    kept["view#profile"] = {**kept["view#profile"], "body": {"B": b"damaged"}}
    with observed() as told:
        shop.delivered(came)

    ways = [told.way_of(name) for name in ids(came)]
    assert ways[1:] == [["failed"]] * 2
    assert ways[0] == ["3 events are worked on one by one: permanent", "failed"]


def test_a_visit_that_goes_well_is_told_of_by_the_webhook_alone(shop: Shop) -> None:
    with observed() as told, telemetry.invocation("worker"):
        shop.delivered(visit("user:joe", events=3))

    assert told.lines == []
