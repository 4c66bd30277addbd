"""How the best offers of past moments scored, as counts that can be added in any order.

One decision is one count in a bin of its best marketing offer's score; bins are a twentieth wide by
the natural logarithm. From them come the percentiles by which a share of moments is a least score
(`scoring.Model.scores`). Never here: what the scores are of, and where the counts are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import exp, floor, log
from typing import Final

WIDTH: Final = 0.05
NONE: Final = -1_000
"""The bin of what scores nothing, and of less than e^-50."""
PERCENTILES: Final = 99
_DECIMALS: Final = 9


def bin_of(score: float) -> int:
    """The bin of a score, in money."""
    return max(floor(log(score) / WIDTH), NONE) if score > 0 else NONE


def counted(scores: Iterable[float], before: Mapping[int, int]) -> dict[int, int]:
    """The counts before, and one for each of these."""
    found = Counter(before)
    found.update(map(bin_of, scores))
    return dict(sorted(found.items()))


def percentiles(counts: Iterable[tuple[Mapping[int, int], float]]) -> tuple[float, ...]:
    """The scores that 1 % to 99 % of all lie below, each (counts, how much they still count).

    Right to a bin; empty where nothing was counted.
    """
    weights: dict[int, float] = {}
    for some, weight in counts:
        for place, count in some.items():
            weights[place] = weights.get(place, 0.0) + count * weight
    total, below = sum(weights.values()), 0.0
    found: list[float] = []
    for place, weight in sorted(weights.items()):
        below += weight
        value = 0.0 if place == NONE else round(exp((place + 0.5) * WIDTH), _DECIMALS)
        while len(found) < PERCENTILES and total * (len(found) + 1) <= 100 * below:
            found.append(value)
    return tuple(found)
