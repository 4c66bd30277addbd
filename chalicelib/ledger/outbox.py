"""The outbox: what was promised to be sent, what became of it, and what a crash left behind.

    outbox#<id>                  / record    the entry; `receipt_rank` only grows
    receipt#<provider>:<id>      / record    which entry the provider's id belongs to, where its
                                             receipts do not bring our own key

Whoever commits an entry sends it. Until it is settled it also stands in the sparse `due` index,
where the sweeper finds it once its time has passed; so does a reply that did not arrive, or that
must be read by some time, until it has moved on. Never sends anything itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from .. import documents
from ..documents import WriteItem
from ..model import (
    Channel,
    Customer,
    Handover,
    Interaction,
    Message,
    OutboxEntry,
    OutboxStatus,
    Receipt,
    Reply,
    SendResult,
)

GRACE = timedelta(seconds=120)
"""How long the committer has to settle an entry before the sweeper looks at it; longer than the
worker may run, so that the two are never at the same entry."""

MAX_ASKING = 5
"""How often a provider is asked what became of a send before it is left as unknown."""

SHARDS = 8

STOPPED = "arrived_elsewhere"
"""The code of an entry that needs not go out any more."""

_RECORD = "record"
_RANK: dict[OutboxStatus, int] = {
    "pending": 0,
    "retry": 0,
    "unknown": 0,
    "sent": 1,
    "failed": 2,
    "delivered": 3,
    "read": 4,
}
"""What is known for sure wins, and of what contradicts itself that which keeps us from saying it
twice: it arrived."""
_OF_RECEIPT: dict[str, OutboxStatus] = {
    "sent": "sent",
    "unknown": "unknown",
    "absent": "unknown",
    "delivered": "delivered",
    "read": "read",
    "failed": "failed",
}


class Outbox:
    """Outbox entries and receipts, in the `ledger` table of one stage."""

    def __init__(self, client: Any, table: str, retention_days: int) -> None:
        self.table = table
        self._client = client
        self._retention = timedelta(days=retention_days)

    def promise(self, entry: OutboxEntry, now: datetime) -> WriteItem:
        """The write, part of the message's transaction, that makes the entry somebody's duty."""
        item = self._item(entry, now, waiting=True)
        return documents.put(self.table, item, "attribute_not_exists(pk)")

    def settle(self, entry: OutboxEntry, result: SendResult, now: datetime) -> OutboxEntry:
        """Record what the provider said: one write, the only call after a send.

        What is to be tried again stays due, and so does, for some asking, what nobody knows yet,
        and what did not arrive until it has moved on.
        """
        status: OutboxStatus = result.status
        attempts = entry.attempts + 1
        unsure = status == "unknown" and attempts < MAX_ASKING
        by = entry.read_by if status == "sent" else None
        unmoved = status == "failed" and isinstance(entry.body, Reply)
        waiting = status == "retry" or unmoved or unsure or by is not None
        settled = entry.model_copy(
            update={
                "status": status,
                "provider": result.provider,
                "provider_id": result.provider_id,
                "code": result.code,
                "attempts": attempts,
                "sent_at": now if status in ("sent", "unknown") else None,
                "due_at": by or result.retry_at or now + GRACE,
            }
        )
        item = self._item(settled, now, waiting=waiting)
        # A status callback may have overtaken us; what it said then stands.
        writes = [documents.put(self.table, item, "receipt_rank = :open", open=0)]
        if result.provider_id and not result.keyed:
            writes.append(self._pointer(result.provider, result.provider_id, entry.id, now))
        documents.transact(self._client, writes)
        return settled

    def entry(self, entry_id: str) -> OutboxEntry | None:
        item = documents.get(self._client, self.table, f"outbox#{entry_id}", _RECORD)
        return documents.read(OutboxEntry, item) if item else None

    def entries(self, entry_ids: tuple[str, ...]) -> list[OutboxEntry]:
        """The entries in the order asked for, missing ones left out."""
        keys = [documents.key(f"outbox#{i}", _RECORD) for i in entry_ids]
        found = documents.batch_get(self._client, {self.table: keys})[self.table]
        by_id = {e.id: e for e in (documents.read(OutboxEntry, item) for item in found)}
        return [by_id[i] for i in entry_ids if i in by_id]

    def ways(self, entry_ids: tuple[str, ...]) -> list[OutboxEntry]:
        """The entries, and after them those that went instead of what did not arrive."""
        found, asked = list[OutboxEntry](), entry_ids
        while asked:
            found += (entries := self.entries(asked))
            asked = tuple(entry.moved_to for entry in entries if entry.moved_to)
        return found

    def entry_of(self, provider: str, provider_id: str) -> OutboxEntry | None:
        """The entry that a provider's id belongs to, of those whose receipts bring no key."""
        pk = f"receipt#{provider}:{provider_id}"
        item = documents.get(self._client, self.table, pk, _RECORD)
        return self.entry(item["outbox_id"]["S"]) if item else None

    def receive(
        self, entry: OutboxEntry, receipt: Receipt, now: datetime
    ) -> tuple[OutboxEntry, WriteItem] | None:
        """What a receipt makes of the entry, and the write of it for the receipt's transaction.

        None when it is old news: they come late, twice and out of order.
        """
        status = _OF_RECEIPT[receipt.status]
        if _RANK[status] <= _RANK[entry.status]:
            return None
        told = {"status": status, "code": receipt.code or entry.code}
        unread = entry.read_by is not None and status in ("sent", "delivered")
        due_at = entry.read_by if unread else now + GRACE
        known = entry.model_copy(update={**told, "due_at": due_at})
        item = self._item(known, now, waiting=unread or status == "failed")
        return known, documents.put(self.table, item, "receipt_rank < :rank", rank=_RANK[status])

    def moved(self, entry: OutboxEntry, to: str | None, now: datetime) -> WriteItem:
        """The write that lets the entry rest, for good or because another goes instead of it;
        refused where it turns out to have arrived meanwhile."""
        rest = self._item(entry.model_copy(update={"moved_to": to}), now, waiting=False)
        known = _RANK[entry.status]
        return documents.put(self.table, rest, "receipt_rank = :known", known=known)

    def stop(self, entry: OutboxEntry, now: datetime) -> WriteItem:
        """The write that keeps an entry from being tried again; refused where it is being sent."""
        stopped = entry.model_copy(update={"status": "failed", "code": STOPPED})
        item = self._item(stopped, now, waiting=False)
        return documents.put(self.table, item, "due_at = :seen", seen=_stamp(entry.due_at))

    def forget_text(self, entry_ids: tuple[str, ...], now: datetime) -> None:
        """Take the customer's words out of what was handed over or waits for their hours, their X
        account out of what we answered there, and stop what is not yet sent."""
        for entry in self.entries(entry_ids):
            body = entry.body
            if isinstance(body, Handover):
                body = body.model_copy(update={"message": "", "customer": _bare(body.customer)})
            elif isinstance(body, Reply) and body.channel in (Channel.X_REPLY, Channel.X_DM):
                body = body.model_copy(update={"to": "", "reply_to": None})
            elif isinstance(body, Interaction) and isinstance(body.body, Message):
                unsaid = body.body.model_copy(update={"text": "", "reply_to": None})
                body = body.model_copy(update={"identities": (), "body": unsaid})
            open_still = entry.status in ("pending", "retry")
            status: OutboxStatus = "failed" if open_still else entry.status
            silent = entry.model_copy(update={"body": body, "status": status})
            item = self._item(silent, now, waiting=False)
            known = documents.put(self.table, item, "attribute_exists(pk)")
            documents.transact(self._client, [known])

    def overdue(self, now: datetime) -> Iterator[OutboxEntry]:
        """Entries whose time has passed and that nobody settled, shard by shard."""
        for shard in range(SHARDS):
            pages = self._client.get_paginator("query").paginate(
                TableName=self.table,
                IndexName="due",
                KeyConditionExpression="due_shard = :shard AND due_at <= :now",
                ExpressionAttributeValues={
                    ":shard": {"S": str(shard)},
                    ":now": {"S": _stamp(now)},
                },
            )
            for page in pages:
                for item in page["Items"]:
                    yield documents.read(OutboxEntry, item)

    def take(self, entry: OutboxEntry, now: datetime) -> OutboxEntry | None:
        """Make an overdue entry ours for the next GRACE; None when another sweeper was first.

        What was known not to have gone out may go out from here on: should we crash, it is asked
        after, and not blindly sent once more.
        """
        taken = entry.model_copy(update={"due_at": now + GRACE})
        attempted = {"status": "pending"} if entry.status == "retry" else {}
        write = documents.put(
            self.table,
            self._item(taken.model_copy(update=attempted), now, waiting=True),
            "due_at = :seen",
            seen=_stamp(entry.due_at),
        )
        try:
            documents.transact(self._client, [write])
        except documents.Cancelled:
            return None
        return taken

    def _item(self, entry: OutboxEntry, now: datetime, *, waiting: bool) -> dict[str, Any]:
        expires = int((now + self._retention).timestamp())
        return documents.item(
            f"outbox#{entry.id}",
            _RECORD,
            entry,
            receipt_rank=_RANK[entry.status],
            expires_at=expires,
            due_shard=_shard(entry.id) if waiting else None,
            due_at=_stamp(entry.due_at) if waiting else None,
        )

    def _pointer(self, provider: str, provider_id: str, entry_id: str, now: datetime) -> WriteItem:
        expires = int((now + self._retention).timestamp())
        item = documents.key(f"receipt#{provider}:{provider_id}", _RECORD)
        attributes = {"outbox_id": {"S": entry_id}, "expires_at": {"N": str(expires)}}
        return documents.put(self.table, {**item, **attributes})


def _bare(customer: Customer) -> Customer:
    return Customer(id=customer.id)


def _shard(entry_id: str) -> str:
    return str(hashlib.sha256(entry_id.encode()).digest()[0] % SHARDS)


def _stamp(at: datetime) -> str:
    """Sortable as text: fixed width, UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
