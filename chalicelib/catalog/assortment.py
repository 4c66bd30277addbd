"""The assortment as one container knows it: products, prices, stock and stores, in memory.

Lives here: loading at start, catching up with what others wrote, telling subscribers what changed.
Never here: writing to the table; the writer passes its change to `note_product` or `note_store`.

Documents stay JSON until someone asks for one: 92,331 products take some 40 MB instead of 160 and
load in well under a second instead of two.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from ..assortment import Assortment, Kinds
from ..errors import NotFoundError, PermanentError, TemporaryError
from ..model import Product, Store
from .changes import OVERLAP, READABLE, Stored, timestamp
from .products import ProductChange, ProductStore, StoreChange, product_key
from .snapshots import WRITE_ATTEMPTS, SnapshotHead, Snapshots

log = logging.getLogger(__name__)

Document = TypeVar("Document", Product, Store)


class Shelf(Mapping[str, Document], Generic[Document]):
    """Documents by id, parsed at each look; never changed in place, so readers need no lock."""

    def __init__(self, model: type[Document], entries: Mapping[str, Stored] | None = None) -> None:
        self._model: type[Document] = model
        self._entries = dict(entries or {})

    def __getitem__(self, document_id: str) -> Document:
        return self._model.model_validate_json(self._entries[document_id].body)

    def __contains__(self, document_id: object) -> bool:
        return document_id in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def stored(self, document_id: str) -> Stored | None:
        """The kept form, without parsing."""
        return self._entries.get(document_id)

    def entries(self) -> list[Stored]:
        """The kept forms, in the order in which the table lists them."""
        return sorted(self._entries.values(), key=lambda entry: product_key(entry.id))

    def merged(self, entries: Iterable[Stored]) -> tuple[Shelf[Document], frozenset[str]]:
        """A shelf with what is news among `entries`, and the ids whose document differs."""
        held, changed = self._entries, set[str]()
        for entry in entries:
            known = held.get(entry.id)
            if known is not None and known.version >= entry.version:
                continue
            if held is self._entries:
                held = dict(held)
            held[entry.id] = entry
            if known is None or known.body != entry.body:
                changed.add(entry.id)
        if held is self._entries:
            return self, frozenset()
        shelf = Shelf(self._model)
        shelf._entries = held
        return shelf, frozenset(changed)


@dataclass(frozen=True, slots=True)
class AssortmentChange:
    """Ids of what is new or different."""

    products: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.products or self.stores)


NOTHING = AssortmentChange()


class AssortmentCache:
    """`current` is immutable and replaced as a whole. Safe to use from several threads."""

    def __init__(
        self, products: ProductStore, snapshots: Snapshots, *, refresh_seconds: float
    ) -> None:
        self._store = products
        self._snapshots = snapshots
        self._refresh_every = timedelta(seconds=refresh_seconds)
        self._lock = threading.RLock()
        self._subscribers: list[Callable[[AssortmentChange], None]] = []
        self._products = Shelf(Product)
        self._stores = Shelf(Store)
        self._kinds = Kinds()
        self._current = Assortment(self._products, self._stores, self._kinds)
        self._newest = 0
        self._looked_at: datetime | None = None
        self._read_until: datetime | None = None
        self._head: SnapshotHead | None = None

    @property
    def current(self) -> Assortment:
        """Empty until the first refresh."""
        return self._current

    @property
    def version(self) -> str:
        """When the newest known change was made, the same in every container; empty if none."""
        if not self._newest:
            return ""
        return timestamp(datetime.fromtimestamp(0, UTC) + timedelta(microseconds=self._newest))

    def stored(self, product_id: str) -> Stored | None:
        """The kept form of a product, for imports that compare before they write."""
        return self._products.stored(product_id)

    def stored_store(self, store_id: str) -> Stored | None:
        """The kept form of a store."""
        return self._stores.stored(store_id)

    def subscribe(self, callback: Callable[[AssortmentChange], None]) -> None:
        """Call back after every change, with `current` already replaced."""
        self._subscribers.append(callback)

    def refresh(self, now: datetime, *, force: bool = False) -> AssortmentChange:
        """Catch up with what others wrote, at most every `refresh_seconds` unless forced.

        Costs one read of the head and one query per log shard. A fault of AWS is raised only while
        nothing has been loaded; later it is logged and what is known keeps serving.
        """
        with self._lock:
            looked_at = self._looked_at
            # Absolute: the local run's clock may be set back.
            if not force and looked_at and abs(now - looked_at) < self._refresh_every:
                return NOTHING
            try:
                change = self._pull(now)
            except TemporaryError as error:
                if self._read_until is None:
                    raise
                log.warning("assortment not refreshed: %s %s", error.message, error.details)
                change = NOTHING
            self._looked_at = now
        return self._told(change)

    def note_product(self, change: ProductChange) -> AssortmentChange:
        """An own write: visible here at once."""
        return self.note([change.stored])

    def note_store(self, change: StoreChange) -> AssortmentChange:
        """An own write: visible here at once."""
        return self.note([change.stored])

    def note(self, entries: Iterable[Stored]) -> AssortmentChange:
        """Own writes in their kept form, as an import makes them."""
        with self._lock:
            change = self._apply(list(entries))
        return self._told(change)

    def write_snapshot(self, now: datetime) -> SnapshotHead:
        """Catch up, then make what is known here the current snapshot.

        What other imports left to their snapshots is in the current one, and so in this one; where
        another becomes current meanwhile, that one is read and included. Raises TemporaryError.
        """
        for _ in range(WRITE_ATTEMPTS):
            with self._lock:
                change, seen = self._pull(now), self._head
                entries = [*self._products.entries(), *self._stores.entries()]
            self._told(change)
            head = self._snapshots.put(entries, seen=seen, as_of=now)
            if head is not None:
                with self._lock:
                    self._head = head
                return head
        raise TemporaryError("other snapshots are being written")

    def _pull(self, now: datetime) -> AssortmentChange:
        head = self._snapshots.head()
        since = self._since(head, now)
        if since is None:
            entries, since = list(self._store.listing()), now
        elif head is not None and (self._head is None or self._head.version != head.version):
            entries = self._snapshot_or_listing(head)
        else:
            entries = []
        entries.extend(self._store.changes_since(min(since, now) - OVERLAP))
        change = self._apply(entries)
        self._head = head
        self._read_until = now
        return change

    def _since(self, head: SnapshotHead | None, now: datetime) -> datetime | None:
        """Where to read the log from; None when no snapshot or memory reaches back far enough."""
        horizon = now - READABLE
        if self._read_until is not None and self._read_until > horizon:
            return self._read_until
        if head is not None and head.as_of > horizon:
            return head.as_of
        return None

    def _snapshot_or_listing(self, head: SnapshotHead) -> list[Stored]:
        try:
            return self._snapshots.read(head)
        except (PermanentError, NotFoundError) as error:
            log.error("assortment read from the table: %s %s", error.message, error.details)
            return list(self._store.listing())

    def _apply(self, entries: list[Stored]) -> AssortmentChange:
        self._products, products = self._products.merged(e for e in entries if e.kind == "product")
        self._stores, stores = self._stores.merged(e for e in entries if e.kind == "store")
        self._newest = max(self._newest, *(e.version for e in entries), 0)
        self._kinds = self._kinds.updated(self._products[i] for i in products)
        self._current = Assortment(self._products, self._stores, self._kinds)
        return AssortmentChange(products, stores)

    def _told(self, change: AssortmentChange) -> AssortmentChange:
        if change:
            for callback in self._subscribers:
                callback(change)
        return change
