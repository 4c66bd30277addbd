"""Decisions are counted once, whatever happens to those who count."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib import pipeline, work
from chalicelib.decisioning import PRIOR, Engine
from chalicelib.decisioning.scores import bin_of
from chalicelib.decisioning.statistics import merged, read_statistics
from chalicelib.errors import PermanentError, TemporaryError
from chalicelib.ledger import Ledger
from chalicelib.ledger.statistics import NOTHING, StatisticsStore, shard_of
from chalicelib.model import Click, Decision, Interaction
from chalicelib.queues import decisions_in
from chalicelib.steps import forgetting, importing
from chalicelib.steps.counting import learn_from
from chalicelib.steps.learning import collect, tell_again
from chalicelib.steps.logged import logged
from chalicelib.steps.offering import DecisionRequest, decide_now
from chalicelib.steps.rooms import Rooms
from tests.learners import Killed, Meddled, dies, learn_all, queued, sums, undisturbed
from tests.stage import Aws, Clock, an_event, an_offer, put_customer, stock_the_shop

SHOE = {"product_id": "tb-gtx-44", "price": 129.9}


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    stock_the_shop(rooms, an_offer(policy={}), an_offer(id="trail-11", policy={}, value=11))
    return rooms


@pytest.fixture
def sqs(aws: Aws) -> Any:
    return aws.sqs


def decided(rooms: Rooms, who: str = "user:joe", limit: int = 1) -> Decision:
    return decide_now(DecisionRequest(identity=who, limit=limit), rooms)


def happens(rooms: Rooms, clock: Clock, name: str, **properties: Any) -> Interaction:
    """An event of Joe's at this moment, worked on."""
    number = str(rooms.rng.getrandbits(60))
    event = an_event(name, "user:joe", number=number, **properties)
    event = event.model_copy(update={"occurred_at": clock.now, "received_at": clock.now})
    pipeline.respond(event, rooms)
    return event


def buys(rooms: Rooms, clock: Clock, order_id: str = "o-1") -> Interaction:
    return happens(rooms, clock, "order_completed", order_id=order_id, products=[SHOE])


def clicks(rooms: Rooms, clock: Clock, decision: Decision) -> Interaction:
    click = Click(
        token="t",
        url="https://shop.example",
        customer_id="joe",
        decision_id=decision.id,
        offer_id=decision.offers[0].offer_id,
    )
    interaction = Interaction(
        id=f"click:t:{clock.now:%Y%m%dT%H%M%S}",
        source="rejoinder",
        occurred_at=clock.now,
        received_at=clock.now,
        body=click,
    )
    pipeline.respond(interaction, rooms)
    return interaction


def totals(rooms: Rooms) -> tuple[int, int]:
    """(observations, answers)."""
    every = merged([read_statistics(s.sums) for s in rooms.statistics.spans() if s.sums])
    return every.observations, every.answers


def test_a_decision_is_counted_when_its_window_has_passed(
    shop: Rooms, clock: Clock, sqs: Any
) -> None:
    decision = decided(shop)
    clock.advance(hours=71, minutes=59)
    assert collect(shop) == 0
    clock.advance(minutes=1)
    assert collect(shop) == 1
    assert learn_all(shop, sqs) == 1

    assert totals(shop) == (1, 0)
    assert sums(shop) == undisturbed(shop, [decision.id])
    assert collect(shop) == 0


def test_a_decision_is_read_once_to_be_counted(shop: Rooms, clock: Clock, aws: Aws) -> None:
    decision = decided(shop)
    clock.advance(hours=72)
    with aws.watched() as calls:
        learn_from([decision.id], shop)

    assert calls == ["BatchGetItem", "Query", "GetItem", "TransactWriteItems"]
    assert totals(shop) == (1, 0)


def test_every_offer_that_was_made_counts_by_what_became_of_it(
    shop: Rooms, clock: Clock, sqs: Any
) -> None:
    decided(shop, limit=2)
    clock.advance(hours=1)
    buys(shop, clock)
    clock.advance(hours=72)
    collect(shop)
    learn_all(shop, sqs)

    assert totals(shop) == (2, 2)


def test_a_click_counts_and_one_after_the_window_does_not(
    shop: Rooms, clock: Clock, sqs: Any
) -> None:
    early, late = decided(shop), decided(shop)
    clock.advance(hours=72)
    clicks(shop, clock, early)
    clock.advance(seconds=1)
    clicks(shop, clock, late)
    collect(shop)
    learn_all(shop, sqs)

    assert totals(shop) == (2, 1)


def test_nobody_unknown_is_counted(shop: Rooms, clock: Clock) -> None:
    decided(shop, "anonymous:nobody")
    clock.advance(days=9)

    assert collect(shop) == 0


def test_an_answer_that_is_told_after_the_count_is_counted_then(
    shop: Rooms, clock: Clock, sqs: Any
) -> None:
    decision = decided(shop)
    placed = clock.advance(hours=70)
    clock.advance(hours=9)
    collect(shop)
    learn_all(shop, sqs)
    event = an_event("order_completed", "user:joe", order_id="o-1", products=[SHOE])
    pipeline.respond(event.model_copy(update={"occurred_at": placed}), shop)
    assert queued(shop, sqs) == [(decision.id,)]
    learn_from([decision.id], shop)

    assert totals(shop) == (1, 1)
    assert sums(shop) == undisturbed(shop, [decision.id])


def test_an_answer_that_is_taken_back_after_the_count_is_taken_out(
    shop: Rooms, clock: Clock, sqs: Any
) -> None:
    decision = decided(shop)
    buys(shop, clock)
    clock.advance(hours=72)
    collect(shop)
    learn_all(shop, sqs)
    assert totals(shop) == (1, 1)
    clock.advance(days=20)
    happens(shop, clock, "order_refunded", order_id="o-1")
    learn_all(shop, sqs)

    assert totals(shop) == (1, 0)
    assert sums(shop) == undisturbed(shop, [decision.id])


def test_an_answer_within_the_window_is_not_told_twice(shop: Rooms, clock: Clock, sqs: Any) -> None:
    decided(shop)
    clock.advance(hours=71)
    buys(shop, clock)

    assert queued(shop, sqs) == []


def test_a_decision_that_is_not_due_is_left_alone(shop: Rooms, clock: Clock) -> None:
    decision = decided(shop)
    clock.advance(hours=71)
    learn_from([decision.id, "d-unknown"], shop)

    assert sums(shop) == {}
    clock.advance(hours=1)
    assert collect(shop) == 1


def test_a_message_that_comes_again_changes_nothing(shop: Rooms, clock: Clock) -> None:
    decisions = [decided(shop).id for _ in range(5)]
    buys(shop, clock)
    clock.advance(hours=72)
    for _ in range(3):
        learn_from(decisions, shop)
        learn_from(decisions[:2], shop)

    assert totals(shop) == (5, 5)
    assert sums(shop) == undisturbed(shop, decisions)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("operation", ["batch_get_item", "get_item", "transact_write_items"])
def test_a_learner_that_dies_anywhere_is_made_up_for(
    shop: Rooms, clock: Clock, operation: str, after: bool
) -> None:
    decisions = [decided(shop).id for _ in range(5)]
    buys(shop, clock)
    clock.advance(hours=72)
    client = Meddled(shop.dynamodb, operation, dies, after=after)
    doomed = shop.but(statistics=StatisticsStore(client, shop.ledger.table))
    with pytest.raises(Killed):
        learn_from(decisions, doomed)
    learn_from(decisions, shop)

    assert totals(shop) == (5, 5)
    assert sums(shop) == undisturbed(shop, decisions)


@pytest.mark.parametrize("operation", ["batch_get_item", "get_item", "transact_write_items"])
def test_learners_that_meet_count_once(shop: Rooms, clock: Clock, operation: str) -> None:
    decisions = [decided(shop).id for _ in range(6)]
    clock.advance(hours=72)
    client = Meddled(shop.dynamodb, operation, lambda: learn_from(decisions[:4], shop))
    learn_from(decisions, shop.but(statistics=StatisticsStore(client, shop.ledger.table)))

    assert totals(shop) == (6, 0)
    assert sums(shop) == undisturbed(shop, decisions)


@pytest.mark.parametrize("change", ["bought", "returned"])
def test_an_answer_that_changes_under_a_learner_is_counted_as_it_is_in_the_end(
    shop: Rooms, clock: Clock, sqs: Any, change: str
) -> None:
    decision = decided(shop)
    placed = clock.now
    if change == "returned":
        buys(shop, clock)
    clock.advance(hours=72)

    def meanwhile() -> None:
        if change == "returned":
            happens(shop, clock, "order_refunded", order_id="o-1")
        else:
            event = an_event("order_completed", "user:joe", order_id="o-1", products=[SHOE])
            pipeline.respond(event.model_copy(update={"occurred_at": placed}), shop)
        learn_all(shop, sqs)

    client = Meddled(shop.dynamodb, "transact_write_items", meanwhile)
    learn_from([decision.id], shop.but(statistics=StatisticsStore(client, shop.ledger.table)))

    assert totals(shop) == (1, int(change == "bought"))
    assert sums(shop) == undisturbed(shop, [decision.id])


def test_a_learner_who_saw_an_older_answer_does_not_write_it_over_a_newer_one(
    shop: Rooms, clock: Clock, sqs: Any
) -> None:
    decision = decided(shop)
    placed = clock.now
    clock.advance(hours=72)
    learn_from([decision.id], shop)
    order = an_event("order_completed", "user:joe", order_id="o-1", products=[SHOE])
    pipeline.respond(order.model_copy(update={"occurred_at": placed}), shop)

    def meanwhile() -> None:
        """It is undone, and who is told finds nothing to change."""
        happens(shop, clock, "order_refunded", order_id="o-1")
        learn_from([decision.id], shop)

    client = Meddled(shop.dynamodb, "transact_write_items", meanwhile)
    learn_from([decision.id], shop.but(statistics=StatisticsStore(client, shop.ledger.table)))

    assert totals(shop) == (1, 0)


def test_a_worker_that_dies_before_it_tells_is_made_up_for_by_the_next_delivery(
    shop: Rooms, clock: Clock, sqs: Any
) -> None:
    decision = decided(shop)
    placed = clock.now
    clock.advance(hours=80)
    learn_from([decision.id], shop)
    doomed: Any = Telling(shop.queues)
    queues = shop.but(queues=doomed)
    order = an_event("order_completed", "user:joe", order_id="o-1", products=[SHOE])
    order = order.model_copy(update={"occurred_at": placed})
    with pytest.raises(Killed):
        pipeline.respond(order, queues)
    assert queued(shop, sqs) == []
    assert pipeline.respond(order, shop) is None
    assert queued(shop, sqs) == [(decision.id,)]
    click = clicks(shop, clock, decision)
    queued(shop, sqs)
    assert pipeline.respond(click, shop) is None
    assert queued(shop, sqs) == [(decision.id,)]


def test_a_worker_that_dies_before_it_tells_is_made_up_for_by_one_at_the_same_message(
    shop: Rooms, clock: Clock, sqs: Any
) -> None:
    decision = decided(shop)
    placed = clock.now
    clock.advance(hours=80)
    learn_from([decision.id], shop)
    order = an_event("order_completed", "user:joe", order_id="o-1", products=[SHOE])
    order = order.model_copy(update={"occurred_at": placed})
    doomed: Any = Telling(shop.queues)

    def first() -> None:
        with pytest.raises(Killed):
            pipeline.respond(order, shop.but(queues=doomed))

    client = Meddled(shop.dynamodb, "transact_write_items", first)
    second = shop.but(ledger=Ledger(client, shop.ledger.table, 400))

    assert pipeline.respond(order, second) is None
    assert queued(shop, sqs) == [(decision.id,)]


class Telling:
    """Queues whose owner dies when it tells the learners."""

    def __init__(self, queues: Any) -> None:
        self._queues = queues

    def __getattr__(self, name: str) -> Any:
        return dies_with if name == "put_decisions" else getattr(self._queues, name)


def dies_with(decision_ids: Any) -> None:
    if decision_ids:
        raise Killed


def test_a_repeated_event_that_is_no_order_tells_nobody(shop: Rooms, sqs: Any) -> None:
    tell_again(an_event("page", "user:joe"), shop)

    assert queued(shop, sqs) == []


def test_the_erased_are_not_counted_and_what_was_counted_stays(
    shop: Rooms, clock: Clock, sqs: Any
) -> None:
    counted = decided(shop)
    clock.advance(hours=72)
    learn_from([counted.id], shop)
    before = sums(shop)
    open_still = decided(shop)
    forgetting.erase_customer("joe", shop)
    clock.advance(hours=72)

    assert collect(shop) == 0
    learn_from([counted.id, open_still.id], shop)
    assert sums(shop) == before


def test_a_decision_whose_customer_went_another_way_is_closed_uncounted(
    shop: Rooms, clock: Clock
) -> None:
    decision = decided(shop)
    clock.advance(hours=72)
    nobody: Any = Nobody(shop.customers)
    gone = shop.but(customers=nobody)
    learn_from([decision.id], gone)

    assert {span.sums for span in sums(shop).values()} == {None}
    assert shop.statistics.outcomes([decision.id])[0].counted == NOTHING
    assert collect(shop) == 0


class Nobody:
    """A store that has lost its customers."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return self.living if name == "living" else getattr(self._store, name)

    def living(self, customer_id: str, *, orders: bool = True) -> None:
        return None


class Halfway(Nobody):
    """A store whose customers have lost their history: a merge moves it."""

    def living(self, customer_id: str, *, orders: bool = True) -> Any:
        customer = self._store.living(customer_id, orders=orders)
        return customer.model_copy(update={"offers": ()})


def test_a_contact_on_its_way_to_another_customer_is_waited_for_a_day(
    shop: Rooms, clock: Clock
) -> None:
    decision = decided(shop)
    clock.advance(hours=72)
    moving: Any = Halfway(shop.customers)
    halfway = shop.but(customers=moving)
    with pytest.raises(TemporaryError):
        learn_from([decision.id], halfway)
    assert collect(shop) == 1
    clock.advance(days=1)
    learn_from([decision.id], halfway)

    assert collect(shop) == 0
    assert {span.sums for span in sums(shop).values()} == {None}


def test_a_record_that_cannot_be_read_holds_up_no_other(
    shop: Rooms, clock: Clock, sqs: Any, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = decided(shop), decided(shop)
    item = shop.statistics.outcomes([bad.id])[0].item
    shop.dynamodb.put_item(
        TableName=shop.ledger.table, Item={**item, "inputs": {"B": b"something else"}}
    )
    clock.advance(hours=72)
    collect(shop)
    learn_all(shop, sqs)

    assert totals(shop) == (1, 0)
    assert sums(shop).items() >= undisturbed(shop, [good.id]).items()
    assert f"decision {bad.id} is not counted: permanent" in caplog.text
    assert collect(shop) == 0


def test_what_the_best_offer_scored_is_counted_even_where_none_was_made(
    shop: Rooms, clock: Clock, sqs: Any
) -> None:
    put_customer(shop, "ann", {"profile": {}})
    made, silent = decided(shop), decided(shop, "user:ann")
    passed = made.model_copy(update={"id": "d-passed", "offers": (), "best": 0.25})
    kept = shop.ledger.keep_decision(passed, b"{}", clock.now)
    shop.ledger.commit([("d", write) for write in kept])
    clock.advance(hours=72)
    assert collect(shop) == 2
    learn_all(shop, sqs)
    learn_from([made.id, "d-passed"], shop)

    assert silent.offers == ()
    scores = [(bins, n) for span in shop.statistics.spans() for bins, n in span.scores.items()]
    assert sorted(scores) == sorted((bin_of(s), 1) for s in (made.best or 0.0, 0.25))
    assert totals(shop) == (1, 0)


def test_those_of_one_shard_are_collected_in_one_message(
    shop: Rooms, clock: Clock, sqs: Any
) -> None:
    ids = {decided(shop).id for _ in range(20)}
    clock.advance(hours=72)
    assert collect(shop) == 20
    messages = queued(shop, sqs)

    assert {i for message in messages for i in message} == ids
    assert len(messages) == len({shard_of(i) for i in ids})
    assert all(len({shard_of(i) for i in message}) == 1 for message in messages)


def test_with_a_backlog_nothing_is_told_twice(
    shop: Rooms, clock: Clock, sqs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(shop)
    clock.advance(hours=72)
    monkeypatch.setattr("chalicelib.steps.learning.BACKLOG", 0)
    assert collect(shop) == 1
    assert shop.queues.learning_backlog() == 1
    assert collect(shop) == 0
    learn_all(shop, sqs)
    assert collect(shop) == 0


def test_a_message_that_holds_no_decisions_is_refused() -> None:
    assert decisions_in('["d-1","d-2"]') == ("d-1", "d-2")
    for nonsense in ("{}", "[1]", "", '"d-1"'):
        with pytest.raises(PermanentError):
            decisions_in(nonsense)


class Event:
    """An SQS event as chalice hands it over."""

    def __init__(self, *bodies: str) -> None:
        self._bodies = bodies

    def __iter__(self) -> Any:
        return (Record(body) for body in self._bodies)


class Record:
    def __init__(self, body: str) -> None:
        self.body = body
        self.receipt_handle = "none"

    def to_dict(self) -> dict[str, str]:
        return {"messageId": self.body}


def test_a_bad_message_costs_the_others_of_its_batch_nothing(
    shop: Rooms, clock: Clock, sqs: Any
) -> None:
    decision = decided(shop)
    clock.advance(hours=72)
    collect(shop)
    with pytest.raises(TemporaryError) as left:
        work.learn(Event("nonsense", f'["{decision.id}"]'), shop.settings.name("learning"), shop)

    assert left.value.details["message_ids"] == ["nonsense"]
    assert totals(shop) == (1, 0)


def test_imported_orders_answer_offers_and_are_told_when_late(
    shop: Rooms, clock: Clock, sqs: Any
) -> None:
    decision = decided(shop)
    placed = clock.now.isoformat()
    columns = "id,customer,at,product_id,amount"
    file = f"{columns}\no-1,user:joe,{placed},tb-gtx-44,129.90\n".encode()
    clock.advance(hours=80)
    learn_from([decision.id], shop)
    assert totals(shop) == (1, 0)
    for _ in range(2):
        assert importing.customers("transactions", file, shop)["accepted"] == 1
        assert queued(shop, sqs) == [(decision.id,)]
        learn_from([decision.id], shop)

    assert totals(shop) == (1, 1)
    assert shop.customers.living("joe").offers[0].order_id == "o-1"  # type: ignore[union-attr]


def test_what_was_logged_is_told_with_what_it_earned(shop: Rooms, clock: Clock) -> None:
    made = [decided(shop) for _ in range(2)]
    clicks(shop, clock, made[0])
    open_still, damaged = decided(shop), decided(shop)
    item = shop.statistics.outcomes([damaged.id])[0].item
    clock.advance(hours=72)
    learn_from([d.id for d in (*made, damaged)], shop)
    found = {each.decision.id: each for each in logged(shop)}
    assert found.keys() == {made[0].id, made[1].id, damaged.id}
    shop.dynamodb.put_item(
        TableName=shop.ledger.table, Item={**item, "inputs": {"B": b"something else"}}
    )

    assert {each.decision.id for each in logged(shop)} == {made[0].id, made[1].id}
    assert found[made[0].id].earned == made[0].offers[0].value
    assert found[made[1].id].earned == 0.0
    assert found[made[0].id].inputs.customer.id == "joe"
    assert len({each.customer for each in found.values()} | {"joe"}) == 2
    assert open_still.id not in found


def test_what_was_added_is_taken_back_whatever_model_runs_then(
    shop: Rooms, clock: Clock, sqs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = decided(shop)
    buys(shop, clock)
    clock.advance(hours=72)
    learn_from([decision.id], shop)
    monkeypatch.setattr(Engine, "observed", lambda *_: pytest.fail("no engine is asked again"))
    happens(shop, clock, "order_refunded", order_id="o-1")
    learn_all(shop, sqs)

    assert totals(shop) == (1, 0)
    assert decision.versions["model"] == PRIOR.version
    assert timedelta(hours=72) == shop.attribution
