"""What households bought of the products that each coupon of a campaign is for, before it began.

Lives here: counting. Never here: features and scores, which are made of the counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .journey import Array, Campaign, Journey

QUARTER = 91
"""Days."""


@dataclass(frozen=True)
class Matches:
    """All are households x coupons but the last four. The households are the campaign's.

    `lines`, `lines_lately` (a quarter) and `spend` (dollars) are of the coupon's products,
    `last_trip` of those on the household's last day in a shop, `type_lines` of the types of product
    that the coupon's are of, `segment_lines` what all households of the same segment bought of the
    coupon's products. By coupon: `buyers` (households), `share` of everybody's lines, and how many
    `types`. By household: `household_lines` of anything.
    """

    lines: Array
    lines_lately: Array
    spend: Array
    last_trip: Array
    type_lines: Array
    segment_lines: Array
    buyers: Array
    share: Array
    types: Array
    household_lines: Array


def match(past: Journey, campaign: Campaign) -> Matches:
    """`past` is what was known before the campaign's start."""
    bought, coupons = past.purchases, len(campaign.coupons)
    households, sent = len(past.household_ids), campaign.households
    line, coupon = _expanded(past, campaign)
    cell = bought.household[line] * coupons + coupon

    def total(kept: Array | slice = slice(None), of: Array | None = None) -> Array:
        found = np.bincount(cell[kept], of, minlength=households * coupons)
        return found.reshape(households, coupons)

    last = np.full(households, -1)
    np.maximum.at(last, bought.household, bought.day)
    day = bought.day[line]
    lines = total()
    segment = np.zeros((int(past.segments.max()) + 1, coupons))
    np.add.at(segment, past.segments, lines)
    type_lines, types = _by_type(past, campaign)
    return Matches(
        lines=lines[sent],
        lines_lately=total(day >= campaign.start - QUARTER)[sent],
        spend=total(of=bought.value[line])[sent],
        last_trip=total(day == last[bought.household[line]])[sent],
        type_lines=type_lines,
        segment_lines=segment[past.segments[sent]],
        buyers=(lines > 0).sum(0),
        share=lines.sum(0) / max(len(bought.day), 1),
        types=types,
        household_lines=np.bincount(bought.household, minlength=households)[sent],
    )


def _expanded(past: Journey, campaign: Campaign) -> tuple[Array, Array]:
    """(line of a receipt, coupon) for each coupon that is for the line's product."""
    order = np.argsort(campaign.pair_product, kind="stable")
    coupon = campaign.pair_coupon[order]
    count = np.bincount(campaign.pair_product, minlength=len(past.types))
    begin = np.cumsum(count) - count
    times = count[past.purchases.product]
    line = np.repeat(np.arange(len(times)), times)
    within = np.arange(len(line)) - np.repeat(np.cumsum(times) - times, times)
    return line, coupon[begin[past.purchases.product[line]] + within]


def _by_type(past: Journey, campaign: Campaign) -> tuple[Array, Array]:
    """What each household bought of the types of each coupon, and how many types that is."""
    types, sent, bought = int(past.types.max()) + 1, campaign.households, past.purchases
    row = np.full(len(past.household_ids), -1)
    row[sent] = np.arange(len(sent))
    kept = row[bought.household] >= 0
    cell = row[bought.household[kept]] * types + past.types[bought.product[kept]]
    lines = np.bincount(cell, minlength=len(sent) * types).reshape(len(sent), types)
    covers = np.zeros((types, len(campaign.coupons)), np.float32)
    covers[past.types[campaign.pair_product], campaign.pair_coupon] = 1.0
    return lines.astype(np.float32) @ covers, covers.sum(0)
