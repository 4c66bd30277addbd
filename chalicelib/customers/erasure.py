"""A customer's rights to see and to be forgotten, as far as the customers table goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from .. import documents
from ..model import ConsentState, Customer
from .items import PROFILE, WISHES, Item, partition
from .linking import PARTED, parted_key, records_of
from .merging import Merge
from .store import CustomerStore
from .suppression import suppress

IDENTITY, WHOLE = "identities", "profile"
"""Kinds whose removal has a condition: an identity may have become somebody else's, and the profile
goes only as it was read."""

_KINDS: Final = {
    "trace": "traces",
    "merge": "merges",
    PARTED: "merges",
    "consent": "consents",
    "asked": "opt-in questions",
    WISHES: "wishes",
}


class Kept(NamedTuple):
    """One item that is kept of a customer: what kind of thing it is, and in which table."""

    kind: str
    table: str
    item: Item


def refused(customer: Customer) -> bool:
    """They have refused something, so the refusal must outlive their record."""
    return any(c.state is ConsentState.DENIED for c in customer.consents)


def kept_of(store: CustomerStore, customer: Customer) -> Iterator[Kept]:
    """Every item of theirs, in the order in which it is safe to remove them.

    The profile is last: what a crash left is found through it, and so is what arrived meanwhile.
    Those merged into it are first: after a crash they are still found through it.
    """
    own, *merged = records_of(store, customer.id)
    for record_id in reversed(merged):
        for item in list(store.items(record_id, "")):
            for each in _with_its_twin(store, item):
                yield Kept("merged records", store.table, each)
    profile: Item | None = None
    for item in list(store.items(own, "")):
        if item["sk"]["S"] == PROFILE:
            profile = item
            continue
        for each in _with_its_twin(store, item):
            yield Kept(kind_of(item), store.table, each)
    for identity in customer.identities:
        tied = store.item(f"identity#{identity}", "identity")
        if tied is not None and tied["customer_id"]["S"] == own:
            yield Kept(IDENTITY, store.table, tied)
    if profile is not None:
        yield Kept(WHOLE, store.table, profile)


def erase(store: CustomerStore, customer: Customer) -> dict[str, int]:
    """Remove every item of theirs; answers how many of each kind. Safe to repeat.

    What they refused outlives it. Raises documents.Cancelled when the profile changed since it was
    read: erase again.
    """
    if refused(customer):
        suppress(store, customer.identities)
    removed: Counter[str] = Counter()
    for kept in kept_of(store, customer):
        removed[kept.kind] += _remove(store, customer, kept)
    return dict(removed)


def _remove(store: CustomerStore, customer: Customer, kept: Kept) -> int:
    if kept.kind == WHOLE:
        store.transact([store.delete_profile(customer)])
        return 1
    if kept.kind != IDENTITY:
        return store.remove([kept.item])
    try:
        identity = kept.item["pk"]["S"].partition("#")[2]
        store.transact([store.release(identity, customer.id)])
    except documents.Cancelled as cancelled:
        if not cancelled.failed:
            raise
        return 0
    return 1


def kind_of(item: Item) -> str:
    """What an item of a customer's partition is: `order`, `consents`, `traces`…"""
    sort_key: str = item["sk"]["S"]
    head, _, rest = sort_key.partition("#")
    return rest.partition("#")[0] if head == "view" else _KINDS.get(head, head)


def _with_its_twin(store: CustomerStore, item: Item) -> Iterator[Item]:
    """The item, after what another partition holds of the same thing: who waits for a product, and
    the other side of a merge that was undone."""
    head, _, name = item["sk"]["S"].partition("#")
    owner = item["pk"]["S"].removeprefix(partition(""))
    twin: Item | None = None
    if head == WISHES:
        twin = store.item(f"waiting#{name}", owner)
    elif head == PARTED:
        twin = store.item(partition(item["survivor_id"]["S"]), f"merge#{name}")
    elif head == "merge":
        done = documents.read(Merge, item)
        twin = store.item(*parted_key(done)) if done.undone_at else None
    if twin is not None:
        yield twin
    yield item
