"""Many imported customers at once: those whom nobody knows yet take few calls together.

The others, and whoever appears meanwhile, are saved one by one as an operator's word is
(saving.py). Never here: reading files (rows.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from .. import documents
from ..documents import Cancelled, WriteItem
from ..errors import ConflictError
from ..model import Customer
from .consents import standing, to_be_confirmed, unheeded
from .input import CustomerRow
from .merging import touched
from .rows import Row
from .saving import save
from .store import CustomerStore
from .suppression import heeding, suppressed

ITEMS_A_TRANSACTION = 100
"""DynamoDB's limit."""

_Entry = tuple[int, Customer]
"""A row's line and the customer it states."""


def import_customers(
    store: CustomerStore, rows: Iterable[Row[CustomerRow]], now: datetime
) -> Iterator[Row[CustomerRow]]:
    """Put each good row in, and yield those refused. Raises TemporaryError: repeat the import."""
    entries: list[_Entry] = []
    for row in rows:
        if row.value is None:
            yield row
        else:
            entries.append((row.line, row.value.customer(now)))
    identities = [i for _, customer in entries for i in customer.identities]
    owners = owners_of(store, identities)
    barred = suppressed(store, [i for i in dict.fromkeys(identities) if i not in owners])
    entries = [(n, heeding(customer, barred, now)) for n, customer in entries]
    unknown = [(n, c) for n, c in entries if not any(i in owners for i in c.identities)]
    known = [(n, c) for n, c in entries if any(i in owners for i in c.identities)]
    for group in _groups(store, unknown, now):
        try:
            store.transact([write for _, writes in group for write in writes])
        except Cancelled:
            known.extend(entry for entry, _ in group)
    for line, customer in known:
        try:
            save(store, customer, now)
        except ConflictError as error:
            yield Row(line, reason=error.message)


def _unconfirmed(store: CustomerStore, given: Customer) -> Customer:
    """A customer as stated, with what they have to confirm themselves still pending.

    An import asks nobody: the question goes out when a form, an agent or START says it again.
    """
    nobody = Customer(id=given.id)
    stated = (to_be_confirmed(nobody, said, store.double_opt_in) for said in given.consents)
    return given.model_copy(update={"consents": standing(stated, unheeded(given))})


def owners_of(store: CustomerStore, identities: Sequence[str]) -> dict[str, str]:
    """`store.resolve` for any number of identities."""
    owners: dict[str, str] = {}
    wanted = list(dict.fromkeys(identities))
    for start in range(0, len(wanted), documents.BATCH_GET_LIMIT):
        owners |= store.resolve(wanted[start : start + documents.BATCH_GET_LIMIT])
    return owners


def _groups(
    store: CustomerStore, entries: Iterable[_Entry], now: datetime
) -> Iterator[list[tuple[_Entry, list[WriteItem]]]]:
    """As many customers together as one transaction holds; each stays whole."""
    group: list[tuple[_Entry, list[WriteItem]]] = []
    size = 0
    for line, customer in entries:
        nobody = Customer(id=customer.id)
        stated = _unconfirmed(store, customer)
        writes = store.changes(nobody, touched(nobody, stated, now), now)
        if group and size + len(writes) > ITEMS_A_TRANSACTION:
            yield group
            group, size = [], 0
        group.append(((line, customer), writes))
        size += len(writes)
    if group:
        yield group
