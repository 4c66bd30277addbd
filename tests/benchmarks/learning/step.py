"""How long one step takes on real moments: features from the customer's view, the choice among all
types of the Complete Journey, and the update of the sums, all as the product does it.

Counted from the customer as it was parsed to the sums with the outcome in them. Not counted: to
read the view from where it is kept, to record the decision, and to learn the next model.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from ..decision.race import undisturbed
from ..ladder.journey import Journey
from ..ladder.moments import moments, revealed
from ..ladder.ours import Ours
from ..ladder.past import Past
from ..ladder.stage import Stage

SEED: Final = 2026
SINCE: Final = 200
"""The day on which customers have this much of a past, and offers begin."""
LEARNING: Final = 14
MEASURED: Final = 14
"""Days of offers that the model learns from, and of those that are measured."""


def measure(
    journey: Journey,
    say: Callable[[int], None] = lambda day: None,
    *,
    since: int = SINCE,
    learning: int = LEARNING,
    measured: int = MEASURED,
) -> list[float]:
    """Seconds of processor time by moment. `say` is told every day that is over."""
    known, past = revealed(journey, SEED), Past(journey.shop)
    ours = Ours(Stage(journey.shop, past, SEED))
    with undisturbed():
        for run in journey.trips.days():
            trips = journey.trips[run]
            its = known[journey.trips.start[run.start] : journey.trips.start[run.stop]]
            day = int(trips.day[0])
            if day == since + learning:
                ours.steps.clear()
            if day >= since + learning + measured:
                break
            if day >= since:
                asked = moments(trips, its, past)
                rest = np.zeros((len(trips), len(journey.shop.catalog)), bool)
                rest[trips.trip[~its], trips.type[~its]] = True
                ours.hear(rest[asked.trip, ours.offer(asked).types])
            past.see(trips)
            ours.see(trips)
            say(day)
    return ours.steps


def summary(seconds: Sequence[float]) -> dict[str, float]:
    """In milliseconds, and of how many moments."""
    edges = statistics.quantiles(seconds, n=20)
    return {
        "p50": round(1e3 * statistics.median(seconds), 3),
        "p95": round(1e3 * edges[-1], 3),
        "moments": len(seconds),
    }
