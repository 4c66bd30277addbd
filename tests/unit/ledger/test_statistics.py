"""Sums and marks change together, once, or not at all."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib import documents
from chalicelib.documents import Cancelled
from chalicelib.ledger import Ledger
from chalicelib.ledger.statistics import (
    NOTHING,
    SAMPLE,
    SHARDS,
    Place,
    Settled,
    Span,
    StatisticsStore,
    closing,
    drawn,
    made,
    place_of,
    sample,
    shard_of,
)
from chalicelib.model import Decision, ScoredOffer
from chalicelib.settings import Settings
from tests.stage import NOON, Aws

PLACE = Place(NOON.date(), "3")
WINDOW = timedelta(hours=72)
SCORED = ScoredOffer(
    offer_id="a",
    title="A",
    score=1,
    probability=0.1,
    value=10,
    weight=1,
    selection_probability=1,
)


def a_decision(number: int = 1, **other: Any) -> Decision:
    known = {"id": f"d-{number}", "customer_id": "joe", "offers": (SCORED,), "seed": 1}
    return Decision.model_validate({**known, "decided_at": NOON, **other})


@pytest.fixture
def ledger(aws: Aws, settings: Settings) -> Ledger:
    return Ledger(aws.dynamodb, settings.name("ledger"), 400, 72)


@pytest.fixture
def store(aws: Aws, settings: Settings) -> StatisticsStore:
    return StatisticsStore(aws.dynamodb, settings.name("ledger"))


def keep(ledger: Ledger, *decisions: Decision) -> None:
    for decision in decisions:
        ledger.commit([("decision", w) for w in ledger.keep_decision(decision, b"{}", NOON)])


def all_due(store: StatisticsStore, at: Any) -> list[str]:
    return [i for shard in range(SHARDS) for i in store.due(shard, at, 100)]


def test_a_decision_is_due_when_its_window_has_passed(
    ledger: Ledger, store: StatisticsStore
) -> None:
    keep(ledger, a_decision(1), a_decision(2, decided_at=NOON + timedelta(hours=1)))

    assert all_due(store, NOON + WINDOW - timedelta(microseconds=1)) == []
    assert all_due(store, NOON + WINDOW) == ["d-1"]
    assert sorted(all_due(store, NOON + 2 * WINDOW)) == ["d-1", "d-2"]


def test_those_that_wait_longest_come_first_and_no_more_than_asked(
    ledger: Ledger, store: StatisticsStore
) -> None:
    same = [n for n in range(60) if shard_of(f"d-{n}") == "0"][:3]
    for hours, number in enumerate(same):
        keep(ledger, a_decision(number, decided_at=NOON - timedelta(hours=hours)))

    found = store.due(0, NOON + 2 * WINDOW, 2)
    assert found == [f"d-{same[2]}", f"d-{same[1]}"]


@pytest.mark.parametrize(
    "silent", [{"customer_id": None}, {"offers": ()}, {"carried": ()}], ids=lambda s: next(iter(s))
)
def test_a_decision_that_made_nobody_an_offer_is_never_due(silent: dict[str, Any]) -> None:
    assert closing(a_decision(**silent), WINDOW) == {}


def test_what_was_made_is_what_the_reply_had_room_for() -> None:
    assert made(a_decision()) == ("a",)
    assert made(a_decision(carried=())) == ()


def test_a_counted_decision_is_marked_and_no_longer_due(
    ledger: Ledger, store: StatisticsStore
) -> None:
    keep(ledger, a_decision())
    store.count([Settled("d-1", 0, '{"a":1}')], store.span(PLACE)._replace(sums=b"sums"))

    (outcome,) = store.outcomes(["d-1", "d-1", "d-unknown"])
    assert (outcome.counted, outcome.counts) == ('{"a":1}', 1)
    span = store.span(PLACE)
    assert (span.sums, span.version, span.sample) == (b"sums", 1, ("d-1",))
    assert all_due(store, NOON + 2 * WINDOW) == []
    assert ledger.decision("d-1") == a_decision()


def test_counting_leaves_the_record_alone_and_both_are_told_and_go_as_one(
    ledger: Ledger, store: StatisticsStore
) -> None:
    keep(ledger, a_decision())
    (before,) = store.outcomes(["d-1"])
    (open_still,) = ledger.items("decision#d-1")
    store.count([Settled("d-1", 0, '{"a":1}', "[1]")])

    assert store.outcomes(["d-1"]) == [before._replace(counted='{"a":1}', counts=1, moment="[1]")]
    (told,) = ledger.items("decision#d-1")
    marks = {"counted": {"S": '{"a":1}'}, "counts": {"N": "1"}, "moment": {"S": "[1]"}}
    due = {"closing_shard": {"S": shard_of("d-1")}, "closing_at": open_still["closing_at"]}
    assert open_still == before.item | due
    assert told == before.item | marks
    assert ledger.discard(told) == 1
    assert ledger.items("decision#d-1") == []


def test_more_are_read_than_one_call_may_ask_for(ledger: Ledger, store: StatisticsStore) -> None:
    ids = [f"d-{n}" for n in range(51)]
    keep(ledger, *(a_decision(n) for n in range(51)))

    assert sorted(outcome.id for outcome in store.outcomes(ids)) == sorted(ids)


def test_of_two_learners_at_one_decision_the_second_is_refused_whole(
    ledger: Ledger, store: StatisticsStore
) -> None:
    keep(ledger, a_decision(1), a_decision(2))
    first = store.span(PLACE)
    store.count([Settled("d-1", 0, "x")], first._replace(sums=b"one"))

    with pytest.raises(Cancelled):
        store.count([Settled("d-2", 0, "y")], first._replace(sums=b"two"))
    with pytest.raises(Cancelled):
        store.count(
            [Settled("d-2", 0, "y"), Settled("d-1", 0, "y")],
            store.span(PLACE)._replace(sums=b"two"),
        )
    assert store.span(PLACE).sums == b"one"
    assert [o.counts for o in store.outcomes(["d-1", "d-2"])] == [1, 0]


def test_a_mark_is_written_over_only_by_who_read_it(ledger: Ledger, store: StatisticsStore) -> None:
    keep(ledger, a_decision())
    store.count([Settled("d-1", 0, "x")])
    store.count([Settled("d-1", 1, "x")])

    with pytest.raises(Cancelled):
        store.count([Settled("d-1", 1, "z")])
    assert store.outcomes(["d-1"])[0].counted == "x"


def test_an_erased_decision_does_not_come_back_as_a_mark(
    ledger: Ledger, store: StatisticsStore
) -> None:
    keep(ledger, a_decision())
    ledger.remove("decision#d-1")

    with pytest.raises(Cancelled):
        store.count([Settled("d-1", 0, "x")], store.span(PLACE)._replace(sums=b"one"))
    assert store.span(PLACE).sums is None
    assert store.outcomes(["d-1"]) == []


def test_what_is_settled_with_nothing_is_no_sample(ledger: Ledger, store: StatisticsStore) -> None:
    keep(ledger, a_decision(1), a_decision(2))
    settled = [Settled("d-1", 0, NOTHING), Settled("d-2", 0, "x")]
    store.count(settled, store.span(PLACE)._replace(sums=b"one"))

    assert store.span(PLACE).sample == ("d-2",)


def test_spans_are_told_by_day(aws: Aws, settings: Settings, store: StatisticsStore) -> None:
    for days, shard in ((2, "0"), (0, "1"), (1, "7")):
        store.count(
            [], store.span(Place(NOON.date() - timedelta(days=days), shard))._replace(sums=b"s")
        )

    assert [s.place.day.day for s in store.spans()] == [16, 17, 18]
    assert [s.place for s in store.spans(date(2026, 11, 18))] == [Place(date(2026, 11, 18), "1")]
    item = documents.get(
        aws.dynamodb, settings.name("ledger"), "statistics#6b86b273", "2026-11-18#1"
    )
    assert item is not None
    assert documents.number(item, "expires_at") == 1810512000


def test_samples_may_be_drawn_in_parts() -> None:
    ids = [f"d-{n}" for n in range(300)]

    assert sample([*sample(ids[:100]), *sample(ids[100:])]) == sample(ids)
    assert len(sample(ids)) == SAMPLE
    assert sample(reversed(ids)) == sample(ids)


def test_of_the_samples_those_are_drawn_that_had_the_same_chance() -> None:
    busy = sample(f"d-{n}" for n in range(1000))
    quiet = sample(f"e-{n}" for n in range(30))
    found = drawn([Span(PLACE, sample=busy), Span(PLACE, sample=quiet)])

    assert set(busy) < set(found)
    assert len(set(found) & set(quiet)) < 10
    assert found == sorted(found, key=lambda i: hashlib.sha256(i.encode()).digest())
    assert set(drawn([Span(PLACE, sample=quiet)])) == set(quiet)
    assert drawn([]) == []


def test_a_place_is_the_day_in_utc_and_the_shard_of_the_id() -> None:
    place = place_of(a_decision())

    assert place == Place(date(2026, 11, 18), shard_of("d-1"))
    assert {shard_of(f"d-{n}") for n in range(200)} == {str(n) for n in range(SHARDS)}
