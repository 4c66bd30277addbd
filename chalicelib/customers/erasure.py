"""A customer's right to be shown and to be forgotten, as far as the customers table goes.

Suppression outlives erasure as a keyed hash of each identity: it can be asked "never contact this
number?", and answers without anyone being able to read the number back.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter

from .. import documents
from ..model import ConsentState, Customer, Identity
from .linking import records_of
from .store import CustomerStore


def suppression_hash(identity: Identity, key: bytes) -> str:
    """HMAC-SHA256 of the identity under the deployment's suppression key, hex."""
    return hmac.new(key, identity.encode(), hashlib.sha256).hexdigest()


def suppress(store: CustomerStore, identities: tuple[Identity, ...], key: bytes) -> None:
    """Remember for good that these are never to be contacted for marketing."""
    store.put_items(
        documents.key(f"suppressed#{suppression_hash(i, key)}", "suppressed") for i in identities
    )


def refused(customer: Customer) -> bool:
    """They have refused something, so the refusal must outlive their record."""
    return any(c.state is ConsentState.DENIED for c in customer.consents)


def erase(store: CustomerStore, customer: Customer, key: bytes) -> dict[str, int]:
    """Remove every item of theirs; answers how many of each kind. Safe to repeat."""
    if refused(customer):
        suppress(store, customer.identities, key)
    removed: Counter[str] = Counter()
    own, *merged = records_of(store, customer.id)
    # Those merged into it first: after a crash they are still found through it.
    for record_id in reversed(merged):
        removed["merged records"] += store.remove(list(store.items(record_id, "")))
    for item in list(store.items(own, "")):
        removed[_kind(item["sk"]["S"])] += store.remove([item])
    for identity in customer.identities:
        store.transact([store.release(identity, customer.id)])
        removed["identities"] += 1
    return dict(removed)


def _kind(sort_key: str) -> str:
    head, _, rest = sort_key.partition("#")
    return {"view": rest.partition("#")[0], "trace": "traces", "merge": "merges"}.get(head, head)
