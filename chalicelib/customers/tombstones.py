"""That somebody was erased, by keyed hashes of their identities, for as long as anything is queued.

    erased#<hash>   / erased     when; goes by TTL

What they had sent before and what is still queued is not worked on any more; what comes after it is
a stranger's. Nobody can read an identity back from the hash. Never decides what is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from .. import documents
from ..model import Identity
from .items import Item
from .store import CustomerStore
from .suppression import suppression_hash

KEPT: Final = timedelta(days=30)
"""Longer than a message may lie in a queue and its dead letters: 4 and 14 days."""

_PREFIX: Final = "erased#"


def keys(store: CustomerStore, identities: Iterable[Identity]) -> list[Item]:
    """The keys that `read` wants read, for a BatchGetItem shared with other items."""
    return [_key(store, identity) for identity in identities]


def read(
    store: CustomerStore, identities: Sequence[Identity], found: Iterable[Item]
) -> dict[Identity, datetime]:
    """Which of the identities were erased, and when; `found` may hold other items too."""
    at = {item["pk"]["S"]: item for item in found if item["pk"]["S"].startswith(_PREFIX)}
    by_identity = {identity: _key(store, identity)["pk"]["S"] for identity in identities}
    return {
        identity: datetime.fromtimestamp(documents.number(at[pk], "erased_at") / 1_000_000, UTC)
        for identity, pk in by_identity.items()
        if pk in at
    }


def bury(store: CustomerStore, identities: Iterable[Identity], now: datetime) -> None:
    """Note that whoever had these identities is erased from here on."""
    told = {
        "erased_at": {"N": str(round(now.timestamp() * 1_000_000))},
        "expires_at": {"N": str(int((now + KEPT).timestamp()))},
    }
    writes = [documents.put(store.table, {**key, **told}) for key in keys(store, identities)]
    for start in range(0, len(writes), documents.TRANSACTION_LIMIT):
        store.transact(writes[start : start + documents.TRANSACTION_LIMIT])


def _key(store: CustomerStore, identity: Identity) -> Item:
    digest = suppression_hash(identity, store.suppression_key)
    return documents.key(f"{_PREFIX}{digest}", "erased")
