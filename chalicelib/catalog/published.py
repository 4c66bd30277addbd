"""Published catalogs: immutable artifacts in S3, and the history that names the one that is live.

Lives here: the artifact's form, loading one, switching, and what a container keeps of the live one.
Never here: making a catalog from drafts (`publishing.py`).

`catalogs/<version>.json.gz`: the line `{"format":1,"published_at":…}`, then one canonical JSON line
per compiled offer in order of id. The version is the hash of the offers' lines, so equal content
has one version. The history is `pk=catalog`, `sk=switch#<generation>`; its last entry is the head.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from pydantic import ValidationError

from .. import documents
from ..documents import aws_calls
from ..errors import ConflictError, NotFoundError, PermanentError, RejoinderError, TemporaryError
from ..model import CompiledOffer, Frozen, Moment, PublishedCatalog
from .artifacts import Artifacts, pack, unpack

log = logging.getLogger(__name__)

FORMAT = 1


class Switch(Frozen):
    """One change of what is live. `previous` is the version that served before."""

    generation: int
    version: str
    previous: str | None = None
    at: Moment
    offers: int


class PublishedCatalogs:
    """Raises TemporaryError when AWS cannot be reached."""

    def __init__(self, client: Any, table: str, *, artifacts: Artifacts) -> None:
        self._client = client
        self._table = table
        self._artifacts = artifacts

    def head(self) -> Switch | None:
        """What is live, None before the first publication."""
        return next(self.history(limit=1), None)

    def history(self, *, limit: int = 50) -> Iterator[Switch]:
        """The switches, newest first."""
        with aws_calls():
            found = documents.query(
                self._client,
                self._table,
                "catalog",
                "switch#",
                ConsistentRead=True,
                ScanIndexForward=False,
                Limit=limit,
            )
            for item in islice(found, limit):
                yield documents.read(Switch, item)

    def load(self, version: str) -> PublishedCatalog:
        """One version. NotFoundError when it never was, PermanentError when its artifact is
        corrupt or of a format that this code does not know."""
        name = f"catalogs/{version}.json.gz"
        lines = unpack(name, self._artifacts.get(name))
        try:
            first = json.loads(next(lines, b"null"))
            if not isinstance(first, dict) or first.get("format") != FORMAT:
                raise PermanentError("the catalog is of an unknown format", version=version)
            body = list(lines)
            if _digest(body) != version:
                raise PermanentError("the catalog is corrupt", version=version)
            offers = tuple(CompiledOffer.model_validate_json(line) for line in body)
            return PublishedCatalog(
                version=version, published_at=first["published_at"], offers=offers
            )
        except (ValidationError, ValueError, KeyError):
            raise PermanentError("the catalog cannot be read", version=version) from None

    def keep(self, catalog: PublishedCatalog) -> PublishedCatalog:
        """Store the artifact unless it is there and sound; the catalog as it is stored."""
        try:
            return self.load(catalog.version)
        except (NotFoundError, PermanentError):
            published_at = catalog.published_at.isoformat()
            first = json.dumps({"format": FORMAT, "published_at": published_at}).encode() + b"\n"
            body = pack([first, *map(_line, catalog.offers)])
            self._artifacts.put(f"catalogs/{catalog.version}.json.gz", body)
            return catalog

    def switch(self, catalog: PublishedCatalog, *, seen: Switch | None, at: datetime) -> Switch:
        """Make the kept `catalog` live. ConflictError when something else was made live since
        the caller saw `seen` as the head."""
        head = Switch(
            generation=seen.generation + 1 if seen else 1,
            version=catalog.version,
            previous=seen.version if seen else None,
            at=at,
            offers=len(catalog.offers),
        )
        item = documents.item("catalog", f"switch#{head.generation:010}", head)
        write = documents.put(self._table, item, "attribute_not_exists(pk)")
        try:
            with aws_calls():
                documents.transact(self._client, [write])
        except documents.Cancelled:
            raise ConflictError(
                "another catalog was published meanwhile", expected=head.previous
            ) from None
        return head


class CatalogCache:
    """The live catalog as one container holds it. A version that cannot be loaded never replaces
    one that serves."""

    def __init__(self, catalogs: PublishedCatalogs, *, refresh_seconds: float) -> None:
        self._catalogs = catalogs
        self._refresh_every = timedelta(seconds=refresh_seconds)
        self._lock = threading.RLock()
        self._current: PublishedCatalog | None = None
        self._looked_at: datetime | None = None

    @property
    def current(self) -> PublishedCatalog | None:
        """None before the first publication or the first refresh."""
        return self._current

    def refresh(self, now: datetime, *, force: bool = False) -> bool:
        """Look for a newly published version, at most every `refresh_seconds` unless forced.

        True when `current` is another one. A fault is raised only while nothing serves; a
        container that starts while the head is unreadable serves the version before it.
        """
        with self._lock:
            looked_at = self._looked_at
            # Absolute: the local run's clock may be set back.
            if not force and looked_at and abs(now - looked_at) < self._refresh_every:
                return False
            served = self._current
            try:
                self._current = self._live()
            except (TemporaryError, PermanentError, NotFoundError) as error:
                if served is None:
                    raise
                _log_failure(error)
            self._looked_at = now
            return self._current is not served

    def note(self, catalog: PublishedCatalog) -> None:
        """An own publication or rollback: serves here at once."""
        with self._lock:
            self._current = catalog

    def _live(self) -> PublishedCatalog | None:
        head, served = self._catalogs.head(), self._current
        if head is None or (served and served.version == head.version):
            return served
        try:
            return self._catalogs.load(head.version)
        except (PermanentError, NotFoundError) as error:
            if served is not None or head.previous is None:
                raise
            _log_failure(error)
            return self._catalogs.load(head.previous)


def canonical(offers: Iterable[CompiledOffer]) -> tuple[str, tuple[CompiledOffer, ...]]:
    """(version, offers in order of id)."""
    ordered = tuple(sorted(offers, key=lambda compiled: compiled.offer.id))
    return _digest(map(_line, ordered)), ordered


def _line(compiled: CompiledOffer) -> bytes:
    """Defaults are written out: what an old version says must not change with the code."""
    found = compiled.model_dump(mode="json")
    text = json.dumps(
        found, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode() + b"\n"


def _digest(lines: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()[:16]


def _log_failure(error: RejoinderError) -> None:
    log.error("catalog not refreshed: %s %s", error.message, error.details)
