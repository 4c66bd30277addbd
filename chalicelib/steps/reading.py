"""What is on record, for operators, agents and the customer who asks to see it."""

from __future__ import annotations

from typing import Any

from ..customers.linking import heard_of, merges_of, traces_of
from ..errors import NotFoundError, PermanentError
from ..model import Customer, Decision, InteractionRecord, OutboxEntry, Reply
from .explaining import Page, channel_told, explained
from .holdings import holdings, shown
from .rooms import Rooms

EXPORTED_REASONS = 20
"""Of how many offers that were not made an export tells why; GET /decisions/{id} tells of all."""


def customer(customer_id: str, rooms: Rooms) -> Customer:
    """The single customer view. Raises NotFoundError."""
    found = rooms.customers.living(customer_id)
    if found is None:
        raise NotFoundError("no such customer", customer_id=customer_id)
    return found


def merges(customer_id: str, rooms: Rooms) -> list[dict[str, Any]]:
    """Who was merged into the customer, and whether that was undone."""
    found = merges_of(rooms.customers, customer(customer_id, rooms).id)
    return [
        {
            "merge_id": merge.id,
            "at": merge.at.isoformat(),
            "merged_customer_id": merge.other_before.id,
            "undone_at": merge.undone_at.isoformat() if merge.undone_at else None,
        }
        for merge in found
    ]


def consents(customer_id: str, rooms: Rooms) -> list[dict[str, Any]]:
    """Every consent and refusal ever heard from the customer, in the order they were said."""
    found = heard_of(rooms.customers, customer(customer_id, rooms).id)
    return [
        {
            **heard.consent.model_dump(mode="json"),
            "recorded_at": heard.model_dump(mode="json")["recorded_at"],
            "by": heard.by,
        }
        for heard in found
    ]


def decision(decision_id: str, rooms: Rooms) -> Decision:
    """A decision. Raises NotFoundError."""
    found = rooms.ledger.decision(decision_id)
    if found is None:
        raise NotFoundError("no such decision", decision_id=decision_id)
    return found


def explanation(decision_id: str, rooms: Rooms, page: Page | None = None) -> dict[str, Any]:
    """A decision with what won and why, and a page of why others did not. Raises NotFoundError."""
    page = page or Page()
    try:
        kept = rooms.ledger.decision_with_inputs(decision_id)
    except PermanentError:
        return explained(decision(decision_id, rooms), None, rooms, page)
    if kept is None:
        raise NotFoundError("no such decision", decision_id=decision_id)
    return explained(*kept, rooms, page)


def interaction(interaction_id: str, rooms: Rooms) -> dict[str, Any]:
    """An interaction and what became of it. Raises NotFoundError until it has been worked on."""
    record = rooms.ledger.interaction(interaction_id)
    if record is None:
        raise NotFoundError("no such interaction, or it is still queued")
    return reported(record, rooms.outbox.ways(record.outbox_ids))


def export(customer_id: str, rooms: Rooms) -> dict[str, Any]:
    """Everything kept of a customer, with the decisions about them in words.

    `records` has every item of the tables that an erasure would remove, as it is kept.
    """
    found = customer(customer_id, rooms)
    interactions, decisions = [], dict[str, Any]()
    for interaction_id in traces_of(rooms.customers, found.id):
        record = rooms.ledger.interaction(interaction_id)
        if record is None:
            # It is of a decision that was made without an interaction.
            decisions[interaction_id] = None
            continue
        report = reported(record, rooms.outbox.ways(record.outbox_ids))
        received = record.interaction.model_dump(mode="json", exclude_none=True)
        interactions.append({**report, "received": received})
        if record.decision_id:
            decisions[record.decision_id] = None
    decisions |= dict.fromkeys(contact.decision_id for contact in found.offers)
    return {
        "customer": found.model_dump(mode="json"),
        "merges": merges(found.id, rooms),
        "consents": consents(found.id, rooms),
        "interactions": interactions,
        "decisions": [told for d in decisions if (told := _exported(d, rooms)) is not None],
        "records": [shown(kept) for kept in holdings(found, rooms)],
    }


def reported(record: InteractionRecord, entries: list[OutboxEntry]) -> dict[str, Any]:
    """The answer of GET /interactions/{id}: what was asked, what became of it, what went out."""
    understanding = record.understanding
    return {
        "interaction_id": record.interaction.id,
        "status": record.status.value,
        "note": record.note,
        "customer_id": record.customer_id,
        "understanding": (
            {
                "intent": understanding.intent.value,
                "products": [p.model_dump(mode="json") for p in understanding.products],
                "confidence": understanding.confidence,
                "slots": understanding.slots,
                "ambiguous": understanding.ambiguous,
            }
            if understanding
            else None
        ),
        "decision_id": record.decision_id,
        "channel": channel_told(record.preference) if record.preference else None,
        "replies": [_told(entry, entry.body) for entry in entries if isinstance(entry.body, Reply)],
    }


def _exported(decision_id: str, rooms: Rooms) -> dict[str, Any] | None:
    """None for a decision that has expired."""
    try:
        return explanation(decision_id, rooms, Page(limit=EXPORTED_REASONS))
    except NotFoundError:
        return None


def _told(entry: OutboxEntry, reply: Reply) -> dict[str, Any]:
    return {
        "channel": reply.channel.value,
        "to": reply.to,
        "text": reply.text,
        "receipt": {
            "status": entry.status,
            "provider": entry.provider,
            "provider_id": entry.provider_id,
            "code": entry.code,
            "sent_at": entry.model_dump(mode="json")["sent_at"],
        },
    }
