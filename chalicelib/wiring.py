"""Makes the real rooms, once per container, from the settings. Only here are all of them known.

A room is made when it is first entered, and its code loaded then: a webhook enters the queues and
no other, and pays for no other at a cold start.
"""

from __future__ import annotations

import logging
import os
import random
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .aws import Client, Clients
from .errors import ConfigurationError, NotFoundError, PermanentError
from .model import Channel
from .settings import Settings, load_settings
from .steps.rooms import Desk, EngineOf, Rooms

if TYPE_CHECKING:
    import urllib3

    from .catalog import (
        Artifacts,
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
    from .catalog.serving import Start
    from .customers.store import CustomerStore
    from .decisioning import Catalog, Engine, Model
    from .documents import Patience
    from .engines import Engines
    from .ledger import Budgets, Ledger, Outbox
    from .ledger.statistics import StatisticsStore
    from .outbound import Carrier
    from .preference import ContactRules
    from .queues import Queues
    from .replies import Brand
    from .understanding import ProductIndex

log = logging.getLogger("rejoinder")

_made: Rooms | None = None
_caught_up = False


def bare_rooms() -> Rooms:
    """The container's rooms, made at the first request and kept; nothing published is read. All
    that a webhook needs."""
    global _made
    if _made is None:
        clients = Clients(load_settings())
        settings = load_settings(fetch_secrets=lambda path: _secrets_from_ssm(path, clients))
        _made = build(settings, client=clients)
    return _made


def rooms() -> Rooms:
    """The same, once they know what is published."""
    global _caught_up
    made = bare_rooms()
    if not _caught_up:
        _caught_up = True
        try:
            made.refresh()
        except (PermanentError, NotFoundError) as error:
            # Nobody's message waits for a catalog; and publishing again is what mends it.
            log.error("the catalogs cannot be read: %s", error.code)
    return made


def fresh_rooms() -> Rooms:
    """The same, caught up with what others published: for answers that depend on the catalogs."""
    made = rooms()
    made.refresh()
    return made


def use(made: Rooms | None) -> None:
    """Serve with these rooms: the local run's and the tests' own clock, carriers and cloud."""
    global _made, _caught_up
    _made, _caught_up = made, made is not None


def build(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    rng: random.Random | None = None,
    pause: Callable[[float], None] = time.sleep,
    client: Client | None = None,
    scratch: Path | None = None,
    start: Start | None = None,
) -> Rooms:
    """Every room over AWS, or what stands at `settings.aws_endpoint_url`; nothing is read yet.

    `client` answers for dynamodb, s3 and sqs where it is given. `scratch` is where copies of
    catalogs may lie, by default in the system's temporary directory; `start` has a new catalog
    loaded beside a request.
    """
    return _Maker(
        settings,
        clock=clock,
        rng=rng or random.SystemRandom(),
        pause=pause,
        client=client or Clients(settings),
        scratch=scratch,
        start=start,
    ).rooms


class _Maker:
    """Makes each room by the method of its name, once. Raises ConfigurationError for what the
    settings cannot make."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime],
        rng: random.Random,
        pause: Callable[[float], None],
        client: Client,
        scratch: Path | None,
        start: Start | None,
    ) -> None:
        self.rooms = Rooms(self._make, settings=settings, clock=clock, rng=rng)
        self.settings = settings
        self.clock = clock
        self.rng = rng
        self._pause = pause
        self._client = client
        self._scratch = scratch
        self._start = start
        self._senders = client if isinstance(client, Clients) else Clients(settings)

    def _make(self, room: str) -> Any:
        return getattr(self, room)()

    def patience(self) -> Patience:
        from .documents import Patience

        return Patience(self.rng, self._pause)

    def dynamodb(self) -> Any:
        return self._client("dynamodb")

    def queues(self) -> Queues:
        from .queues import Queues

        return Queues(self._client("sqs"), self.settings.name)

    def customers(self) -> CustomerStore:
        from .customers.store import CustomerStore

        settings = self.settings
        return CustomerStore(
            self.rooms.dynamodb,
            settings.name("customers"),
            settings.behaviour_retention_days,
            settings.interaction_retention_days,
            self.rooms.patience,
            settings.suppression_key.get_secret_value().encode(),
            map(Channel, settings.double_opt_in),
            settings.profile_retention_days,
            settings.consent_retention_days,
        )

    def ledger(self) -> Ledger:
        from .ledger import Ledger

        settings = self.settings
        return Ledger(
            self.rooms.dynamodb,
            settings.name("ledger"),
            settings.interaction_retention_days,
            settings.attribution_hours,
        )

    def statistics(self) -> StatisticsStore:
        from .ledger.statistics import StatisticsStore

        return StatisticsStore(self.rooms.dynamodb, self.settings.name("ledger"))

    def outbox(self) -> Outbox:
        from .ledger import Outbox

        settings = self.settings
        return Outbox(
            self.rooms.dynamodb, settings.name("ledger"), settings.interaction_retention_days
        )

    def budgets(self) -> Budgets:
        from .ledger import Budgets

        return Budgets(self.settings.name("ledger"), self.rng)

    def products(self) -> ProductStore:
        from .catalog import ProductStore

        return ProductStore(self.rooms.dynamodb, self.settings.name("catalog"), clock=self.clock)

    def offers(self) -> OfferStore:
        from .catalog import OfferStore
        from .replies import check_wording

        table = self.settings.name("catalog")
        return OfferStore(self.rooms.dynamodb, table, check_wording=check_wording)

    def limits(self) -> LimitStore:
        from .catalog import LimitStore

        return LimitStore(self.rooms.dynamodb, self.settings.name("catalog"))

    @cached_property
    def artifacts(self) -> Artifacts:
        from .catalog import Artifacts

        return Artifacts(self._client("s3"), self.settings.artifacts_bucket)

    def snapshots(self) -> Snapshots:
        from .catalog import Snapshots

        table = self.settings.name("catalog")
        return Snapshots(
            self.rooms.dynamodb, table, artifacts=self.artifacts, products=self.rooms.products
        )

    def assortment(self) -> AssortmentCache:
        from .catalog import AssortmentCache

        seconds = self.settings.catalog_refresh_seconds
        return AssortmentCache(self.rooms.products, self.rooms.snapshots, refresh_seconds=seconds)

    def catalogs(self) -> PublishedCatalogs:
        from .catalog import Copies, PublishedCatalogs

        copies = Copies(self._scratch or _own_scratch(), self.settings.stage)
        table = self.settings.name("catalog")
        return PublishedCatalogs(
            self.rooms.dynamodb, table, artifacts=self.artifacts, copies=copies
        )

    def models(self) -> PublishedModels:
        from .catalog import PublishedModels

        table = self.settings.name("catalog")
        return PublishedModels(self.rooms.dynamodb, table, artifacts=self.artifacts)

    @cached_property
    def engines(self) -> Engines:
        from .catalog.serving import in_background
        from .engines import Engines

        seconds = self.settings.catalog_refresh_seconds
        return Engines(
            self.rooms.catalogs, self.rooms.models, seconds, self._start or in_background
        )

    def catalog(self) -> CatalogCache[Engine]:
        return self.engines.catalog

    def model(self) -> CatalogCache[Serving[Model]]:
        return self.engines.model

    def engine(self) -> Callable[[], Engine]:
        return self.engines.live

    def engine_for(self) -> Callable[[str], Engine]:
        return self.engines.deciding_for

    def engine_in_shadow(self) -> Callable[[], Engine | None]:
        return self.engines.in_shadow

    def engine_on(self) -> Callable[[Catalog], Engine]:
        return self.engines.on

    def engine_of(self) -> EngineOf:
        return self.engines.of

    def index(self) -> Callable[[], ProductIndex]:
        from .indexing import CurrentIndex

        return CurrentIndex(self.rooms.assortment)

    @cached_property
    def http(self) -> urllib3.PoolManager:
        import urllib3

        return urllib3.PoolManager(retries=False)

    def carriers(self) -> Mapping[Channel, Carrier]:
        from .outbound import carriers, sms_provider

        settings = self.settings
        aws_sms = sms_provider(settings) == "aws_sms"
        return carriers(
            settings,
            http=self.http,
            ses=self._ses,
            aws_sms=self._senders("pinpoint-sms-voice-v2") if aws_sms else None,
            dynamodb=self.rooms.dynamodb,
            clock=self.clock,
            rng=self.rng,
        )

    def desk(self) -> Desk:
        from .outbound import HandoverDesk

        return HandoverDesk(self.settings, http=self.http, ses=self._ses, clock=self.clock)

    @property
    def _ses(self) -> Any | None:
        return self._senders("sesv2") if self.settings.ses_sender else None

    def contact_rules(self) -> ContactRules:
        from .preference import ContactRules

        settings = self.settings
        return ContactRules.parse(settings.marketing_hours, settings.marketing_hours_by_country)

    def brand(self) -> Brand:
        from .replies import Brand

        settings = self.settings
        return Brand(
            name=settings.brand_name,
            support_contact=settings.support_contact,
            postal_address=settings.postal_address,
        )


def _own_scratch() -> Path | None:
    """None on systems where nobody can be kept from it."""
    if not hasattr(os, "geteuid"):
        return None
    return Path(tempfile.gettempdir()) / f"rejoinder-{os.geteuid()}"


def _secrets_from_ssm(path: str, client: Client) -> Mapping[str, str]:
    pages = (
        client("ssm")
        .get_paginator("get_parameters_by_path")
        .paginate(Path=path, WithDecryption=True)
    )
    found = {p["Name"].rpartition("/")[2]: p["Value"] for page in pages for p in page["Parameters"]}
    if not found:
        raise ConfigurationError(f"SECRETS_PATH {path} holds no parameters")
    return found
