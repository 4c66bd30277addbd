"""The rooms that a step works with, handed in as one value; wiring.py makes the real ones."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import NotFoundError, PermanentError
from ..settings import Settings

if TYPE_CHECKING:
    from ..catalog import (
        AssortmentCache,
        CatalogCache,
        LimitStore,
        OfferStore,
        ProductStore,
        PublishedCatalogs,
        PublishedModels,
        Serving,
        Snapshots,
    )
    from ..customers.store import CustomerStore
    from ..decisioning import Catalog, Engine, Model
    from ..documents import Patience
    from ..ledger import Budgets, Ledger, Outbox
    from ..ledger.statistics import StatisticsStore
    from ..model import Channel, Handover, SendResult
    from ..outbound import Carrier
    from ..preference import ContactRules
    from ..queues import Queues
    from ..replies import Brand
    from ..understanding import ProductIndex
    from .estimating import LoggedDecision

log = logging.getLogger("rejoinder")


class Desk(Protocol):
    """Where a person takes over."""

    def send(self, handover: Handover, *, key: str) -> SendResult:
        """Hand over once; a repeat under the same key is recognised."""


class EngineOf(Protocol):
    """The engine of a published catalog by a model, the live one where none is named."""

    def __call__(self, catalog_version: str, model_version: str | None = None, /) -> Engine:
        """Raises NotFoundError, and PermanentError when an artifact cannot be read."""


class Rooms:
    """Everything that the flow uses. Each room is made when it is first entered, by `make` and its
    name. `engine` and `index` answer for what is current.

    Who decides for a customer is `engine_for(customer_id)`: a candidate model may have its share of
    them. `engine_in_shadow` is that of a candidate that has none yet; `engine_on(catalog)` is what
    would decide if that catalog were live.
    """

    settings: Settings
    clock: Callable[[], datetime]
    rng: random.Random
    patience: Patience
    dynamodb: Any
    queues: Queues
    customers: CustomerStore
    ledger: Ledger
    statistics: StatisticsStore
    outbox: Outbox
    budgets: Budgets
    products: ProductStore
    offers: OfferStore
    limits: LimitStore
    assortment: AssortmentCache
    snapshots: Snapshots
    catalogs: PublishedCatalogs
    catalog: CatalogCache[Engine]
    models: PublishedModels
    model: CatalogCache[Serving[Model]]
    engine: Callable[[], Engine]
    engine_for: Callable[[str], Engine]
    engine_in_shadow: Callable[[], Engine | None]
    engine_on: Callable[[Catalog], Engine]
    engine_of: EngineOf
    index: Callable[[], ProductIndex]
    carriers: Mapping[Channel, Carrier]
    desk: Desk
    contact_rules: ContactRules
    brand: Brand

    def __init__(self, make: Callable[[str], Any], **made: Any) -> None:
        self._make = make
        self._making = threading.RLock()
        vars(self).update(made)

    def __getattr__(self, name: str) -> Any:
        if name not in Rooms.__annotations__:
            raise AttributeError(name)
        with self._making:
            if name not in vars(self):
                vars(self)[name] = self._make(name)
            return vars(self)[name]

    def but(self, **others: Any) -> Rooms:
        """The same rooms, with these in place of their own."""
        made = {name: room for name, room in vars(self).items() if not name.startswith("_")}
        return Rooms(partial(getattr, self), **{**made, **others})

    def refresh(self) -> None:
        """Catch up with what other containers wrote and published, if it is time to."""
        now = self.clock()
        self.assortment.refresh(now)
        try:
            self.model.refresh(now)
        except (PermanentError, NotFoundError) as error:
            # There is always one to decide by: the prior.
            log.error("no published model can be read: %s", error.code)
        self.catalog.refresh(now)

    def logged(self) -> Iterable[LoggedDecision]:
        """Counted decisions with what they earned, in random order."""
        from .logged import logged  # it works with rooms itself

        return logged(self)

    @property
    def attribution(self) -> timedelta:
        """How long after an offer an answer counts as taking it up."""
        return timedelta(hours=self.settings.attribution_hours)

    def category_of(self, product_id: str) -> str | None:
        """The product_type path of a product, as activity and rules read it."""
        product = self.assortment.current.products.get(product_id)
        return product.category_paths[-1] if product and product.category_paths else None
