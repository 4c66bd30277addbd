"""Publishing: all drafts compiled, stored as one version and made live, or none of it; and back.

Lives here: the order in which that is done. Never here: how drafts are checked (`offers.py`) and
compiled (passed in), what is doubtful about them (`doubts.py`), what changed by it
(`differences.py`), keeping the artifact (`published.py`).
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from ..errors import NotFoundError
from ..model import CompiledOffer, ContactLimits
from .differences import Compiled
from .published import CompiledCatalog, Open, PublishedCatalogs, Switch

Catalog = TypeVar("Catalog", bound=Compiled)


class Compile(Protocol):
    """`decisioning.compile_catalog`."""

    def __call__(
        self,
        offers: Iterable[CompiledOffer],
        /,
        *,
        published_at: datetime,
        limits: ContactLimits | None = None,
    ) -> CompiledCatalog: ...


@dataclass(frozen=True, slots=True)
class Publication(Generic[Catalog]):
    """What is live, and what was live before: None before the first publication."""

    catalog: Catalog
    head: Switch
    before: Switch | None


def publish(
    offers: Iterable[CompiledOffer],
    catalogs: PublishedCatalogs,
    *,
    now: datetime,
    compile_catalog: Compile,
    open_: Open[Catalog],
    limits: ContactLimits | None = None,
) -> Publication[Catalog]:
    """Make these offers live as one version; with nothing changed, the live one stays.

    Raises what reading `offers` raises, and ConflictError when someone else published meanwhile;
    either way nothing is switched.
    """
    seen = catalogs.head()
    with _without_collector():
        artifact = compile_catalog(offers, published_at=now, limits=limits)
    return _live(catalogs.keep(artifact, open_), catalogs, seen, now)


def rollback(
    catalogs: PublishedCatalogs,
    *,
    now: datetime,
    open_: Open[Catalog],
    to_version: str | None = None,
) -> Publication[Catalog]:
    """Make an older version live again: `to_version`, else the one before the live one.

    Rolling back twice therefore returns. NotFoundError when there is no such version,
    PermanentError when its artifact cannot be read, ConflictError as in `publish`.
    """
    seen = catalogs.head()
    target = to_version or (seen.previous if seen else None)
    if seen is None or target is None:
        raise NotFoundError("there is no earlier catalog")
    return _live(catalogs.open(target, open_), catalogs, seen, now)


@contextmanager
def _without_collector() -> Iterator[None]:
    """What is being compiled stays: looking through it for garbage takes a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _live(
    catalog: Catalog, catalogs: PublishedCatalogs, seen: Switch | None, now: datetime
) -> Publication[Catalog]:
    """With the kept catalog switched to, unless it is live already."""
    if seen is not None and seen.version == catalog.version:
        return Publication(catalog, seen, seen)
    head = catalogs.switch(catalog.version, len(catalog), seen=seen, at=now)
    return Publication(catalog, head, seen)
