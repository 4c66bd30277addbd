"""An operator's word on a customer: who they are, replaced as a whole; what they did stays."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from ..documents import Cancelled
from ..errors import ConflictError, NotFoundError
from ..model import Consent, Customer
from .consents import to_be_confirmed, unheeded, with_consent
from .linking import finish, tie, with_identities
from .merging import touched
from .store import CustomerStore
from .suppression import heeding, meeting, suppressed

_OPERATORS_FIELDS = (
    "profile",
    "attributes",
    "interests",
    "preferences",
    "identities",
    "x_linked_with_opt_in",
)


class Saved(NamedTuple):
    customer: Customer
    created: bool
    merged_ids: tuple[str, ...]


def save(store: CustomerStore, given: Customer, now: datetime) -> Saved:
    """Write `given`; whoever held one of its identities is merged into it.

    Consents on record stay unless `given` has a newer word. Raises ConflictError when others keep
    changing the record.
    """
    for _ in store.patience.attempts():
        try:
            return _save_once(store, given, now)
        except Cancelled:
            continue
    raise ConflictError("the customer keeps changing; try again", customer_id=given.id)


def consent(store: CustomerStore, customer_id: str, said: Consent, now: datetime) -> Customer:
    """Put one consent or refusal on record. Raises NotFoundError, ConflictError."""
    for _ in store.patience.attempts():
        before = store.living(customer_id)
        if before is None:
            raise NotFoundError("no such customer", customer_id=customer_id)
        met = meeting(said, suppressed(store, before.identities), now, before)
        word = to_be_confirmed(before, met, store.double_opt_in)
        try:
            return _kept(store, before, with_consent(before, word), now)
        except Cancelled:
            continue
    raise ConflictError("the customer keeps changing; try again", customer_id=customer_id)


def _save_once(store: CustomerStore, given: Customer, now: datetime) -> Saved:
    finish(store, given.id)
    before = store.view(given.id)
    if before is not None and before.merged_into:
        raise ConflictError("this customer was merged into another", merged_into=before.merged_into)
    owners = store.resolve(given.identities)
    others = tuple(dict.fromkeys(o for o in owners.values() if o != given.id))
    created = before is None
    if before is None and others:
        free = tuple(i for i in given.identities if i not in owners)
        before = store.save(Customer(id=given.id), Customer(id=given.id, identities=free), now)
    own = before.identities if before else ()
    for other_id in others:
        before = tie(store, given.id, other_id, now)
    start = before or Customer(id=given.id)
    given = heeding(given, suppressed(store, given.identities), now, start)
    after = start.model_copy(update={n: getattr(given, n) for n in _OPERATORS_FIELDS})
    # Which browsers are theirs is what they did, and no operator knows; nor did this one perhaps
    # know what else comes with a merge, and undoing it would find it gone.
    kept = [i for i in start.identities if i.startswith("anonymous:") or i not in own]
    after = with_identities(after, kept)
    for said in (*given.consents, *unheeded(given)):
        after = with_consent(after, to_be_confirmed(start, said, store.double_opt_in))
    return Saved(_kept(store, start, touched(start, after, now), now), created, others)


def _kept(store: CustomerStore, before: Customer, after: Customer, now: datetime) -> Customer:
    """The customer as stored: where only words were heard that do not stand, those alone are."""
    if not before.version or after != before:
        return store.save(before, after, now)
    if heard := store.heard(before, after, now):
        store.transact(heard)
    return before
