"""What is published: immutable artifacts in S3, and the history that names the ones that are live.

Lives here: keeping and loading an artifact, switching, and the history, of catalogs and in general.
Never here: what an artifact holds (it is compiled and opened elsewhere), making one from drafts
(`publishing.py`), and what a container serves (`serving.py`).

`catalogs/<version>.gz` is the compiled catalog as gzip, whose CRC tells damage. The history is
`pk=catalog`, `sk=switch#<generation>`; its last entry is the head. Nothing of it is ever deleted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from .. import documents
from ..documents import aws_calls
from ..errors import ConflictError, NotFoundError, PermanentError
from ..model import Frozen, Moment
from .artifacts import Artifacts, deflate, inflate
from .copies import Body, Copies

Opened = TypeVar("Opened")
Open = Callable[[Body], Opened]
"""Opens a compiled catalog in place; raises PermanentError for what it cannot read."""

_VERSION = re.compile(r"[0-9A-Za-z]([0-9A-Za-z-]{0,62}[0-9A-Za-z])?")
"""Part of an object's and of a file's name, and operators may ask for any."""


class Artifact(Protocol):
    """A body under the version that its content gives it."""

    @property
    def version(self) -> str: ...
    @property
    def body(self) -> bytes: ...


class CompiledCatalog(Artifact, Protocol):
    """A compiled catalog, as `decisioning.compile_catalog` makes it."""

    @property
    def offers(self) -> int: ...


class Change(Frozen):
    """One change of what is live. `previous` is the version that served before."""

    generation: int
    version: str
    previous: str | None = None
    at: Moment


Head = TypeVar("Head", bound=Change)


class Published(Generic[Head]):
    """Artifacts of one `kind`, and their history.

    Raises TemporaryError when AWS cannot be reached.
    """

    def __init__(
        self,
        client: Any,
        table: str,
        *,
        artifacts: Artifacts,
        kind: str,
        change: type[Head],
        copies: Copies | None = None,
    ) -> None:
        """`change` is the form of the history's entries; `copies` keeps what was downloaded, and
        without it everything is held in memory."""
        self._client = client
        self._table = table
        self._artifacts = artifacts
        self._kind = kind
        self._change = change
        self._copies = copies or Copies(None)

    def head(self) -> Head | None:
        """What is live, None before the first publication."""
        return next(self.history(limit=1), None)

    def history(self, *, limit: int = 50) -> Iterator[Head]:
        """The switches, newest first."""
        with aws_calls():
            found = documents.query(
                self._client,
                self._table,
                self._kind,
                "switch#",
                ConsistentRead=True,
                ScanIndexForward=False,
                Limit=limit,
            )
            for item in islice(found, limit):
                yield documents.read(self._change, item)

    def load(self, version: str) -> Body:
        """The artifact of one version, as far as possible mapped and not held in memory.

        NotFoundError when it never was, PermanentError when its artifact is damaged.
        """
        if not _VERSION.fullmatch(version):
            raise NotFoundError(f"there is no such {self._kind}")
        name, copy = self._name(version), self._copies.find(version)
        if copy is not None and copy.tag == self._artifacts.tag(name):
            return copy.body
        packed, tag = self._artifacts.fetch(name)
        return self._copies.keep(version, tag, lambda: inflate(name, packed))

    def open(self, version: str, open_: Open[Opened]) -> Opened:
        """`load`, and open it; PermanentError too when it cannot be opened."""
        return self._opened(version, self.load(version), open_)

    def keep(self, artifact: Artifact, open_: Open[Opened]) -> Opened:
        """Store the artifact unless it is there and can be opened; what it holds, opened."""
        version = artifact.version
        try:
            return self.open(version, open_)
        except (NotFoundError, PermanentError):
            tag = self._artifacts.put(self._name(version), deflate(artifact.body))
            body = self._copies.keep(version, tag, lambda: [artifact.body])
            return self._opened(version, body, open_)

    def add(self, head: Head) -> Head:
        """Make this the head. ConflictError when there is one of its generation already."""
        item = documents.item(self._kind, f"switch#{head.generation:010}", head)
        write = documents.put(self._table, item, "attribute_not_exists(pk)")
        try:
            with aws_calls():
                documents.transact(self._client, [write])
        except documents.Cancelled:
            raise ConflictError(
                f"another {self._kind} was published meanwhile", expected=head.previous
            ) from None
        return head

    def _opened(self, version: str, body: Body, open_: Open[Opened]) -> Opened:
        try:
            return open_(body)
        except PermanentError as error:
            raise PermanentError(error.message, version=version, **error.details) from None
        except Exception as error:  # what is not of our writing may lead anywhere
            problem = type(error).__name__
            raise PermanentError(
                f"the {self._kind} is corrupt", version=version, problem=problem
            ) from error

    def _name(self, version: str) -> str:
        return f"{self._kind}s/{version}.gz"


class Switch(Change):
    """One change of the live catalog."""

    offers: int


class PublishedCatalogs(Published[Switch]):
    """The compiled catalogs of one stage."""

    def __init__(
        self, client: Any, table: str, *, artifacts: Artifacts, copies: Copies | None = None
    ) -> None:
        super().__init__(
            client, table, artifacts=artifacts, kind="catalog", change=Switch, copies=copies
        )

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
        return self.add(head)
