"""A stage in the embedded cloud, made anew for each test: what bulk loads write to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import boto3

from chalicelib.catalog import (
    Artifacts,
    AssortmentCache,
    OfferStore,
    ProductStore,
    PublishedCatalogs,
    Snapshots,
)
from chalicelib.customers.store import CustomerStore
from chalicelib.replies import check_wording
from infra.local.cloud import Cloud
from infra.shelves import Shelves

NOW = datetime(2026, 11, 18, 0, 10, tzinfo=UTC)


@contextmanager
def stage(clock: Callable[[], datetime] = lambda: NOW) -> Iterator[Shelves]:
    with Cloud() as cloud:
        session = boto3.session.Session(cloud.account, "local", region_name="us-east-1")
        dynamodb = session.client("dynamodb", endpoint_url=cloud.url)
        table = cloud.name("CatalogTable")
        s3 = session.client("s3", endpoint_url=cloud.url)
        artifacts = Artifacts(s3, cloud.name("ArtifactsBucket"))
        products = ProductStore(dynamodb, table, clock=clock)
        snapshots = Snapshots(dynamodb, table, artifacts=artifacts, products=products)
        yield Shelves(
            customers=CustomerStore(dynamodb, cloud.name("CustomersTable")),
            products=products,
            offers=OfferStore(dynamodb, table, check_wording=check_wording),
            assortment=AssortmentCache(products, snapshots, refresh_seconds=30),
            catalogs=PublishedCatalogs(dynamodb, table, artifacts=artifacts),
        )
        dynamodb.close()
        s3.close()
