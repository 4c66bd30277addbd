"""Snapshots of the whole assortment in S3, so that a container starts with one download.

Lives here: writing a snapshot (of the table, or of what a container knows), the head that names the
current one, reading one back. Never here: the change log that fills in what came after
(`changes.py`).

`assortment/<version>.jsonl.gz`: the line `{"format":1}`, then per document the line
`[version,"kind","id",{document}]`; the file's version is the hash of its lines. The head is the
item `pk=assortment`, `sk=head`. A snapshot may go missing: readers then list the table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from .. import documents
from ..documents import aws_calls
from ..errors import PermanentError, TemporaryError
from ..model import Frozen, Moment
from .artifacts import Artifacts, pack, unpack
from .changes import Stored
from .products import ProductStore

DUE = timedelta(hours=24)
"""Well within `changes.READABLE`, so that a snapshot and the log always join up."""

WRITE_ATTEMPTS = 3
_FIRST_LINE = b'{"format":1}\n'


class SnapshotHead(Frozen):
    """The current snapshot; `as_of` is when reading the table for it began."""

    generation: int
    version: str
    as_of: Moment
    documents: int


class Snapshots:
    """Raises TemporaryError when AWS cannot be reached."""

    def __init__(
        self, client: Any, table: str, *, artifacts: Artifacts, products: ProductStore
    ) -> None:
        self._client = client
        self._table = table
        self._artifacts = artifacts
        self._products = products

    def head(self) -> SnapshotHead | None:
        """The current snapshot's head, None before the first."""
        with aws_calls():
            answer = self._client.get_item(
                TableName=self._table, Key=documents.key("assortment", "head"), ConsistentRead=True
            )
        return documents.read(SnapshotHead, answer["Item"]) if "Item" in answer else None

    def write(self, now: datetime) -> SnapshotHead:
        """Read the whole assortment from the table and make that the current snapshot.

        Where another snapshot became current meanwhile, the table is read again: the other may
        have been read before what the caller wrote.
        """
        for _ in range(WRITE_ATTEMPTS):
            seen = self.head()
            head = self.put(self._products.listing(), seen=seen, as_of=now)
            if head is not None:
                return head
        raise TemporaryError("other snapshots are being written")

    def put(
        self, entries: Iterable[Stored], *, seen: SnapshotHead | None, as_of: datetime
    ) -> SnapshotHead | None:
        """Make `entries` the current snapshot, in place of the one the caller has `seen`; None
        when another became current meanwhile."""
        body, version, count = _packed(entries)
        generation = seen.generation + 1 if seen else 1
        head = SnapshotHead(generation=generation, version=version, as_of=as_of, documents=count)
        self._artifacts.put(_name(version), body)
        return head if self._switched(head) else None

    def write_if_due(self, now: datetime) -> SnapshotHead | None:
        """A snapshot if there is none or it is a day old, for the sweep; None if it is not due."""
        head = self.head()
        if head is not None and abs(now - head.as_of) < DUE:
            return None
        return self.write(now)

    def read(self, head: SnapshotHead) -> list[Stored]:
        """The snapshot's documents. Raises NotFoundError when it is gone, PermanentError when it
        is corrupt or of a format that this code does not know."""
        name = _name(head.version)
        lines = unpack(name, self._artifacts.get(name))
        if next(lines, None) != _FIRST_LINE:
            raise PermanentError("an artifact is of an unknown format", name=name)
        digest, found = hashlib.sha256(), list[Stored]()
        for line in lines:
            digest.update(line)
            found.append(_parsed(name, line))
        if digest.hexdigest()[:16] != head.version:
            raise PermanentError("an artifact is corrupt", name=name)
        return found

    def _switched(self, head: SnapshotHead) -> bool:
        item = documents.item("assortment", "head", head, version=head.generation)
        condition = "attribute_not_exists(pk)" if head.generation == 1 else "version = :seen"
        values = {} if head.generation == 1 else {"seen": head.generation - 1}
        try:
            with aws_calls():
                documents.transact(
                    self._client, [documents.put(self._table, item, condition, **values)]
                )
        except documents.Cancelled:
            return False
        return True


def _name(version: str) -> str:
    return f"assortment/{version}.jsonl.gz"


def _packed(entries: Iterable[Stored]) -> tuple[bytes, str, int]:
    """(file, version, number of documents)."""
    digest, count = hashlib.sha256(), 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        yield _FIRST_LINE
        for entry in entries:
            line = _line(entry)
            digest.update(line)
            count += 1
            yield line

    return pack(lines()), digest.hexdigest()[:16], count


def _line(entry: Stored) -> bytes:
    return b'[%d,"%s","%s",%s]\n' % (
        entry.version,
        entry.kind.encode(),
        entry.id.encode(),
        entry.body,
    )


def _parsed(name: str, line: bytes) -> Stored:
    """Neither versions, kinds nor ids hold a comma, so the document starts at the fourth part."""
    try:
        version, kind, document_id, body = line[1:-2].split(b",", 3)
        return Stored(kind[1:-1].decode(), document_id[1:-1].decode(), int(version), body)
    except ValueError as error:
        raise PermanentError("an artifact is corrupt", name=name) from error
