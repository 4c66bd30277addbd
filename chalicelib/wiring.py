"""Makes the real rooms, once per container, from the settings. Only here are all of them known."""

from __future__ import annotations

import logging
import os
import random
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import boto3
import urllib3
from botocore.config import Config

from .catalog import (
    Artifacts,
    AssortmentCache,
    AssortmentChange,
    CatalogCache,
    Copies,
    LimitStore,
    OfferStore,
    ProductStore,
    PublishedCatalogs,
    PublishedModels,
    Rollouts,
    Serving,
    Snapshots,
    decides_for,
)
from .catalog.serving import Start, in_background
from .customers.store import CustomerStore
from .decisioning import PRIOR, Catalog, Engine, Model, compile_catalog, open_catalog
from .decisioning.packing import read_model
from .documents import Patience
from .errors import ConfigurationError, NotFoundError, PermanentError
from .ledger import Budgets, Ledger, Outbox
from .ledger.statistics import StatisticsStore
from .model import Channel
from .outbound import ONE_ATTEMPT, HandoverDesk, carriers, sms_provider
from .preference import ContactRules
from .queues import Queues
from .replies import Brand, check_wording
from .settings import Settings, load_settings
from .steps.rooms import Rooms
from .understanding import ProductIndex

log = logging.getLogger("rejoinder")

KEPT_ENGINES = 8
"""Of older catalogs and of models that are not live."""
KEPT_MODELS = 8
NOTHING = "none"
"""The version of the catalog before the first is published."""
ANONYMOUS = "anonymous"
"""Whom nobody knows: one person to the rollout of a model, were they any."""

_made: Rooms | None = None


def rooms() -> Rooms:
    """The container's rooms, made at the first request and kept."""
    global _made
    if _made is None:
        _made = build(load_settings(fetch_secrets=_secrets_from_ssm))
        try:
            _made.refresh()
        except (PermanentError, NotFoundError) as error:
            # Nobody's message waits for a catalog; and publishing again is what mends it.
            log.error("the catalogs cannot be read: %s", error.code)
    return _made


def fresh_rooms() -> Rooms:
    """The same, caught up with what others published: for answers that depend on the catalogs."""
    made = rooms()
    made.refresh()
    return made


def use(made: Rooms | None) -> None:
    """Serve with these rooms: the local run's and the tests' own clock, carriers and cloud."""
    global _made
    _made = made


def build(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    rng: random.Random | None = None,
    pause: Callable[[float], None] = time.sleep,
    client: Callable[[str], Any] | None = None,
    scratch: Path | None = None,
    start: Start = in_background,
) -> Rooms:
    """Every room over AWS, or what stands at `settings.aws_endpoint_url`; nothing is read yet.

    `scratch` is where copies of catalogs may lie, by default in the system's temporary directory;
    `start` has a new catalog loaded beside a request.
    Raises ConfigurationError for settings that cannot work together.
    """
    rng = rng or random.SystemRandom()
    patience = Patience(rng, pause)
    client = client or _Clients(settings)
    catalog_table, ledger_table = settings.name("catalog"), settings.name("ledger")
    artifacts = Artifacts(client("s3"), settings.artifacts_bucket)
    dynamodb = client("dynamodb")
    products = ProductStore(dynamodb, catalog_table, clock=clock)
    snapshots = Snapshots(dynamodb, catalog_table, artifacts=artifacts, products=products)
    refresh_seconds = settings.catalog_refresh_seconds
    assortment = AssortmentCache(products, snapshots, refresh_seconds=refresh_seconds)
    copies = Copies(scratch or _own_scratch(), settings.stage)
    catalogs = PublishedCatalogs(dynamodb, catalog_table, artifacts=artifacts, copies=copies)
    models = PublishedModels(dynamodb, catalog_table, artifacts=artifacts)
    engines = _Engines(catalogs, models, refresh_seconds, start)
    sqs = client("sqs")
    http = urllib3.PoolManager(retries=False)
    ses = _ses_client(settings) if settings.ses_sender else None
    aws_sms = _aws_sms_client(settings) if sms_provider(settings) == "aws_sms" else None
    retention = settings.interaction_retention_days
    return Rooms(
        settings=settings,
        clock=clock,
        rng=rng,
        patience=patience,
        dynamodb=dynamodb,
        queues=Queues(sqs, *_queue_urls(sqs, settings)),
        customers=CustomerStore(
            dynamodb,
            settings.name("customers"),
            settings.behaviour_retention_days,
            retention,
            patience,
            settings.suppression_key.get_secret_value().encode(),
            map(Channel, settings.double_opt_in),
            settings.profile_retention_days,
            settings.consent_retention_days,
        ),
        ledger=Ledger(dynamodb, ledger_table, retention, settings.attribution_hours),
        statistics=StatisticsStore(dynamodb, ledger_table),
        outbox=Outbox(dynamodb, ledger_table, retention),
        budgets=Budgets(ledger_table, rng),
        products=products,
        offers=OfferStore(dynamodb, catalog_table, check_wording=check_wording),
        limits=LimitStore(dynamodb, catalog_table),
        assortment=assortment,
        snapshots=snapshots,
        catalogs=catalogs,
        catalog=engines.catalog,
        models=models,
        model=engines.model,
        engine=engines.live,
        engine_for=engines.deciding_for,
        engine_in_shadow=engines.in_shadow,
        engine_on=engines.on,
        engine_of=engines.of,
        index=_CurrentIndex(assortment),
        carriers=carriers(
            settings,
            http=http,
            ses=ses,
            aws_sms=aws_sms,
            dynamodb=dynamodb,
            clock=clock,
            rng=rng,
        ),
        desk=HandoverDesk(settings, http=http, ses=ses, clock=clock),
        contact_rules=ContactRules.parse(
            settings.marketing_hours, settings.marketing_hours_by_country
        ),
        brand=Brand(
            name=settings.brand_name,
            support_contact=settings.support_contact,
            postal_address=settings.postal_address,
        ),
    )


class _Clients:
    """boto3 clients of one stage. Retries are few: the queue is what retries."""

    def __init__(self, settings: Settings) -> None:
        self._endpoint = settings.aws_endpoint_url
        self._config = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 3})

    def __call__(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self._endpoint, config=self._config)


def _ses_client(settings: Settings) -> Any:
    endpoint = settings.ses_endpoint_url or settings.aws_endpoint_url
    return boto3.client("sesv2", endpoint_url=endpoint, config=ONE_ATTEMPT)


def _aws_sms_client(settings: Settings) -> Any:
    endpoint = settings.aws_sms_endpoint_url or settings.aws_endpoint_url
    return boto3.client("pinpoint-sms-voice-v2", endpoint_url=endpoint, config=ONE_ATTEMPT)


class _Engines:
    """The decision engines: of the live catalog by the live model and by the candidate, and of
    whatever others were asked for."""

    def __init__(
        self,
        catalogs: PublishedCatalogs,
        models: PublishedModels,
        refresh_seconds: float,
        start: Start,
    ) -> None:
        self._catalogs = catalogs
        self._models = models
        self.model: CatalogCache[Serving[Model]] = CatalogCache(
            head=(rollouts := Rollouts(models, read_model)).head,
            open_=rollouts.open,
            refresh_seconds=refresh_seconds,
            start=start,
            prepare=self._prepare_model,
        )
        self.catalog: CatalogCache[Engine] = CatalogCache(
            head=catalogs.head,
            open_=lambda version: catalogs.open(version, self._opened),
            refresh_seconds=refresh_seconds,
            start=start,
            prepare=self._prepare_catalog,
        )
        self._other_model = lru_cache(KEPT_MODELS)(self._load_model)
        self._other = lru_cache(KEPT_ENGINES)(self._load)
        self._beside: dict[tuple[str, str], Engine] = {}

    def live(self) -> Engine:
        """Decides for whoever is no customer."""
        return self._with(self._current(), self._serving().live)

    def deciding_for(self, customer_id: str) -> Engine:
        """The live one, or the candidate's for its share of the customers."""
        serving = self._serving()
        if serving.candidate is None or customer_id == ANONYMOUS:
            return self.live()
        if not decides_for(serving.candidate.version, serving.share, customer_id):
            return self.live()
        return self._with(self._current(), serving.candidate)

    def in_shadow(self) -> Engine | None:
        """That of a candidate that decides for nobody yet, if there is one."""
        serving = self._serving()
        if serving.candidate is None or serving.share > 0:
            return None
        return self._with(self._current(), serving.candidate)

    def on(self, catalog: Catalog) -> Engine:
        """One that serves nobody, of a catalog that may go live, by the live model."""
        return Engine(catalog, self._serving().live)

    def of(self, catalog_version: str, model_version: str | None = None) -> Engine:
        """The engine of one published catalog, or of nothing published, by one model; by the live
        one where none is named.

        Raises NotFoundError, and PermanentError when an artifact cannot be read.
        """
        model = self._serving().live if model_version is None else self._model(model_version)
        current = self._current()
        if catalog_version == current.catalog.version:
            return self._with(current, model)
        other = self._nothing if catalog_version == NOTHING else self._other(catalog_version)
        return self._with(other, model)

    @cached_property
    def _nothing(self) -> Engine:
        """Decides while nothing is published. Compiling even that loads numpy, which a container
        that serves a catalog does without."""
        return _nothing_published()

    def _current(self) -> Engine:
        current = self.catalog.current
        return self._nothing if current is None else current

    def _serving(self) -> Serving[Model]:
        return self.model.current or _PRIOR

    def _with(self, engine: Engine, model: Model) -> Engine:
        """An engine of the same catalog, by this model."""
        if engine.versions["model"] == model.version:
            return engine
        key = engine.catalog.version, model.version
        found = self._beside.get(key)
        if found is None or found.catalog is not engine.catalog:
            found = engine.under(model)
            kept = list(self._beside.items())[1 - KEPT_ENGINES :]
            self._beside = dict([*kept, (key, found)])
        return found

    def _model(self, version: str) -> Model:
        serving = self._serving()
        for model in (serving.live, serving.candidate, PRIOR):
            if model is not None and model.version == version:
                return model
        return self._other_model(version)

    def _load_model(self, version: str) -> Model:
        try:
            return self._models.open(version, read_model)
        except NotFoundError:
            # Before the first publication decisions are made by the prior of the running code.
            if version.startswith(f"{PRIOR.name}-"):
                return PRIOR
            raise

    def _load(self, version: str) -> Engine:
        return self._catalogs.open(version, self._opened)

    def _opened(self, body: Any) -> Engine:
        return Engine(open_catalog(body), self._serving().live)

    def _prepare_catalog(self, engine: Engine) -> None:
        engine.warm()
        if (candidate := self._serving().candidate) is not None:
            self._with(engine, candidate).warm()

    def _prepare_model(self, serving: Serving[Model]) -> None:
        for model in filter(None, (serving.live, serving.candidate)):
            self._with(self._current(), model).warm()


_PRIOR: Serving[Model] = Serving(PRIOR)


def _nothing_published() -> Engine:
    """Under `NOTHING`, by which decisions made with it are replayed."""
    artifact = compile_catalog((), published_at=datetime(1970, 1, 1, tzinfo=UTC))
    empty = open_catalog(artifact.body)
    empty.version = NOTHING
    return Engine(empty)


def _own_scratch() -> Path | None:
    """None on systems where nobody can be kept from it."""
    if not hasattr(os, "geteuid"):
        return None
    return Path(tempfile.gettempdir()) / f"rejoinder-{os.geteuid()}"


class _CurrentIndex:
    """The product index, kept in step with the assortment."""

    def __init__(self, assortment: AssortmentCache) -> None:
        self._assortment = assortment
        self._index: ProductIndex | None = None
        assortment.subscribe(self._follow)

    def __call__(self) -> ProductIndex:
        if self._index is None:
            self._index = ProductIndex(self._assortment.current.products.values())
        return self._index

    def _follow(self, change: AssortmentChange) -> None:
        if self._index is None:
            return
        products = self._assortment.current.products
        for product_id in change.products:
            if product_id in products:
                self._index.replace(products[product_id])
            else:
                self._index.remove(product_id)


def _queue_urls(sqs: Any, settings: Settings) -> list[str]:
    names = map(settings.name, ("interactions", "urgent", "learning"))
    return [sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in names]


def _secrets_from_ssm(path: str) -> Mapping[str, str]:
    pages = (
        boto3.client("ssm")
        .get_paginator("get_parameters_by_path")
        .paginate(Path=path, WithDecryption=True)
    )
    found = {p["Name"].rpartition("/")[2]: p["Value"] for page in pages for p in page["Parameters"]}
    if not found:
        raise ConfigurationError(f"SECRETS_PATH {path} holds no parameters")
    return found
