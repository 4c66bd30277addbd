"""The catalog room: offers, products, stores, rules, and the published versions of the offers.

Never here: deciding, wording, and anything of a customer. `rules` is not imported here, because
only saving and publishing offers need a parser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazily import exports

if TYPE_CHECKING:
    from .artifacts import Artifacts
    from .assortment import AssortmentCache, AssortmentChange
    from .checks import Checked
    from .copies import Copies
    from .differences import Differences
    from .doubts import Doubts
    from .feed import FeedFormat, FeedRow, StoreRow, feed_format, read_feed, read_stores
    from .imports import ImportReport, import_products, import_stores
    from .limits import LimitStore, limit_warnings
    from .models import PublishedModels, Rollout, Rollouts, Serving, decides_for
    from .offers import DraftChange, OfferStore
    from .products import ProductChange, ProductStore, StoreChange
    from .published import PublishedCatalogs, Switch
    from .publishing import Publication, publish, rollback
    from .serving import CatalogCache
    from .snapshots import SnapshotHead, Snapshots

__all__ = [
    "Artifacts",
    "AssortmentCache",
    "AssortmentChange",
    "CatalogCache",
    "Checked",
    "Copies",
    "Differences",
    "Doubts",
    "DraftChange",
    "FeedFormat",
    "FeedRow",
    "ImportReport",
    "LimitStore",
    "OfferStore",
    "ProductChange",
    "ProductStore",
    "Publication",
    "PublishedCatalogs",
    "PublishedModels",
    "Rollout",
    "Rollouts",
    "Serving",
    "SnapshotHead",
    "Snapshots",
    "StoreChange",
    "StoreRow",
    "Switch",
    "decides_for",
    "feed_format",
    "import_products",
    "import_stores",
    "limit_warnings",
    "publish",
    "read_feed",
    "read_stores",
    "rollback",
]

__getattr__ = exports(
    __name__,
    {
        "artifacts": ["Artifacts"],
        "assortment": ["AssortmentCache", "AssortmentChange"],
        "checks": ["Checked"],
        "copies": ["Copies"],
        "differences": ["Differences"],
        "doubts": ["Doubts"],
        "feed": ["FeedFormat", "FeedRow", "StoreRow", "feed_format", "read_feed", "read_stores"],
        "imports": ["ImportReport", "import_products", "import_stores"],
        "limits": ["LimitStore", "limit_warnings"],
        "models": ["PublishedModels", "Rollout", "Rollouts", "Serving", "decides_for"],
        "offers": ["DraftChange", "OfferStore"],
        "products": ["ProductChange", "ProductStore", "StoreChange"],
        "published": ["PublishedCatalogs", "Switch"],
        "publishing": ["Publication", "publish", "rollback"],
        "serving": ["CatalogCache"],
        "snapshots": ["SnapshotHead", "Snapshots"],
    },
)
