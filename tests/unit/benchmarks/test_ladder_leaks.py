"""No rung knows what comes after its decision, nor any outcome but those it may learn from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.benchmarks.ladder.invented import invented, refilled
from tests.benchmarks.ladder.journey import Array, Journey, Trips
from tests.benchmarks.ladder.moments import KNOWN, Moments, revealed
from tests.benchmarks.ladder.past import Past
from tests.benchmarks.ladder.protocol import Offers, Record, best, replay
from tests.benchmarks.ladder.rungs import build, built
from tests.benchmarks.ladder.stage import Stage

JOURNEY = invented(1, households=16, days=36)
KNOWN_ITEMS = revealed(JOURNEY, 7)


def _play(journey: Journey, known: Array, *names: str) -> dict[str, Record]:
    past = Past(journey.shop)
    return replay(journey, known, past, build(names, Stage(journey.shop, past, seed=3)))


def _parts(journey: Journey, known: Array) -> list[tuple[Array, Array]]:
    """By trip: the known types and the others."""
    cuts = journey.trips.start[1:-1]
    baskets, flags = np.split(journey.trips.type, cuts), np.split(known, cuts)
    return [(basket[own], basket[~own]) for basket, own in zip(baskets, flags, strict=True)]


def _together(journey: Journey, parts: list[tuple[Array, Array]]) -> tuple[Journey, Array]:
    baskets = [np.sort(np.concatenate(part)) for part in parts]
    flags = [np.isin(basket, own) for basket, (own, _) in zip(baskets, parts, strict=True)]
    return refilled(journey, baskets), np.concatenate(flags)


def _noise_after(trip: int) -> tuple[Journey, Array]:
    """The rest of this trip and all of every later one, of that day too, are anything."""
    rng = np.random.default_rng(99)
    types = len(JOURNEY.shop.catalog)
    parts = _parts(JOURNEY, KNOWN_ITEMS)
    known, _ = parts[trip]
    others = np.setdiff1d(np.arange(types), known)
    parts[trip] = (known, rng.choice(others, 20, replace=False))
    for later in range(trip + 1, len(parts)):
        drawn = rng.choice(types, int(rng.integers(1, 30)), replace=False)
        own = KNOWN if len(drawn) >= KNOWN else 0
        parts[later] = (drawn[:own], drawn[own:])
    return _together(JOURNEY, parts)


@pytest.fixture(scope="module")
def played() -> dict[str, Record]:
    return _play(JOURNEY, KNOWN_ITEMS, *built())


def test_noise_after_a_moment_leaves_its_decision_as_it_is(played: dict[str, Record]) -> None:
    (run,) = (run for run in JOURNEY.trips.days() if JOURNEY.trips.day[run.start] == 33)
    trip = run.start + 4
    again = _play(*_noise_after(trip), *built())

    decided = int((np.add.reduceat(KNOWN_ITEMS, JOURNEY.trips.start[: trip + 1]) > 0).sum())
    for name, record in played.items():
        for was, found in (
            (record.offered, again[name].offered),
            (record.score, again[name].score),
        ):
            assert was[:decided].tobytes() == found[:decided].tobytes(), name
        assert record.offered[decided:].tolist() != again[name].offered[decided:].tolist(), name


def _permuted(seed: int) -> tuple[Journey, Array]:
    """Every trip's rest is some other trip's."""
    parts = _parts(JOURNEY, KNOWN_ITEMS)
    order = np.random.default_rng(seed).permutation(len(parts))
    rests = [parts[place][1] for place in order.tolist()]
    pairs = zip(parts, rests, strict=True)
    return _together(JOURNEY, [(own, np.setdiff1d(rest, own)) for (own, _), rest in pairs])


def test_learners_climb_and_permuted_outcomes_drop_every_rung_to_chance(
    played: dict[str, Record],
) -> None:
    learners = set(built()) & {"event", "fair", "vw", "ours"}
    permuted = _play(*_permuted(5), *built())

    late = len(played["vw"].taken) // 2
    for name in learners:
        assert played[name].taken[late:].mean() > 0.3, name
    for name, record in permuted.items():
        assert record.taken.mean() < 0.06, name


class Spy:
    """Offers the first allowed type, and checks what it hears and sees, and when."""

    def __init__(self, past: Past) -> None:
        self.past, self.calls = past, [""]
        self.offers: list[tuple[Moments, Offers]] = []
        self.heard: list[Array] = []

    def offer(self, asked: Moments) -> Offers:
        assert self.past.total == int((JOURNEY.trips.day < asked.day).sum())
        offers = best(np.zeros(asked.allowed.shape), asked.allowed, self.past.popularity)
        self.offers.append((asked, offers))
        self.calls.append("offer")
        return offers

    def hear(self, taken: Array) -> None:
        self.heard.append(taken)
        self.calls.append("hear")

    def see(self, trips: Trips) -> None:
        self.calls.append("see")


def test_a_method_hears_only_what_became_of_its_own_offers_and_after_the_day() -> None:
    past = Past(JOURNEY.shop)
    spy = Spy(past)
    replay(JOURNEY, KNOWN_ITEMS, past, {"spy": spy})

    assert spy.calls[1:] == ["offer", "hear", "see"] * 36
    for run, (asked, offers), heard in zip(
        JOURNEY.trips.days(), spy.offers, spy.heard, strict=True
    ):
        trips: Any = JOURNEY.trips[run]
        baskets = np.split(trips.type, trips.start[1:-1])
        rests = [set(baskets[trip].tolist()) for trip in asked.trip.tolist()]
        assert heard.dtype == bool
        assert heard.tolist() == [
            type_ in rest for type_, rest in zip(offers.types.tolist(), rests, strict=True)
        ]
