"""What is on record, for operators, agents and the customer who asks to see it."""

from __future__ import annotations

from typing import Any

from ..customers.linking import merges_of, traces_of
from ..errors import NotFoundError
from ..model import Customer, Decision
from .explaining import explained, reported
from .rooms import Rooms


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


def decision(decision_id: str, rooms: Rooms) -> Decision:
    """A decision. Raises NotFoundError."""
    found = rooms.ledger.decision(decision_id)
    if found is None:
        raise NotFoundError("no such decision", decision_id=decision_id)
    return found


def interaction(interaction_id: str, rooms: Rooms) -> dict[str, Any]:
    """An interaction and what became of it. Raises NotFoundError until it has been worked on."""
    record = rooms.ledger.interaction(interaction_id)
    if record is None:
        raise NotFoundError("no such interaction, or it is still queued")
    return reported(record, rooms.outbox.entries(record.outbox_ids))


def export(customer_id: str, rooms: Rooms) -> dict[str, Any]:
    """Everything kept of a customer, with the decisions about them in words."""
    found = customer(customer_id, rooms)
    interactions, decisions = [], dict[str, Any]()
    for interaction_id in traces_of(rooms.customers, found.id):
        record = rooms.ledger.interaction(interaction_id)
        if record is None:
            # It is of a decision that was made without an interaction.
            decisions[interaction_id] = None
            continue
        report = reported(record, rooms.outbox.entries(record.outbox_ids))
        received = record.interaction.model_dump(mode="json", exclude_none=True)
        interactions.append({**report, "received": received})
        if record.decision_id:
            decisions[record.decision_id] = None
    decisions |= dict.fromkeys(contact.decision_id for contact in found.offers)
    kept = (rooms.ledger.decision(decision_id) for decision_id in decisions)
    return {
        "customer": found.model_dump(mode="json"),
        "merges": merges(found.id, rooms),
        "interactions": interactions,
        "decisions": [explained(d) for d in kept if d is not None],
    }
