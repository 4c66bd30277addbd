"""The decision engines that serve: each of a published catalog by a published model.

Lives here: which engine decides for whom, and which are kept. Never here: how an engine decides, or
how an artifact is read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any

from .catalog import (
    CatalogCache,
    PublishedCatalogs,
    PublishedModels,
    Rollouts,
    Serving,
    decides_for,
)
from .catalog.serving import Start
from .decisioning import PRIOR, Catalog, Engine, Model, open_catalog
from .decisioning.packing import read_model
from .errors import NotFoundError

KEPT_ENGINES = 8
"""Of older catalogs and of models that are not live."""
KEPT_MODELS = 8
NOTHING = "none"
"""The version of the catalog before the first is published."""
ANONYMOUS = "anonymous"
"""Whom nobody knows: one person to the rollout of a model, were they any."""


class Engines:
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
    from .decisioning import compile_catalog  # brings numpy

    artifact = compile_catalog((), published_at=datetime(1970, 1, 1, tzinfo=UTC))
    empty = open_catalog(artifact.body)
    empty.version = NOTHING
    return Engine(empty)
