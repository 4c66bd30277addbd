"""One step is timed for every moment of the days that are measured, and for no other."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.ladder.invented import invented
from tests.benchmarks.ladder.moments import revealed
from tests.benchmarks.learning.step import SEED, measure, summary


def test_every_moment_of_the_measured_days_is_a_step() -> None:
    journey, said, first, end = invented(1, households=8, days=8), list[int](), 5, 7
    seconds = measure(journey, said.append, since=3, learning=first - 3, measured=end - first)

    trips = journey.trips
    asked = np.logical_or.reduceat(revealed(journey, SEED), trips.start[:-1])
    days = trips.day[asked]
    assert len(seconds) == ((days >= first) & (days < end)).sum() > 5
    assert min(seconds) > 0
    assert said == list(range(end))


def test_the_summary_tells_milliseconds() -> None:
    assert summary([0.001] * 30 + [0.004] * 10) == {"p50": 1.0, "p95": 4.0, "moments": 40}
