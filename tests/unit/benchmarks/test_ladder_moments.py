"""What is known at a moment, and what may be offered, are the same for every method."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from tests.benchmarks.ladder.invented import invented, refilled
from tests.benchmarks.ladder.journey import Array, Journey, Trips
from tests.benchmarks.ladder.moments import KNOWN, Moments, confirming, moments, revealed
from tests.benchmarks.ladder.past import Past
from tests.benchmarks.ladder.protocol import Method, Offers, best, replay

JOURNEY = invented(1)


class Spy:
    """Offers the last allowed type, and keeps what it was shown."""

    def __init__(self) -> None:
        self.asked: list[Moments] = []

    def offer(self, asked: Moments) -> Offers:
        self.asked.append(asked)
        return best(asked.allowed.cumsum(axis=1), asked.allowed, np.zeros(asked.allowed.shape[1]))

    def hear(self, taken: Array) -> None:
        pass

    def see(self, trips: Trips) -> None:
        pass


def _baskets(journey: Journey) -> list[Array]:
    return np.split(journey.trips.type, journey.trips.start[1:-1])


def test_three_types_are_known_of_each_trip_that_has_three() -> None:
    sizes = [0, 1, 2, 3, 4, *[9] * (len(JOURNEY.trips) - 5)]
    journey = refilled(JOURNEY, [np.arange(size) for size in sizes])

    known = revealed(journey, 7)
    counts = [int(known[a:b].sum()) for a, b in zip(*_edges(journey), strict=True)]
    assert counts[:5] == [0, 0, 0, 3, 3]
    assert set(counts[5:]) == {KNOWN}


def _edges(journey: Journey) -> tuple[list[int], list[int]]:
    return journey.trips.start[:-1].tolist(), journey.trips.start[1:].tolist()


def test_what_is_known_depends_on_the_seed_and_the_trip_alone() -> None:
    whole = revealed(JOURNEY, 7)
    later = replace(JOURNEY, trips=JOURNEY.trips[100:200])
    start, end = JOURNEY.trips.start[100], JOURNEY.trips.start[200]

    assert revealed(later, 7).tolist() == whole[start:end].tolist()
    assert revealed(JOURNEY, 7).tolist() == whole.tolist()
    assert revealed(JOURNEY, 8).tolist() != whole.tolist()


def test_every_place_in_a_trip_is_known_as_often() -> None:
    nine = refilled(JOURNEY, [np.arange(9)] * len(JOURNEY.trips))

    shares = revealed(nine, 7).reshape(-1, 9).mean(axis=0)
    assert shares == pytest.approx(1 / 3, abs=0.07)


def test_every_method_is_asked_the_same() -> None:
    one, other = Spy(), Spy()
    methods: dict[str, Method] = {"one": one, "other": other}
    replay(JOURNEY, revealed(JOURNEY, 7), Past(JOURNEY.shop), methods)

    assert len(one.asked) == 40
    assert all(a is b for a, b in zip(one.asked, other.asked, strict=True))


def test_barred_are_the_known_and_what_was_on_more_than_a_tenth_of_own_past_trips() -> None:
    known = revealed(JOURNEY, 7)
    spy = Spy()
    replay(JOURNEY, known, Past(JOURNEY.shop), {"spy": spy})

    baskets = [set(basket.tolist()) for basket in _baskets(JOURNEY)]
    trips = JOURNEY.trips
    asked = spy.asked[-1]
    for moment in asked:
        own = (trips.household == moment.household) & (trips.day < moment.day)
        past = [baskets[place] for place in np.flatnonzero(own)]
        for type_ in range(len(JOURNEY.shop.catalog)):
            often = 10 * sum(type_ in basket for basket in past) > len(past)
            assert moment.allowed[type_] == (not often and type_ not in moment.known)
    assert (~asked.allowed).sum(axis=1).min() > KNOWN


def test_nobody_may_offer_what_is_barred() -> None:
    class Cheat(Spy):
        def offer(self, asked: Moments) -> Offers:
            return Offers(asked.known[:, 0], np.zeros(len(asked)))

    with pytest.raises(ValueError, match="cheat offered"):
        replay(JOURNEY, revealed(JOURNEY, 7), Past(JOURNEY.shop), {"cheat": Cheat()})


def test_a_type_on_exactly_a_tenth_may_be_offered() -> None:
    day = np.arange(len(JOURNEY.trips))
    alone = replace(JOURNEY.trips, household=np.zeros(len(day), int), day=day)
    baskets = [np.array([0, 1]), *[np.array([1, 2, 3, 4])] * (len(day) - 1)]
    journey = refilled(replace(JOURNEY, trips=alone), baskets)
    past = Past(journey.shop)
    past.see(journey.trips[:10])

    asked = moments(journey.trips[10:11], np.array([False, True, True, True]), past)
    assert asked.allowed[0, :6].tolist() == [True, False, False, False, False, True]
    past.see(journey.trips[10:11])
    assert past.rare(np.array([0]))[0, 0]


def test_a_fifth_of_households_confirm_by_the_hash_of_their_number() -> None:
    shop = replace(JOURNEY.shop, household_ids=np.arange(1, 301))

    found = confirming(shop)
    assert 0.1 < found.mean() < 0.3
    digest = hashlib.sha256(b"17").hexdigest()
    assert found[16] == (int(digest, 16) % 5 == 0)


def test_of_equal_scores_the_more_popular_is_offered_then_the_first_by_name() -> None:
    scores = np.array([[1.0, 2.0, 2.0, 2.0, 9.0], [1.0, 1.0, 1.0, 0.0, 9.0]])
    allowed = np.array([[True, True, True, True, False]] * 2)

    offers = best(scores, allowed, np.array([4, 5, 7, 7, 9]))
    assert offers.types.tolist() == [2, 2]
    assert offers.scores.tolist() == [2.0, 1.0]
