"""Imported orders, counted into the customer views: each once, however often it is imported.

An order itself expires, that it has been counted does not: each leaves an item
`customer#<id> / counted#<order id>`, written in the transaction that counts it. Never here: reading
files (rows.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from .. import documents
from ..documents import Cancelled, WriteItem
from ..errors import TemporaryError
from ..model import Customer, Order, category_prefixes
from .activity import CategoryOf, record_order
from .input import TransactionRow
from .items import Item, partition, read_view, whole
from .merging import Merge
from .newcomers import owners_of
from .rows import Row
from .store import CustomerStore

ORDERS_A_TRANSACTION = 20
"""Of the 100 items that a transaction holds: two for an order, and the view's own."""

UNKNOWN_CUSTOMER = "there is no such customer"


class Answering(NamedTuple):
    """What imported orders answer: `put` puts it on the customer's view, `tell` is given the view
    and the ids of its orders once they are counted, and again when they are imported again."""

    put: Callable[[Customer, Order], Customer] = lambda customer, order: customer
    tell: Callable[[Customer, Collection[str]], object] = lambda customer, order_ids: None


def import_orders(
    store: CustomerStore,
    rows: Sequence[Row[TransactionRow]],
    now: datetime,
    category_of: CategoryOf = lambda _: None,
    answering: Answering | None = None,
) -> Iterator[Row[TransactionRow]]:
    """Count each good row's order, and yield the rows refused. Raises TemporaryError: repeat it.

    `category_of` names the category of an order line that names only its product.
    """
    answering = answering or Answering()
    owners = owners_of(store, [row.value.customer for row in rows if row.value is not None])
    orders: dict[str, list[tuple[int, Order]]] = {}
    for row in rows:
        if row.value is None:
            yield row
        elif (owner := owners.get(row.value.customer)) is None:
            yield Row(row.line, reason=UNKNOWN_CUSTOMER)
        else:
            order = _placed(row.value.order, category_of)
            orders.setdefault(owner, []).append((row.line, order))
    for customer_id, theirs in orders.items():
        for start in range(0, len(theirs), ORDERS_A_TRANSACTION):
            some = theirs[start : start + ORDERS_A_TRANSACTION]
            if not _count(store, customer_id, [order for _, order in some], now, answering):
                yield from (Row(line, reason=UNKNOWN_CUSTOMER) for line, _ in some)


def with_orders(
    customer: Customer, orders: Iterable[Order], category_of: CategoryOf = lambda _: None
) -> Customer:
    """The customer with these orders counted, for bulk loads; `counted_items` goes with it."""
    for order in orders:
        customer = record_order(customer, _placed(order, category_of))
    return customer


def counted_items(customer_id: str, orders: Iterable[Order], expires_at: int) -> Iterator[Item]:
    """What bars these orders from being counted again by an import."""
    return (_counted_item(customer_id, order.id, expires_at) for order in orders)


def _count(
    store: CustomerStore,
    customer_id: str,
    orders: Sequence[Order],
    now: datetime,
    answering: Answering,
) -> bool:
    """False when the customer is gone: erased, but for an identity."""
    for lost in store.patience.attempts():
        try:
            counted = _count_once(store, customer_id, orders, now, lost, answering)
        except Cancelled:
            continue
        if counted is not None:
            answering.tell(counted, {order.id for order in orders})
        return counted is not None
    raise TemporaryError("a customer kept changing while orders of theirs were imported")


def _count_once(
    store: CustomerStore,
    customer_id: str,
    orders: Sequence[Order],
    now: datetime,
    lost: int,
    answering: Answering,
) -> Customer | None:
    """The customer with the orders counted, None when they are gone."""
    items = list(store.items(customer_id, "", backwards=True))
    view = [item for item in items if item["sk"]["S"].startswith("view#")]
    if not whole(view, lost):
        raise Cancelled
    before = read_view(view)
    if before is None:
        return None
    if before.merged_into:
        return _count_once(store, before.merged_into, orders, now, lost, answering)
    counted = _counted(store, items)
    uncounted = [order for order in orders if order.id not in counted]
    if not uncounted:
        return before
    after = with_orders(before, uncounted)
    for order in uncounted:
        after = answering.put(after, order)
    until = store.record_expiry(now)
    marks = [_mark(store, _counted_item(before.id, order.id, until)) for order in uncounted]
    store.transact([*store.changes(before, after, now), *marks])
    return after


def _counted(store: CustomerStore, items: Iterable[Item]) -> set[str]:
    """The ids of the orders that count in a view: their own and those of whoever was merged in."""
    ids = set()
    for item in items:
        kind, _, rest = item["sk"]["S"].partition("#")
        if kind == "counted":
            ids.add(rest)
        elif kind == "merge" and (merge := documents.read(Merge, item)).undone_at is None:
            ids |= _counted(store, store.items(merge.other_before.id, ""))
    return ids


def _mark(store: CustomerStore, counted: Item) -> WriteItem:
    return documents.put(store.table, counted, "attribute_not_exists(pk)")


def _counted_item(customer_id: str, order_id: str, expires_at: int) -> Item:
    key = documents.key(partition(customer_id), f"counted#{order_id}")
    return {**key, "expires_at": {"N": str(expires_at)}}


def _placed(order: Order, category_of: CategoryOf) -> Order:
    lines = tuple(
        line
        if line.category or line.product_id is None
        else line.model_copy(update={"category": _path(category_of(line.product_id))})
        for line in order.lines
    )
    return order.model_copy(update={"lines": lines})


def _path(category: str | None) -> str | None:
    return next(reversed(category_prefixes(category)), None)
