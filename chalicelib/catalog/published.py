"""Published catalogs: immutable artifacts in S3, and the history that names the one that is live.

Lives here: keeping and loading an artifact, switching, and the history. Never here: what an
artifact holds (it is compiled and opened elsewhere), making one from drafts (`publishing.py`), and
what a container serves (`serving.py`).

`catalogs/<version>.gz` is the compiled catalog as gzip, whose CRC tells damage. The history is
`pk=catalog`, `sk=switch#<generation>`; its last entry is the head. Nothing of it is ever deleted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Protocol, TypeVar

from .. import documents
from ..documents import aws_calls
from ..errors import ConflictError, NotFoundError, PermanentError
from ..model import Frozen, Moment
from .artifacts import Artifacts, deflate, inflate
from .copies import Body, Copies

Opened = TypeVar("Opened")
Open = Callable[[Body], Opened]
"""Opens a compiled catalog in place; raises PermanentError for what it cannot read."""

_VERSION = re.compile(r"[0-9A-Za-z]{1,64}")
"""Part of an object's and of a file's name, and operators may ask for any."""


class Artifact(Protocol):
    """A compiled catalog, as `decisioning.compile_catalog` makes it."""

    @property
    def version(self) -> str: ...
    @property
    def offers(self) -> int: ...
    @property
    def body(self) -> bytes: ...


class Switch(Frozen):
    """One change of what is live. `previous` is the version that served before."""

    generation: int
    version: str
    previous: str | None = None
    at: Moment
    offers: int


class PublishedCatalogs:
    """Raises TemporaryError when AWS cannot be reached."""

    def __init__(
        self, client: Any, table: str, *, artifacts: Artifacts, copies: Copies | None = None
    ) -> None:
        """`copies` keeps what was downloaded; without it everything is held in memory."""
        self._client = client
        self._table = table
        self._artifacts = artifacts
        self._copies = copies or Copies(None)

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

    def load(self, version: str) -> Body:
        """The compiled catalog of one version, as far as possible mapped and not held in memory.

        NotFoundError when it never was, PermanentError when its artifact is damaged.
        """
        if not _VERSION.fullmatch(version):
            raise NotFoundError("there is no such catalog")
        name, copy = _name(version), self._copies.find(version)
        if copy is not None and copy.tag == self._artifacts.tag(name):
            return copy.body
        packed, tag = self._artifacts.fetch(name)
        return self._copies.keep(version, tag, lambda: inflate(name, packed))

    def open(self, version: str, open_: Open[Opened]) -> Opened:
        """`load`, and open it; PermanentError too when it cannot be opened."""
        return _opened(version, self.load(version), open_)

    def keep(self, artifact: Artifact, open_: Open[Opened]) -> Opened:
        """Store the artifact unless it is there and can be opened; the catalog, opened."""
        version = artifact.version
        try:
            return self.open(version, open_)
        except (NotFoundError, PermanentError):
            tag = self._artifacts.put(_name(version), deflate(artifact.body))
            body = self._copies.keep(version, tag, lambda: [artifact.body])
            return _opened(version, body, open_)

    def switch(self, version: str, offers: int, *, seen: Switch | None, at: datetime) -> Switch:
        """Make a kept version of so many offers live. ConflictError when something else was made
        live since the caller saw `seen` as the head."""
        head = Switch(
            generation=seen.generation + 1 if seen else 1,
            version=version,
            previous=seen.version if seen else None,
            at=at,
            offers=offers,
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


def _opened(version: str, body: Body, open_: Open[Opened]) -> Opened:
    try:
        return open_(body)
    except PermanentError as error:
        raise PermanentError(error.message, version=version, **error.details) from None
    except Exception as error:  # what is not of our writing may lead anywhere
        problem = type(error).__name__
        raise PermanentError(
            "the compiled catalog is corrupt", version=version, problem=problem
        ) from error


def _name(version: str) -> str:
    return f"catalogs/{version}.gz"
