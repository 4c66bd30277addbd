"""How the tests of publishing and serving publish: with the engine's own compiler."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chalicelib.catalog import Publication, publish, rollback
from chalicelib.catalog.rules import compile_offer
from chalicelib.decisioning import Catalog, compile_catalog, open_catalog
from chalicelib.model import Offer
from tests.stage import Clock

from .conftest import Shop


def offer(offer_id: str, value: float = 1, **other: Any) -> Offer:
    return Offer(id=offer_id, title="T", value=value, **other)


def published(
    shop: Shop, clock: Clock, offers: Iterable[Offer], **options: Any
) -> Publication[Catalog]:
    """These offers live, and no others."""
    return publish(
        map(compile_offer, offers),
        shop.catalogs,
        now=clock.now,
        compile_catalog=compile_catalog,
        open_=open_catalog,
        **options,
    )


def rolled_back(shop: Shop, clock: Clock, **options: Any) -> Publication[Catalog]:
    return rollback(shop.catalogs, now=clock.now, open_=open_catalog, **options)


def overwrite(shop: Shop, version: str, body: bytes) -> None:
    """What stands in S3 under that version's name."""
    shop.artifacts.put(f"catalogs/{version}.gz", body)
