"""Everything that is kept of one customer, item by item: what access shows and erasure removes.

Found through their own partition: its traces name every interaction and every decision that was
made without one, these name what went out, and that its receipts and links. Never removes anything.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from .. import documents
from ..customers.erasure import Kept, kept_of
from ..customers.linking import traces_of
from ..model import Channel, Customer, InteractionRecord, OutboxEntry, Reply
from ..outbound import InboxCarrier
from .linking import tokens_of
from .rooms import Rooms

INTERACTIONS, REPLIES, DECISIONS = "interactions", "replies", "decisions"

_PACKED: Final = "inputs"
"""The attribute that holds JSON as zlib."""


def holdings(customer: Customer, rooms: Rooms) -> Iterator[Kept]:
    """Every item, in the order in which it is safe to remove them: the profile is last."""
    yield from in_ledger(customer, rooms)
    yield from kept_of(rooms.customers, customer)


def in_ledger(customer: Customer, rooms: Rooms) -> Iterator[Kept]:
    """What the ledger holds: each item after those that are found through it."""
    seen: set[str] = set()

    def fresh(kind: str, pk: str) -> list[Kept]:
        if pk in seen:
            return []
        seen.add(pk)
        return [Kept(kind, rooms.ledger.table, item) for item in rooms.ledger.items(pk)]

    for name in list(traces_of(rooms.customers, customer.id)):
        records = fresh(INTERACTIONS, f"interaction#{name}")
        for each in records:
            record = documents.read(InteractionRecord, each.item)
            for entry_id in record.outbox_ids:
                yield from _of_entry(entry_id, fresh, rooms)
            if record.decision_id:
                yield from fresh(DECISIONS, f"decision#{record.decision_id}")
        if not records:
            # A decision made at once, without an interaction, leaves a trace of its own.
            yield from fresh(DECISIONS, f"decision#{name}")
        yield from records
    for contact in customer.offers:
        yield from fresh(DECISIONS, f"decision#{contact.decision_id}")


def shown(kept: Kept) -> dict[str, Any]:
    """An item as an export tells it: whole, and readable."""
    item = {n: v for n, v in kept.item.items() if n not in ("pk", "sk", "body", "expires_at")}
    told: dict[str, Any] = {name: _plain(name, value) for name, value in item.items()}
    if "body" in kept.item:
        told["body"] = json.loads(documents.text(kept.item))
    expires = documents.number(kept.item, "expires_at")
    until = datetime.fromtimestamp(expires, UTC).isoformat() if expires else None
    key = {"pk": kept.item["pk"]["S"], "sk": kept.item["sk"]["S"]}
    return {"kind": kept.kind, **key, "kept_until": until, **told}


def _of_entry(entry_id: str, fresh: Any, rooms: Rooms) -> Iterator[Kept]:
    """An entry of the outbox and what hangs on it, that last of all; and what went instead."""
    found = fresh(REPLIES, f"outbox#{entry_id}")
    for each in found:
        entry = documents.read(OutboxEntry, each.item)
        if entry.provider and entry.provider_id:
            yield from fresh("receipts", f"receipt#{entry.provider}:{entry.provider_id}")
        if isinstance(entry.body, Reply):
            for token in tokens_of(entry.body):
                yield from fresh("links", f"link#{token}")
            yield from _in_inbox(entry, rooms)
        if entry.moved_to:
            yield from _of_entry(entry.moved_to, fresh, rooms)
    yield from found


def _in_inbox(entry: OutboxEntry, rooms: Rooms) -> Iterator[Kept]:
    """What a page could still be given."""
    inbox = rooms.carriers.get(Channel.INBOX)
    item = inbox.kept(entry) if isinstance(inbox, InboxCarrier) else None
    if item is not None:
        yield Kept("inbox messages", rooms.ledger.table, item)


def _plain(name: str, value: dict[str, Any]) -> Any:
    kind, content = next(iter(value.items()))
    if kind != "B":
        return content
    packed = bytes(content)
    if name == _PACKED:
        try:
            return json.loads(zlib.decompress(packed))
        except (zlib.error, ValueError):
            pass  # It was damaged: as it is, then.
    return base64.b64encode(packed).decode()
