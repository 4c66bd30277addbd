"""A customer's right to be forgotten, as far as the customers table goes."""

from __future__ import annotations

from collections import Counter

from .. import documents
from ..model import ConsentState, Customer, Identity
from .linking import records_of
from .store import PROFILE, WISHES, CustomerStore, Item
from .suppression import suppress


def refused(customer: Customer) -> bool:
    """They have refused something, so the refusal must outlive their record."""
    return any(c.state is ConsentState.DENIED for c in customer.consents)


def erase(store: CustomerStore, customer: Customer) -> dict[str, int]:
    """Remove every item of theirs; answers how many of each kind. Safe to repeat.

    The profile goes last, and only as it was read: what a crash left is found through it, and so is
    what arrived meanwhile. Raises documents.Cancelled when something did: erase again.
    """
    if refused(customer):
        suppress(store, customer.identities)
    removed: Counter[str] = Counter()
    own, *merged = records_of(store, customer.id)
    # Those merged into it first: after a crash they are still found through it.
    for record_id in reversed(merged):
        removed["merged records"] += len([_remove(store, i) for i in store.items(record_id, "")])
    for item in list(store.items(own, "")):
        if item["sk"]["S"] != PROFILE:
            removed[_kind(item["sk"]["S"])] += _remove(store, item)
    for identity in customer.identities:
        removed["identities"] += _release(store, identity, customer.id)
    store.transact([store.delete_profile(customer)])
    removed["profile"] += 1
    return dict(removed)


def _remove(store: CustomerStore, item: Item) -> int:
    """Delete the item, and of a wish for a product what stands among those who wait for it."""
    kind, _, product_id = item["sk"]["S"].partition("#")
    if kind == WISHES:
        customer_id = item["pk"]["S"].partition("#")[2]
        store.transact(store.told(customer_id, product_id))
        return 1
    return store.remove([item])


def _release(store: CustomerStore, identity: Identity, customer_id: str) -> int:
    """Untie the identity, unless it has become somebody else's."""
    try:
        store.transact([store.release(identity, customer_id)])
    except documents.Cancelled as cancelled:
        if not cancelled.failed:
            raise
        return 0
    return 1


def _kind(sort_key: str) -> str:
    head, _, rest = sort_key.partition("#")
    return {"view": rest.partition("#")[0], "trace": "traces", "merge": "merges"}.get(head, head)
