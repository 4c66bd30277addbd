"""The rooms that a step works with, handed in as one value; wiring.py makes the real ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ..catalog import (
    AssortmentCache,
    CatalogCache,
    LimitStore,
    OfferStore,
    ProductStore,
    PublishedCatalogs,
    Snapshots,
)
from ..customers.store import CustomerStore
from ..decisioning import Engine
from ..documents import Patience
from ..ledger import Budgets, Ledger, Outbox
from ..model import Channel, Handover, SendResult
from ..outbound import Carrier
from ..preference import ContactRules
from ..queues import Queues
from ..replies import Brand
from ..settings import Settings
from ..understanding import ProductIndex


class Desk(Protocol):
    """Where a person takes over."""

    def send(self, handover: Handover, *, key: str) -> SendResult:
        """Hand over once; a repeat under the same key is recognised."""


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """Everything that the flow uses. `engine` and `index` answer for what is current."""

    settings: Settings
    clock: Callable[[], datetime]
    rng: random.Random
    patience: Patience
    dynamodb: Any
    queues: Queues
    customers: CustomerStore
    ledger: Ledger
    outbox: Outbox
    budgets: Budgets
    products: ProductStore
    offers: OfferStore
    limits: LimitStore
    assortment: AssortmentCache
    snapshots: Snapshots
    catalogs: PublishedCatalogs
    catalog: CatalogCache[Engine]
    engine: Callable[[], Engine]
    engine_of: Callable[[str], Engine]
    index: Callable[[], ProductIndex]
    carriers: Mapping[Channel, Carrier]
    desk: Desk
    contact_rules: ContactRules
    brand: Brand

    def refresh(self) -> None:
        """Catch up with what other containers wrote and published, if it is time to."""
        now = self.clock()
        self.assortment.refresh(now)
        self.catalog.refresh(now)

    def category_of(self, product_id: str) -> str | None:
        """The product_type path of a product, as activity and rules read it."""
        product = self.assortment.current.products.get(product_id)
        return product.category_paths[-1] if product and product.category_paths else None
