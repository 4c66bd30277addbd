"""The change log of products and stores: how running containers learn of what others wrote.

Lives here: the stored form of an assortment document and of a log entry, and reading the log since
a time. Never here: who writes it (`products.py`) and what is made of it (`assortment.py`).

An entry is `pk=change#<shard>`, `sk=<UTC time>#<kind>#<id>` with the whole document, so that a
reader needs nothing else; it expires by TTL. Order does not matter to a reader: the greater
`version` wins.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from .. import documents
from ..documents import aws_calls
from ..model import Product, Store

CHANGE_SHARDS = 4
"""Each takes some 500 transactional puts a second; each costs a reader one query."""

KEPT = timedelta(days=3)
READABLE = timedelta(days=2)
"""How far back the log is relied on; shorter than KEPT by more than any clock is off."""

OVERLAP = timedelta(minutes=2)
"""Read again each time: covers clock skew and the time between stamping an entry and its write."""


class Stored(NamedTuple):
    """One product or store as it is kept: `version` is the microsecond of its last change (or one
    more than the version before it, whichever is greater), `body` its JSON."""

    kind: str
    id: str
    version: int
    body: bytes


def shard_of(document_id: str, shards: int) -> int:
    """The same for one id everywhere and always (CRC-32), evenly spread."""
    return zlib.crc32(document_id.encode()) % shards


def timestamp(at: datetime) -> str:
    """UTC with microseconds in fixed width, so that text order is time order."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def change_item(kind: str, document: Product | Store, version: int, at: datetime) -> dict[str, Any]:
    """The log entry for one write at `at`."""
    return documents.item(
        f"change#{shard_of(document.id, CHANGE_SHARDS)}",
        f"{timestamp(at)}#{kind}#{document.id}",
        document,
        version=version,
        expires_at=int((at + KEPT).timestamp()),
    )


def changes_since(client: Any, table: str, since: datetime) -> Iterator[Stored]:
    """Every document written at or after `since`; one may come more than once."""
    with aws_calls():
        for shard in range(CHANGE_SHARDS):
            pk = f"change#{shard}"
            values = {":pk": {"S": pk}, ":since": {"S": timestamp(since)}}
            for found in documents.query(
                client,
                table,
                pk,
                KeyConditionExpression="pk = :pk AND sk >= :since",
                ExpressionAttributeValues=values,
            ):
                _, kind, document_id = found["sk"]["S"].split("#", 2)
                yield stored(kind, document_id, found)


def stored(kind: str, document_id: str, found: dict[str, Any]) -> Stored:
    """An item as read from the table."""
    version = documents.number(found, "version")
    return Stored(kind, document_id, version, documents.text(found).encode())
