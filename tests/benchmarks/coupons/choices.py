"""Which coupon: the rungs of the ladder, and the features of a household and a coupon.

Lives here: one score or named number for each household and coupon. Never here: what was redeemed.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .journey import Array, Campaign
from .matching import Matches

NAMES: Final = (
    "bought", "lines", "spend", "last_trip", "loyal", "over", "type_lines", "buyers", "types",
    "store_coupon",
)  # fmt: skip
_OF_THE_STORE: Final = 10_000
"""What the store's own coupons begin with; the others begin with their manufacturer's number."""
_A_MILLION: Final = 1_000_000


def rungs(matches: Matches) -> dict[str, Array]:
    """The simple rungs' scores, households x coupons; mass decides where a rung knows no more."""
    mass = np.broadcast_to(matches.buyers / (matches.buyers.max() + 1.0), matches.lines.shape)
    return {
        "mass": mass,
        "segment": matches.segment_lines + mass,
        "event": matches.last_trip + mass,
        "individual": matches.lines + mass,
    }


def measure(campaign: Campaign, matches: Matches) -> Array:
    """households x coupons x NAMES; counts and dollars as log(1 + count).

    `loyal` is the share of the coupon's products among all of their types that the household
    bought; `over` how many times what everybody's share of them lets expect it bought of them.
    """
    expected = matches.household_lines[:, None] * matches.share
    by_coupon = (
        np.log1p(matches.buyers),
        np.log1p(matches.types),
        campaign.coupons // _A_MILLION == _OF_THE_STORE,
    )
    buyers, types, store = (np.broadcast_to(one, matches.lines.shape) for one in by_coupon)
    found = (
        matches.lines > 0,
        np.log1p(matches.lines),
        np.log1p(matches.spend),
        np.log1p(matches.last_trip),
        matches.lines / np.maximum(matches.type_lines, 1.0),
        np.log((matches.lines + 1.0) / (expected + 1.0)),
        np.log1p(matches.type_lines),
        *(buyers, types, store),
    )
    return np.stack(found, axis=-1).astype(float)
