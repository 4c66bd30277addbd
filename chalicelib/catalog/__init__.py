"""The catalog room: offers, products, stores, rules, and the published versions of the offers.

Never here: deciding, wording, and anything of a customer. `rules` is not imported here, because
only saving and publishing offers need a parser.
"""

from __future__ import annotations

from .artifacts import Artifacts
from .assortment import AssortmentCache, AssortmentChange
from .feed import FeedFormat, FeedRow, StoreRow, feed_format, read_feed, read_stores
from .imports import ImportReport, import_products, import_stores
from .offers import DraftChange, OfferStore
from .products import ProductChange, ProductStore, StoreChange
from .published import CatalogCache, PublishedCatalogs, Switch
from .publishing import Publication, publish, rollback
from .snapshots import SnapshotHead, Snapshots

__all__ = [
    "Artifacts",
    "AssortmentCache",
    "AssortmentChange",
    "CatalogCache",
    "DraftChange",
    "FeedFormat",
    "FeedRow",
    "ImportReport",
    "OfferStore",
    "ProductChange",
    "ProductStore",
    "Publication",
    "PublishedCatalogs",
    "SnapshotHead",
    "Snapshots",
    "StoreChange",
    "StoreRow",
    "Switch",
    "feed_format",
    "import_products",
    "import_stores",
    "publish",
    "read_feed",
    "read_stores",
    "rollback",
]
