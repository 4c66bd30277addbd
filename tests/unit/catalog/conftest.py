"""The catalog room's parts over one test's AWS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.catalog import (
    Artifacts,
    AssortmentCache,
    Copies,
    OfferStore,
    ProductStore,
    PublishedCatalogs,
    Snapshots,
)
from chalicelib.errors import PayloadError
from chalicelib.model import Offer
from chalicelib.settings import Settings
from tests.stage import Aws, Clock


class Meddling:
    """A client that lets something else happen just before an operation goes out."""

    def __init__(self, client: Any, operation: str, before: Callable[[], object]) -> None:
        self._client = client
        self._operation = operation
        self._before = before

    def __getattr__(self, name: str) -> Any:
        if name == self._operation:
            self._before()
        return getattr(self._client, name)


@dataclass(frozen=True)
class Shop:
    """The room's parts as one container has them."""

    products: ProductStore
    artifacts: Artifacts
    snapshots: Snapshots
    cache: AssortmentCache
    drafts: OfferStore
    catalogs: PublishedCatalogs


@pytest.fixture
def container(aws: Aws, settings: Settings, clock: Clock, tmp_path: Path) -> Callable[..., Shop]:
    """Starts a container, with another client or disk where a test has one."""

    def start(dynamodb: Any = None, s3: Any = None, disk: Path | None = tmp_path / "own") -> Shop:
        client, table = dynamodb or aws.dynamodb, settings.name("catalog")
        artifacts = Artifacts(s3 or aws.s3, settings.artifacts_bucket)
        products = ProductStore(client, table, clock=clock)
        snapshots = Snapshots(client, table, artifacts=artifacts, products=products)
        cache = AssortmentCache(
            products, snapshots, refresh_seconds=settings.catalog_refresh_seconds
        )
        drafts = OfferStore(client, table, check_wording=check_wording)
        copies = Copies(disk, settings.stage)
        catalogs = PublishedCatalogs(client, table, artifacts=artifacts, copies=copies)
        return Shop(products, artifacts, snapshots, cache, drafts, catalogs)

    return start


@pytest.fixture
def shop(container: Callable[..., Shop]) -> Shop:
    return container()


def check_wording(offer: Offer) -> None:
    """Stands in for the templates' check."""
    sms = offer.wording.sms or ""
    if "{{" in sms and "}}" not in sms:
        raise PayloadError("a template does not parse")
