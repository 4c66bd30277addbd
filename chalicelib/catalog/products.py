"""Products and stores in the catalog table: the truth that the assortment's snapshots copy.

Lives here: get, put and list of products and stores, and the log entry that goes with each put.
Never here: feeds (`feed.py`), what a container keeps in memory (`assortment.py`).

A product is `pk=products#<shard 00..15>`, `sk=<id>`: read by its key, listed by sixteen queries, so
that neither a scan nor a second listing item is needed. Stores are `pk=stores`, `sk=<id>`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from .. import documents
from ..documents import aws_calls
from ..errors import NotFoundError, PayloadError, TemporaryError, TooLargeError
from ..model import Product, Store
from .changes import Stored, change_item, changes_since, shard_of, stored

PRODUCT_SHARDS = 16
PUT_ATTEMPTS = 5
MAX_DOCUMENT_BYTES = 350_000
"""DynamoDB refuses items over 400 KB."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Document = TypeVar("Document", Product, Store)


@dataclass(frozen=True, slots=True)
class ProductChange:
    """What one put did; `stored` is the kept form, for the assortment's cache."""

    before: Product | None
    after: Product
    stored: Stored

    @property
    def changed(self) -> bool:
        return self.before != self.after

    @property
    def restocked(self) -> bool:
        """It was known and not to be had, and is to be had."""
        return self.before is not None and not self.before.available and self.after.available


@dataclass(frozen=True, slots=True)
class StoreChange:
    """What one put of a store did."""

    before: Store | None
    after: Store
    stored: Stored

    @property
    def changed(self) -> bool:
        return self.before != self.after


class ProductStore:
    """Products and stores by id. Raises NotFoundError for what is not there, TemporaryError when
    DynamoDB cannot be reached, TooLargeError for a document that it would not keep."""

    def __init__(self, client: Any, table: str, *, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def get_product(self, product_id: str) -> Product:
        found = self._found(*product_key(product_id))
        if found is None:
            raise NotFoundError("there is no such product", product_id=product_id)
        return documents.read(Product, found)

    def get_store(self, store_id: str) -> Store:
        found = self._found("stores", store_id)
        if found is None:
            raise NotFoundError("there is no such store", store_id=store_id)
        return documents.read(Store, found)

    def put_product(self, product: Product) -> ProductChange:
        """Keep the product and log it, in one transaction; an unchanged one is not written.

        Of two writers at once each sees the other's write as `before`, so a restock is seen once.
        """
        return ProductChange(*self._put("product", product_key(product.id), product))

    def put_store(self, store: Store) -> StoreChange:
        """Keep the store and log it, in one transaction; an unchanged one is not written."""
        return StoreChange(*self._put("store", ("stores", store.id), store))

    def put_products(
        self, products: Iterable[tuple[Product, int]], *, logged: bool
    ) -> tuple[Stored, ...]:
        """Write many without conditions, for imports: each product with the version known of it.

        What is not `logged` reaches other containers by the next snapshot only.
        """
        return self._put_many("product", products, logged=logged)

    def put_stores(self, stores: Iterable[tuple[Store, int]]) -> tuple[Stored, ...]:
        """Write and log many stores without conditions, each with the version known of it."""
        return self._put_many("store", stores, logged=True)

    def listing(self) -> Iterator[Stored]:
        """Every product, then every store, in an order that depends on their ids alone.

        Reads the whole of both: for imports, snapshots and a container that has no snapshot.
        """
        partitions = [f"products#{shard:02}" for shard in range(PRODUCT_SHARDS)]
        with aws_calls():
            for pk in [*partitions, "stores"]:
                kind = "store" if pk == "stores" else "product"
                for found in documents.query(self._client, self._table, pk, ConsistentRead=True):
                    yield stored(kind, found["sk"]["S"], found)

    def changes_since(self, since: datetime) -> Iterator[Stored]:
        """Every product and store written since, as far as the log is kept (`changes.KEPT`)."""
        return changes_since(self._client, self._table, since)

    def _found(self, pk: str, sk: str) -> dict[str, Any] | None:
        with aws_calls():
            answer = self._client.get_item(
                TableName=self._table, Key=documents.key(pk, sk), ConsistentRead=True
            )
        item: dict[str, Any] | None = answer.get("Item")
        return item

    def _put(
        self, kind: str, place: tuple[str, str], document: Document
    ) -> tuple[Document | None, Document, Stored]:
        for _ in range(PUT_ATTEMPTS):
            found = self._found(*place)
            before = None if found is None else documents.read(type(document), found)
            known = 0 if found is None else documents.number(found, "version")
            if found is not None and before == document:
                return before, document, stored(kind, document.id, found)
            at = self._clock()
            version = next_version(known, at)
            item, entry = self._items(kind, document, version, at)
            condition = "version = :known" if found else "attribute_not_exists(pk)"
            values = {"known": known} if found else {}
            write = documents.put(self._table, item, condition, **values)
            if self._transacted([write, documents.put(self._table, entry)]):
                return before, document, stored(kind, document.id, item)
        raise TemporaryError("it is being changed by others", kind=kind, id=document.id)

    def _transacted(self, writes: list[documents.WriteItem]) -> bool:
        """False when another writer was there first."""
        try:
            with aws_calls():
                documents.transact(self._client, writes)
        except documents.Cancelled:
            return False
        except TemporaryError as error:
            # Neither condition failed: DynamoDB saw two transactions on one item at once.
            if error.details.get("code") != "TransactionCanceledException":
                raise
            return False
        return True

    def _put_many(
        self, kind: str, known: Iterable[tuple[Document, int]], *, logged: bool
    ) -> tuple[Stored, ...]:
        at, written, items = self._clock(), list[Stored](), list[dict[str, Any]]()
        for document, version_before in known:
            version = next_version(version_before, at)
            item, entry = self._items(kind, document, version, at)
            items.extend([item, entry] if logged else [item])
            written.append(stored(kind, document.id, item))
        with aws_calls():
            documents.batch_write(self._client, self._table, items)
        return tuple(written)

    def _items(
        self, kind: str, document: Document, version: int, at: datetime
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The document's own item and its log entry."""
        pk, sk = product_key(document.id) if kind == "product" else ("stores", document.id)
        try:
            item = documents.item(pk, sk, document, version=version)
        except ValueError:
            raise PayloadError("it holds text that is not Unicode", id=document.id) from None
        if len(documents.text(item).encode()) > MAX_DOCUMENT_BYTES:
            raise TooLargeError("it is too large to keep", id=document.id)
        return item, change_item(kind, document, version, at)


def product_key(product_id: str) -> tuple[str, str]:
    """(pk, sk) of a product."""
    return f"products#{shard_of(product_id, PRODUCT_SHARDS):02}", product_id


def next_version(known: int, at: datetime) -> int:
    """Microseconds since 1970, but always more than `known`: right even when clocks disagree."""
    return max(known + 1, (at - _EPOCH) // timedelta(microseconds=1))
