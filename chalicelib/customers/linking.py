"""Which identities belong to one customer: new customers, claims, merges and their undoing.

Whoever brings a public write key may tie browsers (`anonymous:`) to a user, and nothing stronger;
two customers who are both known by something stronger become one only by an operator's word.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from .. import documents
from ..documents import WriteItem
from ..errors import ConflictError, NotFoundError
from ..model import IDENTITY_NAMESPACES, Customer, Identity
from .browsers import browsers_of, unvouched
from .consent_record import HEARD, Heard
from .items import partition, profile_item
from .merging import Merge, merge, part
from .store import CustomerStore

PARTED = "parted"
BROWSERS_LIMIT = 30
"""How many browsers are tied to one customer: the record, and a merge's transaction, are bounded.
Whoever brings the public write key could name any number."""

_CUSTOMER_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._:~@-]{0,127}$")


def strongest_first(identities: Sequence[Identity]) -> list[Identity]:
    """In the order of IDENTITY_NAMESPACES; the given order among equals."""
    return sorted(identities, key=lambda i: IDENTITY_NAMESPACES.index(i.partition(":")[0]))


def is_anonymous(customer: Customer) -> bool:
    """Known by nothing but browsers."""
    return all(i.startswith("anonymous:") for i in customer.identities)


def owner_of(identities: Sequence[Identity], owners: Mapping[Identity, str]) -> str | None:
    """The customer whom the strongest known identity names."""
    return next((owners[i] for i in strongest_first(identities) if i in owners), None)


def new_customer(identities: Sequence[Identity], fallback_id: str) -> Customer:
    """A customer with nothing but these identities; a `user:` value is the id where it can be."""
    named = [i.removeprefix("user:") for i in identities if i.startswith("user:")]
    customer_id = next((n for n in named if _CUSTOMER_ID.match(n)), fallback_id)
    return Customer(id=customer_id, identities=tuple(strongest_first(identities)))


def unclaimed(identities: Sequence[Identity], owners: Mapping[Identity, str]) -> list[Identity]:
    """Identities that nobody holds yet."""
    return [i for i in identities if i not in owners]


def merge_id(survivor_id: str, other_id: str, at: datetime) -> str:
    """The same for the same merge, so that a repeated request does not merge twice."""
    text = f"{survivor_id}\n{other_id}\n{at.isoformat()}"
    return f"m-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def tie(
    store: CustomerStore,
    survivor_id: str,
    other_id: str,
    now: datetime,
    *,
    vouched: bool = True,
) -> Customer:
    """Make the two one, in storage; answers the survivor as it stands.

    What the other's browsers may be told comes along where somebody vouched for it, an operator or
    the shop's server; never by the word of whoever holds the public write key.

    One transaction moves identities and profile and leaves a marker; then the history is copied,
    and the marker goes. A crash in between is mended by `finish`, which whoever sees the marker
    calls. Raises documents.Cancelled when either of them changed meanwhile: read again.
    """
    survivor, other = _both(store, survivor_id, other_id)
    joined = merge(survivor, other if vouched else unvouched(other))
    done = Merge(
        id=merge_id(survivor_id, other_id, now),
        at=now,
        survivor_before=_without_history(survivor),
        other_before=_without_history(other),
    )
    moved = [i for i in other.identities if i not in survivor.identities]
    base = survivor.model_copy(update={"orders": joined.orders, "offers": joined.offers})
    held = base.model_copy(update={"identities": joined.identities})
    buried = Customer(id=other.id, merged_into=survivor.id)
    store.transact(
        [
            *store.changes(held, joined, now, by=f"merge {done.id}", renewing=False),
            documents.put(
                store.table,
                profile_item(buried, other.version + 1, expires_at=store.expiry(now)),
                "version = :version",
                version=other.version,
            ),
            *(store.hand_on(i, other.id, survivor.id, now) for i in moved),
            documents.put(store.table, _merge_item(survivor.id, done, store.record_expiry(now))),
            documents.put(
                store.table, _marker(survivor.id, done.id, other.id, store.record_expiry(now))
            ),
        ]
    )
    finish(store, survivor.id)
    return joined.model_copy(update={"version": survivor.version + 1})


def finish(store: CustomerStore, survivor_id: str) -> None:
    """Copy the history of every merge whose marker still stands; safe to repeat."""
    for marker in list(store.items(survivor_id, "merging#")):
        other = store.view(marker["other_id"]["S"])
        if other is not None:
            moved = Customer(id=survivor_id, orders=other.orders, offers=other.offers)
            store.put_items(store.history_items(moved))
        # Not as a transaction: two that finish at once must not refuse one another.
        store.remove([marker])


def merges_of(store: CustomerStore, customer_id: str) -> list[Merge]:
    """Every merge into this customer, undone ones too."""
    return [documents.read(Merge, item) for item in store.items(customer_id, "merge#")]


def records_of(store: CustomerStore, customer_id: str) -> list[str]:
    """The ids of the customer's own record and of every record that lives on in it."""
    found = [customer_id]
    for done in merges_of(store, customer_id):
        if done.undone_at is None:
            found += records_of(store, done.other_before.id)
    return found


def traces_of(store: CustomerStore, customer_id: str) -> Iterator[str]:
    """The ids of the customer's interactions, from before any merge too."""
    for record_id in records_of(store, customer_id):
        yield from store.traces(record_id)


def heard_of(store: CustomerStore, customer_id: str) -> list[Heard]:
    """Every consent and refusal heard from the customer, from before any merge too, in time."""
    found = (h for record_id in records_of(store, customer_id) for h in store.heard_by(record_id))
    return sorted(found, key=lambda h: (h.consent.at, h.recorded_at))


def undo(store: CustomerStore, customer_id: str, merge_id: str, now: datetime) -> Customer:
    """Part the two again; answers the survivor. Raises NotFoundError, ConflictError."""
    for _ in store.patience.attempts():
        try:
            return _undo_once(store, customer_id, merge_id, now)
        except documents.Cancelled:
            continue
    raise ConflictError("the customer keeps changing; try again", customer_id=customer_id)


def with_identities(customer: Customer, more: Sequence[Identity]) -> Customer:
    """The customer with these identities too; of ever new browsers only the latest stay, and all
    that are proven."""
    held = tuple(dict.fromkeys((*customer.identities, *more)))
    unproven = [b for b in browsers_of(held) if b not in customer.proven_browsers]
    gone = unproven[: len(customer.proven_browsers) - BROWSERS_LIMIT]
    return customer.model_copy(update={"identities": tuple(i for i in held if i not in gone)})


def _undo_once(store: CustomerStore, customer_id: str, merge_id: str, now: datetime) -> Customer:
    finish(store, customer_id)
    done = next((m for m in merges_of(store, customer_id) if m.id == merge_id), None)
    if done is None:
        raise NotFoundError("there is no such merge of this customer", merge_id=merge_id)
    if done.undone_at is not None:
        raise ConflictError("this merge has been undone already", merge_id=merge_id)
    merged = store.view(customer_id)
    buried = store.view(done.other_before.id)
    if merged is None or buried is None or merged.merged_into or buried.merged_into != customer_id:
        raise ConflictError("one of the two is gone or was merged again", merge_id=merge_id)
    history = {"orders": buried.orders, "offers": buried.offers}
    whole = done.model_copy(update={"other_before": done.other_before.model_copy(update=history)})
    survivor, other = part(merged, whole)
    returned = [i for i in merged.identities if i not in survivor.identities]
    kept = merged.model_copy(update={"identities": survivor.identities})
    # That it was is kept; what the two were is theirs again, and theirs alone to have erased.
    bare = {"survivor_before": Customer(id=customer_id), "other_before": Customer(id=other.id)}
    undone = done.model_copy(update={**bare, "undone_at": now})
    store.transact(
        [
            *store.changes(kept, survivor, now, by=f"undone merge {merge_id}", renewing=False),
            *store.heard(whole.other_before, other, now, by=f"undone merge {merge_id}"),
            documents.put(
                store.table,
                profile_item(other, buried.version + 1, expires_at=store.expiry(now)),
                "version = :version",
                version=buried.version,
            ),
            *(store.hand_on(i, customer_id, other.id, now) for i in returned),
            documents.put(store.table, _merge_item(customer_id, undone, store.record_expiry(now))),
            documents.put(store.table, _parted_item(undone, store.record_expiry(now))),
            *_unheard(store, customer_id, merge_id),
        ]
    )
    store.remove_history(customer_id, buried)
    return survivor.model_copy(update={"version": merged.version + 1})


def _both(store: CustomerStore, survivor_id: str, other_id: str) -> tuple[Customer, Customer]:
    finish(store, other_id)
    survivor, other = store.view(survivor_id), store.view(other_id)
    if survivor is None or other is None:
        raise NotFoundError("no such customer", customer_ids=[survivor_id, other_id])
    if survivor.merged_into or other.merged_into or survivor_id == other_id:
        raise ConflictError("already merged", customer_ids=[survivor_id, other_id])
    return survivor, other


def _without_history(customer: Customer) -> Customer:
    return customer.model_copy(update={"orders": (), "offers": ()})


def _merge_item(customer_id: str, done: Merge, expires_at: int) -> dict[str, Any]:
    pk = partition(customer_id)
    return documents.item(pk, f"merge#{done.id}", done, expires_at=expires_at)


def parted_key(undone: Merge) -> tuple[str, str]:
    """Where the other one's record says that it was merged once."""
    return partition(undone.other_before.id), f"{PARTED}#{undone.id}"


def _parted_item(undone: Merge, expires_at: int) -> dict[str, Any]:
    """By it the erasure of either finds what the other one's record says of them."""
    told = {
        "survivor_id": {"S": undone.survivor_before.id},
        "expires_at": {"N": str(expires_at)},
    }
    return {**documents.key(*parted_key(undone)), **told}


def _unheard(store: CustomerStore, customer_id: str, merge_id: str) -> list[WriteItem]:
    """What takes the words of the other one off the survivor's record, which came with the merge;
    they stand on the other one's own."""
    return [
        {"Delete": {"TableName": store.table, "Key": {"pk": item["pk"], "sk": item["sk"]}}}
        for item in store.items(customer_id, HEARD)
        if documents.read(Heard, item).by == f"merge {merge_id}"
    ]


def _marker(survivor_id: str, merge_id: str, other_id: str, expires_at: int) -> dict[str, Any]:
    key = documents.key(partition(survivor_id), f"merging#{merge_id}")
    return {**key, "other_id": {"S": other_id}, "expires_at": {"N": str(expires_at)}}
