"""The individual rung: how often this household bought it."""

from __future__ import annotations

import numpy as np

from .journey import Array
from .moments import Moments
from .past import Past


def individual(past: Past, asked: Moments) -> Array:
    """The share of the household's own trips, 0 where it had none."""
    bought, trips = past.bought[asked.household], past.trips[asked.household]
    shares: Array = bought / np.maximum(trips, 1)[:, None]
    return shares
