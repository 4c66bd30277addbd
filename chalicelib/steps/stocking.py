"""What marketers and the merchandise system change: products, stores, offers, what is published."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from pydantic import Field

from ..catalog import Doubts, Publication, limit_warnings, publish, rollback
from ..catalog.differences import differences
from ..decisioning import Artifact, Catalog, Engine, compile_catalog, open_catalog
from ..errors import PayloadError, RejoinderError
from ..model import CompiledOffer, ContactLimits, Customer, Frozen, Offer, Product, Store
from .estimating import gate
from .reach import compare_reach
from .restocking import call_out
from .rooms import Rooms

PAGE_LIMIT = 500
ID_LENGTH = 128
LISTED = 500
SAMPLE = 200
"""Customers by whom a publication shows what changed."""


class PublishRequest(Frozen):
    """The body of POST /catalog/publish: empty to publish, or what to go back to."""

    rollback: bool = Field(False, description="make the version before the live one live again")
    rollback_to: str | None = Field(None, max_length=100, description="or this version")
    confirm: bool = Field(False, description="publish even if it is estimated to earn too little")


def put_product(product: Product, rooms: Rooms) -> Product:
    """Keep a product; whoever waits for it is told when it is back."""
    change = rooms.products.put_product(product)
    rooms.assortment.note_product(change)
    if change.after.available:
        # Not only when it was away: a call that broke off before its notices is mended by the next.
        call_out([product.id], rooms)
    return change.after


def put_store(store: Store, rooms: Rooms) -> Store:
    """Keep a store."""
    change = rooms.products.put_store(store)
    rooms.assortment.note_store(change)
    return change.after


def put_offer(offer: Offer, rooms: Rooms) -> dict[str, Any]:
    """Keep the draft of an offer; answers it, with what is doubtful about it."""
    change = rooms.offers.put(offer, products=_known_products(rooms))
    return {**offer.model_dump(mode="json"), "warnings": list(change.warnings)}


def list_offers(query: Mapping[str, str], rooms: Rooms) -> dict[str, Any]:
    """A page of drafts by id. Raises PayloadError for a limit that is none."""
    limit = query.get("limit", "100")
    if not re.fullmatch("[0-9]{1,4}", limit) or not 1 <= int(limit) <= PAGE_LIMIT:
        raise PayloadError("limit is a number", wanted=f"1 to {PAGE_LIMIT}")
    if len(query.get("after", "")) > ID_LENGTH:
        raise PayloadError("after is the id of an offer", wanted=f"at most {ID_LENGTH} characters")
    page = list(rooms.offers.list(after=query.get("after", ""), limit=int(limit)))
    more = page[-1].id if len(page) == int(limit) else None
    return {"offers": [o.model_dump(mode="json") for o in page], "next_after": more}


def publish_catalog(asked: PublishRequest, rooms: Rooms) -> dict[str, Any]:
    """Make all drafts live, or an older version again; answers what changed by it.

    Raises PayloadError naming bad drafts, ConflictError when somebody else published meanwhile, and
    with an `estimate` when the drafts would have earned too little and that is not confirmed.
    """
    now = rooms.clock()
    sample = rooms.customers.sample(SAMPLE, rooms.rng)
    doubts = Doubts(
        now,
        products=_known_products(rooms),
        attributes={name for customer in sample for name in customer.attributes},
    )
    published, estimate = _switched(asked, rooms, doubts, now)
    rooms.catalog.note(published.head.version, rooms.engine_on(published.catalog))
    before = _before(published, rooms, doubts)
    changes = _changes(published, before, sample, now)
    return {**changes, "estimate": estimate, **doubts.told()}


def _switched(
    asked: PublishRequest, rooms: Rooms, doubts: Doubts, now: datetime
) -> tuple[Publication[Catalog], dict[str, Any]]:
    """What is live after it, with its estimate. Going back is never held up: that is estimated
    afterwards."""
    current = _serving(rooms)
    if not asked.rollback and not asked.rollback_to:
        compiling = _GatedCompiling(current, rooms, asked.confirm)
        return _publish(rooms, doubts, now, compiling), compiling.estimate
    published = rollback(rooms.catalogs, now=now, open_=open_catalog, to_version=asked.rollback_to)
    return published, gate(rooms.engine_on(published.catalog), current, rooms, confirmed=True)


def _serving(rooms: Rooms) -> Engine:
    """What is live; where that cannot be read, what this container served last: publishing is what
    mends it."""
    with suppress(RejoinderError):
        rooms.refresh()
    return rooms.engine()


class _GatedCompiling:
    """Compiles a catalog, and has it estimated before it is kept. Raises as `gate` does."""

    def __init__(self, current: Engine, rooms: Rooms, confirmed: bool) -> None:
        self._current = current
        self._rooms = rooms
        self._confirmed = confirmed
        self.estimate: dict[str, Any] = {}

    def __call__(
        self,
        offers: Iterable[CompiledOffer],
        /,
        *,
        published_at: datetime,
        limits: ContactLimits | None = None,
    ) -> Artifact:
        artifact = compile_catalog(offers, published_at=published_at, limits=limits)
        target = self._rooms.engine_on(open_catalog(artifact.body))
        self.estimate = gate(target, self._current, self._rooms, confirmed=self._confirmed)
        return artifact


def _changes(
    published: Publication[Catalog],
    before: Catalog | None,
    sample: Sequence[Customer],
    now: datetime,
) -> dict[str, Any]:
    changed = differences(before, published.catalog)
    return {
        "version": published.head.version,
        "previous": published.head.previous,
        "offers": len(published.catalog),
        **_listed("added", changed.added),
        **_listed("changed", changed.changed),
        **_listed("removed", changed.removed),
        "limits_changed": changed.limits,
        "reach": compare_reach(before, published.catalog, changed, sample, now),
    }


def _publish(
    rooms: Rooms, doubts: Doubts, now: datetime, compiling: _GatedCompiling
) -> Publication[Catalog]:
    limits = rooms.limits.get()
    for warning in limit_warnings(limits, rooms.assortment.current.kinds.categories):
        doubts.add(warning)
    return publish(
        rooms.offers.compiled(told=doubts.note),
        rooms.catalogs,
        now=now,
        compile_catalog=compiling,
        open_=open_catalog,
        limits=limits,
    )


def _before(published: Publication[Catalog], rooms: Rooms, doubts: Doubts) -> Catalog | None:
    """What was live; one that cannot be read is no reason to call the publication failed."""
    if published.before is None:
        return None
    version = published.before.version
    if version == published.head.version:
        return published.catalog
    try:
        return rooms.catalogs.open(version, open_catalog)
    except RejoinderError as error:
        doubts.add(f"the catalog {version} could not be compared: {error.message}")
        return None


def served(rooms: Rooms) -> dict[str, Any]:
    """What this container decides by, and what it could not load of what is live."""
    engine, refused = rooms.engine(), rooms.catalog.refused
    return {
        "versions": engine.versions,
        "offers": len(engine.catalog),
        "refused": refused._asdict() if refused else None,
    }


def _known_products(rooms: Rooms) -> Mapping[str, Product]:
    """By id, caught up with what others wrote; whether the live catalog can be read or not."""
    rooms.assortment.refresh(rooms.clock())
    return rooms.assortment.current.products


def _listed(name: str, ids: Sequence[str]) -> dict[str, Any]:
    return {name: list(ids[:LISTED]), f"{name}_total": len(ids)}
