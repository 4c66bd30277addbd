"""What a model's patterns say before anybody is looked at: measures of every category of a customer
who has bought nothing, and tables, worked out once; a moment puts in what it knows.

Never here: a customer, and weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from .tendencies import AT, DENSE, LEAST_OF_ORDERS, OF_CATEGORIES, STEP, Tendency, scaled

if TYPE_CHECKING:
    from .patterns import Floats, Patterns

_RENEWED: Final = 0.3
"""What a category that was never bought has of its share to be bought next."""
_LONG_AWAY: Final = 200.0
"""Days since anything of a kind that was never bought."""


class Ground:
    """Of K categories. `rows` (OF_CATEGORIES x K) are features as they are kept, but those in DENSE
    and the moment's hour and weekend, which are measures still to be scaled."""

    def __init__(self, patterns: Patterns) -> None:
        width, chance = len(patterns.categories), patterns.chance
        measured = np.zeros((len(OF_CATEGORIES), width))
        measured[AT["new_to_them"]] = 1.0
        measured[AT["renewal"]] = patterns.share + np.log(_RENEWED)
        measured[AT["share"]] = patterns.others
        measured[AT["trend_weeks"]], measured[AT["trend_days"]] = patterns.trends
        self.rows = _features(OF_CATEGORIES, measured)
        self.rows[DENSE] = 0.0
        self.rows[AT["own_rate"]] = patterns.share
        self.hours = _features([OF_CATEGORIES[AT["hour"]]], patterns.hours)
        self.weekend = _features([OF_CATEGORIES[AT["weekend_or_not"]]], patterns.weekend)
        self.four_times = 4.0 * chance
        self.usual_size = float(chance.sum())
        self.least = np.array([[least] for least in LEAST_OF_ORDERS]) * chance
        self.away = np.full(width, np.log1p(_LONG_AWAY))
        sizes = np.arange(width + 1.0)
        self.of_sizes = np.array(
            [1.0 / np.sqrt(sizes + 3.0), 1.0 / (sizes + 4.0), np.log(np.maximum(sizes, 1.0))]
        )
        """What orders of so many categories count by."""


def _features(tendencies: Sequence[Tendency], measured: Floats) -> Floats:
    """Of one tendency for each row, or of one for all."""
    centres = np.array([[t.centre] for t in tendencies])
    return scaled(measured.copy(), centres, np.array([[STEP / t.scale] for t in tendencies]))
