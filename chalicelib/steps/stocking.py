"""What marketers and the merchandise system change: products, stores, offers, what is published."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from ..catalog import Publication, publish, rollback
from ..catalog.rules import rule_warnings
from ..errors import PayloadError
from ..model import Frozen, Product, Store
from ..replies import check_wording
from .restocking import call_out
from .rooms import Rooms

PAGE_LIMIT = 500
ID_LENGTH = 128


class PublishRequest(Frozen):
    """The body of POST /catalog/publish: empty to publish, or what to go back to."""

    rollback: bool = Field(False, description="make the version before the live one live again")
    rollback_to: str | None = Field(None, max_length=100, description="or this version")


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
    """Make all drafts live, or an older version again. Raises PayloadError naming bad drafts."""
    now = rooms.clock()
    if asked.rollback or asked.rollback_to:
        published = rollback(rooms.catalogs, now=now, to_version=asked.rollback_to)
    else:
        published = publish(
            rooms.offers.list(),
            rooms.catalogs,
            now=now,
            check_wording=check_wording,
            warn_of=lambda compiled: rule_warnings(compiled.rule),
            products=rooms.assortment.current.products,
        )
    rooms.catalog.note(published.catalog)
    return _told(published)


def _told(published: Publication) -> dict[str, Any]:
    return {
        "version": published.head.version,
        "previous": published.head.previous,
        "offers": len(published.catalog.offers),
        "added": list(published.added),
        "changed": list(published.changed),
        "removed": list(published.removed),
        "warnings": list(published.warnings),
    }
