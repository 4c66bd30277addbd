"""The customer partition in DynamoDB: read in one query, written as parts of one transaction.

    identity#<identity> / identity           -> customer_id
    customer#<id>       / view#profile       who they are, consents, reach; carries `version`
                        / view#activity      aggregates and recent behaviour
                        / view#order#…       one transaction each, kept for a time (TTL)
                        / view#offer#…       one offer put to them each, with its response (TTL)
                        / trace#…            ids of their interactions, for access and erasure
                        / merge#…, merging#… who was merged into them; a merge still under way
                        / waits#<product>    what they want to be told of, for erasure
    waiting#<product>   / <customer id>      told when the product is back

Every change of a view is conditional on the version that was read, so that two interactions of one
customer at once cannot lose anything of either: the second one reads again. Each item of a view
carries the version that it was written in, so that a read that met a change half applied is known
for what it is. Never decides anything.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from .. import documents
from ..documents import Patience, WriteItem
from ..errors import TemporaryError
from ..model import (
    Customer,
    Identity,
    OfferContact,
    Order,
)
from .sampling import draw_ids

Item = dict[str, Any]

PROFILE, ACTIVITY, WISHES = "view#profile", "view#activity", "waits"
_ORDER, _OFFER = "view#order#", "view#offer#"
_SORT_KEY_BYTES = 1024
_LOOKS = 4
"""How often what was written with a profile is looked for again before it is taken as expired."""

_ACTIVITY_FIELDS = {"aggregates", "recent"}
_PROFILE_FIELDS = set(Customer.model_fields) - _ACTIVITY_FIELDS - {"version", "orders", "offers"}


def partition(customer_id: str) -> str:
    return f"customer#{customer_id}"


class CustomerStore:
    """Customers by id and by identity, in the `customers` table of one stage."""

    def __init__(
        self,
        client: Any,
        table: str,
        order_retention_days: int = 90,
        retention_days: int = 400,
        patience: Patience | None = None,
        suppression_key: bytes = b"",
    ) -> None:
        self.table = table
        self.suppression_key = suppression_key
        self.patience = patience or Patience(random.Random(0), lambda _: None)  # noqa: S311
        self._client = client
        self._order_retention = timedelta(days=order_retention_days)
        self._retention = timedelta(days=retention_days)

    def identity_keys(self, identities: Iterable[Identity]) -> list[Item]:
        """The keys that `owners` wants read, for a BatchGetItem shared with other tables."""
        return [documents.key(f"identity#{i}", "identity") for i in identities]

    def owners(self, found: Iterable[Item]) -> dict[Identity, str]:
        """Which customer each stored identity belongs to."""
        return {i["pk"]["S"].removeprefix("identity#"): i["customer_id"]["S"] for i in found}

    def present(self, keys: list[Item]) -> set[str]:
        """The partition keys of those of these items that there are."""
        found = documents.batch_get(self._client, {self.table: keys})
        return {item["pk"]["S"] for item in found[self.table]}

    def resolve(self, identities: Sequence[Identity]) -> dict[Identity, str]:
        """`owners`, read here: for callers outside the message path."""
        found = documents.batch_get(self._client, {self.table: self.identity_keys(identities)})
        return self.owners(found[self.table])

    def view(self, customer_id: str, *, orders: bool = True) -> Customer | None:
        """The single customer view in one query; None when there is no such customer.

        Without `orders` the transactions are left out, not what was counted of them. Raises
        TemporaryError when every look met a change half applied.
        """
        for lost in self.patience.attempts():
            items = list(self.items(customer_id, "view#", backwards=True))
            if whole(items, lost):
                return read_view(items, orders=orders)
        raise TemporaryError("others keep changing the customer", customer_id=customer_id)

    def living(self, customer_id: str, *, orders: bool = True) -> Customer | None:
        """`view`, followed to whoever the record was merged into."""
        customer = self.view(customer_id, orders=orders)
        while customer is not None and customer.merged_into:
            customer = self.view(customer.merged_into, orders=orders)
        return customer

    def sample(self, count: int, rng: random.Random) -> list[Customer]:
        """Customers drawn at random, `count` of them or all where there are fewer.

        Not the merged and the erased. A large table may give some fewer: it is not walked.
        """
        ids = draw_ids(self._client, self.table, count, rng)
        views = (self.view(customer_id) for customer_id in ids)
        living = (c for c in views if c is not None and c.merged_into is None)
        return list(islice(living, count))

    def items(self, customer_id: str, prefix: str, *, backwards: bool = False) -> Iterator[Item]:
        """The stored items of one partition under a sort key prefix, consistently read.

        `backwards` reads a view's profile, with its version, before everything else in it: what
        changes while page follows page is then refused with the version, and cannot be lost.
        """
        pk = partition(customer_id)
        order = {"ConsistentRead": True, "ScanIndexForward": not backwards}
        return documents.query(self._client, self.table, pk, prefix, **order)

    def changes(self, before: Customer, after: Customer, now: datetime) -> list[WriteItem]:
        """What must be written to turn `before` into `after`; position 0 holds the version lock."""
        condition = "version = :version" if before.version else "attribute_not_exists(pk)"
        values = {"version": before.version} if before.version else {}
        version, facts = before.version + 1, self._new_facts(before, after, now)
        profile = profile_item(after, version, beside=[item["sk"]["S"] for item in facts])
        writes = [documents.put(self.table, profile, condition, **values)]
        stamp = {"version": {"N": str(version)}}
        writes += [documents.put(self.table, {**item, **stamp}) for item in facts]
        for identity in after.identities:
            if identity not in before.identities:
                writes.append(self.claim(identity, after.id))
        for identity in before.identities:
            if identity not in after.identities:
                writes.append(self.release(identity, before.id))
        return writes

    def _new_facts(self, before: Customer, after: Customer, now: datetime) -> list[Item]:
        """The items of `after`'s view that differ from `before`'s; not the profile."""
        facts = []
        if (before.aggregates, before.recent) != (after.aggregates, after.recent):
            facts.append(activity_item(after))
        known = {item["sk"]["S"]: item for item in self._history_but(before, after)}
        changed = (i for i in self._history_but(after, before) if known.get(i["sk"]["S"]) != i)
        return facts + [item for item in changed if not self._expired(item, now)]

    def _history_but(self, one: Customer, other: Customer) -> Iterator[Item]:
        """The items of `one`'s history whose facts are not the very objects of `other`'s."""
        same = {id(fact) for fact in (*other.orders, *other.offers)}
        orders = (order for order in one.orders if id(order) not in same)
        offers = (contact for contact in one.offers if id(contact) not in same)
        return self._history(one.id, orders, offers)

    def transact(self, writes: Sequence[WriteItem]) -> None:
        """All or none. Raises documents.Cancelled when somebody else was first."""
        documents.transact(self._client, writes)

    def claim(self, identity: Identity, customer_id: str) -> WriteItem:
        """Tie an identity that nobody holds; the transaction fails where somebody does."""
        return documents.put(
            self.table,
            identity_item(identity, customer_id),
            "attribute_not_exists(pk) OR customer_id = :owner",
            owner=customer_id,
        )

    def release(self, identity: Identity, customer_id: str) -> WriteItem:
        """Untie an identity from the customer who holds it."""
        return {
            "Delete": {
                "TableName": self.table,
                "Key": documents.key(f"identity#{identity}", "identity"),
                "ConditionExpression": "attribute_not_exists(pk) OR customer_id = :owner",
                "ExpressionAttributeValues": {":owner": {"S": customer_id}},
            }
        }

    def hand_on(self, identity: Identity, owner: str, heir: str) -> WriteItem:
        """Tie an identity to another customer, if `owner` still holds it."""
        item = identity_item(identity, heir)
        return documents.put(self.table, item, "customer_id = :owner", owner=owner)

    def trace(self, customer_id: str, interaction_id: str, expires_at: int) -> WriteItem:
        """Remember whose an interaction was, so that access and erasure find it."""
        name, attributes = f"trace#{interaction_id}", {"expires_at": {"N": str(expires_at)}}
        if len(name.encode()) > _SORT_KEY_BYTES:
            name = f"trace#{hashlib.sha256(interaction_id.encode()).hexdigest()}"
            attributes["interaction_id"] = {"S": interaction_id}
        item = documents.key(partition(customer_id), name)
        return documents.put(self.table, {**item, **attributes})

    def traces(self, customer_id: str) -> Iterator[str]:
        """The ids of the customer's interactions."""
        for item in documents.query(self._client, self.table, partition(customer_id), "trace#"):
            full = item.get("interaction_id", {}).get("S")
            yield full or item["sk"]["S"].removeprefix("trace#")

    def save(self, before: Customer, after: Customer, now: datetime) -> Customer:
        """Write the difference now. Raises documents.Cancelled when somebody else was first."""
        self.transact(self.changes(before, after, now))
        return after.model_copy(update={"version": before.version + 1})

    def items_of(self, customer: Customer) -> Iterator[Item]:
        """Every item of the customer, for bulk loads of customers that nobody else writes."""
        yield profile_item(customer, customer.version + 1)
        yield activity_item(customer)
        yield from self.history_items(customer)
        for identity in customer.identities:
            yield identity_item(identity, customer.id)

    def put_items(self, items: Iterable[Item]) -> int:
        """Write items in batches, unconditionally: for imports and for the tail of a merge."""
        return documents.batch_write(self._client, self.table, items)

    def remove(self, items: Iterable[Item]) -> int:
        """Delete items by their keys, one by one; returns how many. Safe to repeat."""
        return documents.delete(self._client, self.table, items)

    def remove_history(self, customer_id: str, other: Customer) -> int:
        """Take the orders and offers of `other` out of the customer's partition."""
        moved = Customer(id=customer_id, orders=other.orders, offers=other.offers)
        return self.remove(self.history_items(moved))

    def await_product(
        self, customer_id: str, product_id: str, expires_at: int
    ) -> tuple[WriteItem, ...]:
        """Remember that the customer wants to be told when the product is back."""
        keys = self._waiting_keys(customer_id, product_id)
        expires = {"expires_at": {"N": str(expires_at)}}
        return tuple(documents.put(self.table, {**key, **expires}) for key in keys)

    def awaits(self, customer_id: str, product_id: str) -> bool:
        """Whether the customer still wants to be told."""
        waiting = documents.get(self._client, self.table, f"waiting#{product_id}", customer_id)
        return waiting is not None

    def waiting_for(self, product_id: str) -> Iterator[str]:
        """The customers who want to be told."""
        for item in documents.query(self._client, self.table, f"waiting#{product_id}"):
            yield item["sk"]["S"]

    def told(self, customer_id: str, product_id: str) -> tuple[WriteItem, ...]:
        """They have been told: no longer waiting."""
        keys = self._waiting_keys(customer_id, product_id)
        return tuple({"Delete": {"TableName": self.table, "Key": key}} for key in keys)

    def delete_profile(self, customer: Customer) -> WriteItem:
        """The end of a record; the transaction fails where it changed since it was read."""
        return {
            "Delete": {
                "TableName": self.table,
                "Key": documents.key(partition(customer.id), PROFILE),
                "ConditionExpression": "version = :version",
                "ExpressionAttributeValues": {":version": {"N": str(customer.version)}},
            }
        }

    def _waiting_keys(self, customer_id: str, product_id: str) -> tuple[Item, Item]:
        return (
            documents.key(f"waiting#{product_id}", customer_id),
            documents.key(partition(customer_id), f"{WISHES}#{product_id}"),
        )

    def history_items(self, customer: Customer) -> Iterator[Item]:
        """Orders and offers as items of the customer's partition."""
        return self._history(customer.id, customer.orders, customer.offers)

    def _history(
        self, customer_id: str, orders: Iterable[Order], offers: Iterable[OfferContact]
    ) -> Iterator[Item]:
        pk = partition(customer_id)
        for order in orders:
            expires = int((order.at + self._order_retention).timestamp())
            yield documents.item(pk, f"{_ORDER}{order.id}", order, expires_at=expires)
        for contact in offers:
            expires = int((contact.at + self._retention).timestamp())
            yield documents.item(pk, offer_key(contact), contact, expires_at=expires)

    def _expired(self, item: Item, now: datetime) -> bool:
        return documents.number(item, "expires_at", 2**60) < now.timestamp()


def offer_key(contact: OfferContact) -> str:
    return f"{_OFFER}{contact.decision_id}#{contact.offer_id}"


def profile_item(customer: Customer, version: int, beside: Sequence[str] = ()) -> Item:
    """The profile; `beside` names the items of the view that are written with it."""
    return documents.item(
        partition(customer.id),
        PROFILE,
        customer,
        only=_PROFILE_FIELDS,
        version=version,
        beside="\n".join(beside) or None,
    )


def activity_item(customer: Customer) -> Item:
    return documents.item(partition(customer.id), ACTIVITY, customer, only=_ACTIVITY_FIELDS)


def identity_item(identity: Identity, customer_id: str) -> Item:
    owner = {"customer_id": {"S": customer_id}}
    return {**documents.key(f"identity#{identity}", "identity"), **owner}


def whole(items: Sequence[Item], looks: int) -> bool:
    """Whether the items of a view are all of one state; `looks` before this found that not.

    A Query is read-committed, no snapshot: it may show a profile as the latest change left it, and
    what was written with it as it was before. What is still missing in the end has expired.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
    """
    found = {item["sk"]["S"]: item for item in items}
    profile = found.get(PROFILE)
    if profile is None or "beside" not in profile:
        return True
    version = documents.number(profile, "version")
    together = [found.get(sk) for sk in profile["beside"]["S"].split("\n")]
    if None in together and looks < _LOOKS:
        return False
    return all(documents.number(i, "version", version) >= version for i in together if i)


def read_view(items: Iterable[Mapping[str, Any]], *, orders: bool = True) -> Customer | None:
    """One customer from the items of their view, on request without orders; None without a
    profile."""
    version, members = None, list[str]()
    placed, offers = list[str](), list[str]()
    for item in items:
        kind = item["sk"]["S"]
        if kind.startswith(_OFFER):
            offers.append(item["body"]["S"])
        elif kind.startswith(_ORDER):
            placed.append(item["body"]["S"])
        elif kind in (PROFILE, ACTIVITY):
            members.append(item["body"]["S"][1:-1])
        if kind == PROFILE:
            version = documents.number(dict(item), "version")
    if version is None:
        return None
    # One document out of all of them: parsing it once is cheaper than each by itself.
    members += (f'"version":{version}', f'"orders":[{",".join(placed if orders else ())}]')
    members.append(f'"offers":[{",".join(offers)}]')
    customer = Customer.model_validate_json(f"{{{','.join(filter(None, members))}}}")
    newest = {
        "orders": tuple(sorted(customer.orders, key=lambda o: (o.at, o.id), reverse=True)),
        "offers": tuple(sorted(customer.offers, key=lambda o: o.at, reverse=True)),
    }
    return customer.model_copy(update=newest)
