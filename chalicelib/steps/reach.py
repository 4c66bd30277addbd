"""Whom a publication reaches that the one before it did not, over a sample of customers.

Only offers that differ are looked at: what a customer can be made does not depend on other offers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from ..catalog import Differences
from ..decisioning import Catalog, Engine
from ..model import CompiledOffer, Customer

TOLD: Final = 100
FEW: Final = 2_000
"""Differing offers that are looked at in an engine of their own: quicker than in one of all."""
PAIRS: Final = 1_000_000
"""Customers times offers that are looked at: some two microseconds each, before and after."""
_FEWEST_CUSTOMERS: Final = 10


def compare_reach(
    before: Catalog | None,
    after: Catalog,
    changed: Differences,
    customers: Sequence[Customer],
    now: datetime,
) -> dict[str, Any]:
    """Of the offers that differ, by how many of these customers each can be met, as JSON.

    Lists are the most reached first, a hundred at most; the totals count all. Where very many
    differ, fewer customers are asked: `sample` says how many.
    """
    old = _part(before, (*changed.changed, *changed.removed))
    new = _part(after, (*changed.added, *changed.changed))
    size = max(len(old.catalog), len(new.catalog), 1)
    asked = customers[: max(PAIRS // size, _FEWEST_CUSTOMERS)]
    was = _reach(old, changed.changed + changed.removed, asked, now)
    is_ = _reach(new, changed.added + changed.changed, asked, now)
    return {
        "sample": len(asked),
        **_listed("became_reachable", [(i, is_[i]) for i in is_ if not was[i]]),
        **_listed("became_unreachable", [(i, was[i]) for i in was if not is_[i]]),
        **_moved([(i, was[i], is_[i]) for i in is_ if was[i] and was[i] != is_[i]]),
    }


def _part(catalog: Catalog | None, ids: Collection[str]) -> Engine:
    """An engine that knows these offers of the catalog, and perhaps others."""
    if catalog is None or len(ids) <= FEW:
        lines = (catalog.source(i) for i in ids) if catalog else ()
        return Engine.of(CompiledOffer.model_validate_json(line) for line in lines)
    return Engine(catalog)


def _reach(
    engine: Engine, ids: Collection[str], customers: Collection[Customer], now: datetime
) -> Counter[str]:
    """How many of the customers can be made each of these offers."""
    wanted, counts = frozenset(ids), Counter[str]()
    for customer in customers if wanted else ():
        counts.update(wanted & engine.reachable(customer, now))
    return counts


def _listed(name: str, counts: list[tuple[str, int]]) -> dict[str, Any]:
    counts.sort(key=lambda count: (-count[1], count[0]))
    told = [{"offer_id": offer_id, "customers": count} for offer_id, count in counts[:TOLD]]
    return {name: told, f"{name}_total": len(counts)}


def _moved(moves: list[tuple[str, int, int]]) -> dict[str, Any]:
    moves.sort(key=lambda move: (-abs(move[2] - move[1]), move[0]))
    told = [{"offer_id": i, "before": was, "after": is_} for i, was, is_ in moves[:TOLD]]
    return {"changed_reach": told, "changed_reach_total": len(moves)}
