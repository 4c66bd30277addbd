"""The customer partition in DynamoDB: read in one query, written as parts of one transaction.

    identity#<identity> / identity           -> customer_id
    customer#<id>       / view#profile       who they are, consents, reach; carries `version`
                        / view#activity      aggregates and recent behaviour
                        / view#order#…       one transaction each, kept for a time (TTL)
                        / view#offer#…       one offer put to them each, with its response (TTL)
                        / trace#…            ids of their interactions, for access and erasure:
                                             one, or all that were worked on together
                        / merge#…, merging#… who was merged into them; a merge still under way
                        / parted#…          whom they had been merged into, until it was undone
                        / waits#<product>    what they want to be told of, for erasure
                        / consent#…, asked#… every consent and refusal heard (consent_record.py)
    waiting#<product>   / <customer id>      told when the product is back

Every change of a view is conditional on the version that was read, so that two interactions of one
customer at once cannot lose anything of either: the second one reads again. Each item of a view
carries the version that it was written in, so that a read that met a change half applied is known
for what it is. Never decides anything.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from .. import documents
from ..documents import Patience, WriteItem
from ..errors import TemporaryError
from ..model import (
    Channel,
    Customer,
    Identity,
    OfferContact,
    Order,
)
from . import consent_record
from .consent_record import Heard
from .items import (
    IDENTITY,
    ORDER,
    PROFILE,
    WISHES,
    Item,
    activity_item,
    first_this_month,
    identity_item,
    offer_key,
    partition,
    profile_item,
    read_view,
    whole,
)
from .sampling import draw_ids

_SORT_KEY_BYTES = 1024


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
        double_opt_in: Iterable[Channel] = (),
        profile_retention_days: int = 1095,
        consent_retention_days: int = 1825,
    ) -> None:
        self.table = table
        self.suppression_key = suppression_key
        self.double_opt_in = frozenset(double_opt_in)
        self.patience = patience or Patience(random.Random(0), lambda _: None)  # noqa: S311
        self._client = client
        self._order_retention = timedelta(days=order_retention_days)
        self._retention = timedelta(days=retention_days)
        self._profile_retention = timedelta(days=profile_retention_days)
        self._consent_retention = timedelta(days=consent_retention_days)

    def expiry(self, now: datetime) -> int:
        """Until when who a customer is stays, unless they are heard of again; epoch seconds."""
        return int((now + self._profile_retention).timestamp())

    def record_expiry(self, now: datetime) -> int:
        """Until when words on consent stay that are heard at `now`, and what leads to them."""
        longest = max(self._profile_retention, self._consent_retention)
        return int((now + longest).timestamp())

    def identity_keys(self, identities: Iterable[Identity]) -> list[Item]:
        """The keys that `owners` wants read, for a BatchGetItem shared with other tables."""
        return [documents.key(f"identity#{i}", "identity") for i in identities]

    def owners(self, found: Iterable[Item]) -> dict[Identity, str]:
        """Which customer each stored identity belongs to; `found` may hold other items too."""
        return {
            i["pk"]["S"].removeprefix(IDENTITY): i["customer_id"]["S"]
            for i in found
            if i["pk"]["S"].startswith(IDENTITY)
        }

    def present(self, keys: list[Item]) -> set[str]:
        """The partition keys of those of these items that there are."""
        found = documents.batch_get(self._client, {self.table: keys})
        return {item["pk"]["S"] for item in found[self.table]}

    def resolve(self, identities: Sequence[Identity]) -> dict[Identity, str]:
        """`owners`, read here: for callers outside the message path."""
        found = documents.batch_get(self._client, {self.table: self.identity_keys(identities)})
        return self.owners(found[self.table])

    def item(self, pk: str, sk: str) -> Item | None:
        """One stored item, of whatever kind."""
        return documents.get(self._client, self.table, pk, sk)

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

    def changes(
        self,
        before: Customer,
        after: Customer,
        now: datetime,
        *,
        by: str | None = None,
        renewing: bool = True,
    ) -> list[WriteItem]:
        """What must be written to turn `before` into `after`; position 0 holds the version lock.

        Once a month all identities are written anew, to stay as long again, unless not `renewing`.

        Every consent and refusal heard between the two is put on record with it; `by` names the
        merge, or its undoing, that brought them.
        """
        condition = "version = :version" if before.version else "attribute_not_exists(pk)"
        values = {"version": before.version} if before.version else {}
        version, facts = before.version + 1, self._new_facts(before, after, now)
        beside = [item["sk"]["S"] for item in facts]
        profile = profile_item(after, version, beside, expires_at=self.expiry(now))
        writes = [documents.put(self.table, profile, condition, **values)]
        stamp = {"version": {"N": str(version)}}
        writes += [documents.put(self.table, {**item, **stamp}) for item in facts]
        writes += self.heard(before, after, now, by=by)
        renewed = renewing and first_this_month(before, now)
        kept = () if renewed else before.identities
        for identity in after.identities:
            if identity not in kept:
                writes.append(self.claim(identity, after.id, now))
        for identity in before.identities:
            if identity not in after.identities:
                writes.append(self.release(identity, before.id))
        return writes

    def heard(
        self, before: Customer, after: Customer, now: datetime, *, by: str | None = None
    ) -> list[WriteItem]:
        """What puts the words on record that were heard between the two."""
        pk = partition(after.id)
        found = consent_record.words(before, after)
        until = self.record_expiry(now)
        items = (consent_record.heard_item(pk, said, now, until, by) for said in found)
        return [consent_record.keep(self.table, item) for item in items]

    def heard_by(self, customer_id: str) -> list[Heard]:
        """The words on record in one customer's own partition, in the order they were said."""
        return consent_record.read_heard(self.items(customer_id, consent_record.HEARD))

    def asks(self, customer_id: str, channel: Channel, now: datetime) -> WriteItem:
        """Note that they are asked to confirm; the transaction fails where they were in a day."""
        return consent_record.asked(self.table, partition(customer_id), channel, now)

    def may_ask(self, customer_id: str, channel: Channel, now: datetime) -> bool:
        """Whether they were not asked to confirm within a day."""
        pk = partition(customer_id)
        return consent_record.may_ask(self._client, self.table, pk, channel, now)

    def _new_facts(self, before: Customer, after: Customer, now: datetime) -> list[Item]:
        """The items of `after`'s view that differ from `before`'s; not the profile."""
        facts = []
        done = (before.aggregates, before.recent) != (after.aggregates, after.recent)
        if done or (before.version and first_this_month(before, now)):
            facts.append(activity_item(after, self.expiry(now)))
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

    def claim(self, identity: Identity, customer_id: str, now: datetime) -> WriteItem:
        """Tie an identity that nobody holds; the transaction fails where somebody does."""
        return documents.put(
            self.table,
            identity_item(identity, customer_id, self.expiry(now)),
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

    def hand_on(self, identity: Identity, owner: str, heir: str, now: datetime) -> WriteItem:
        """Tie an identity to another customer, if `owner` still holds it."""
        item = identity_item(identity, heir, self.expiry(now))
        return documents.put(self.table, item, "customer_id = :owner", owner=owner)

    def trace(self, customer_id: str, interaction_ids: Sequence[str], expires_at: int) -> WriteItem:
        """Remember whose these interactions were, in one item, so that access and erasure find
        them."""
        first, more = interaction_ids[0], len(interaction_ids) > 1
        name, told = f"trace#{first}", {"expires_at": {"N": str(expires_at)}}
        if too_long := len(name.encode()) > _SORT_KEY_BYTES:
            name = f"trace#{hashlib.sha256(first.encode()).hexdigest()}"
        ids = {"interaction_ids": {"SS": list(interaction_ids)}} if more or too_long else {}
        item = documents.key(partition(customer_id), name)
        return documents.put(self.table, {**item, **told, **ids})

    def traces(self, customer_id: str) -> Iterator[str]:
        """The ids of the customer's interactions."""
        for item in documents.query(self._client, self.table, partition(customer_id), "trace#"):
            named = item.get("interaction_ids", {}).get("SS")
            yield from sorted(named) if named else [item["sk"]["S"].removeprefix("trace#")]

    def save(self, before: Customer, after: Customer, now: datetime) -> Customer:
        """Write the difference now. Raises documents.Cancelled when somebody else was first."""
        self.transact(self.changes(before, after, now))
        return after.model_copy(update={"version": before.version + 1})

    def items_of(self, customer: Customer, now: datetime | None = None) -> Iterator[Item]:
        """Every item of the customer, for bulk loads of customers that nobody else writes; without
        `now`, of ones who stay."""
        until = self.expiry(now) if now else None
        yield profile_item(customer, customer.version + 1, expires_at=until)
        yield activity_item(customer, until)
        yield from self.history_items(customer)
        for said in consent_record.words(Customer(id=customer.id), customer):
            heard = self.record_expiry(now or said.at)
            yield consent_record.heard_item(partition(customer.id), said, said.at, heard)
        for identity in customer.identities:
            yield identity_item(identity, customer.id, until)

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
            yield documents.item(pk, f"{ORDER}{order.id}", order, expires_at=expires)
        for contact in offers:
            expires = int((contact.at + self._retention).timestamp())
            yield documents.item(pk, offer_key(contact), contact, expires_at=expires)

    def _expired(self, item: Item, now: datetime) -> bool:
        return documents.number(item, "expires_at", 2**60) < now.timestamp()
