"""A decision told: as it was answered, why it was so, and what it would be again."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..errors import NotFoundError
from ..model import Decision, Frozen, InteractionRecord, OutboxEntry, Preference, Reply
from .rooms import Rooms

_AFTERWARDS = ("preference", "carried", "customer_id")
"""What is known only once the reply is worded; a replay takes it as it was."""


class ReplayRequest(Frozen):
    """The body of POST /decisions/{id}/replay."""

    catalog_version: str | None = Field(
        None, max_length=100, description="decide with this catalog instead of the recorded one"
    )


def answered(decision: Decision) -> dict[str, Any]:
    """The answer of POST /decisions."""
    return {
        "decision_id": decision.id,
        "offers": [
            {
                "offer_id": offer.offer_id,
                "title": offer.title,
                "score": offer.score,
                "probability": offer.probability,
                "selection_probability": offer.selection_probability,
            }
            for offer in decision.offers
        ],
    }


def explained(decision: Decision) -> dict[str, Any]:
    """The answer of GET /decisions/{id}: what won and why, and why each other did not."""
    return {
        **answered(decision),
        "interaction_id": decision.interaction_id,
        "customer_id": decision.customer_id,
        "chosen": [offer.model_dump(mode="json") for offer in decision.offers],
        "rejected": [offer.model_dump(mode="json") for offer in decision.rejected],
        "carried": decision.carried,
        "channel": _channel(decision.preference),
        "understanding": (
            decision.understanding.model_dump(mode="json") if decision.understanding else None
        ),
        "context": decision.context.model_dump(mode="json", exclude_none=True),
        "versions": decision.versions,
        "seed": decision.seed,
        "inputs_digest": decision.inputs_digest,
        "decided_at": decision.model_dump(mode="json")["decided_at"],
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
        "replies": [_told(entry, entry.body) for entry in entries if isinstance(entry.body, Reply)],
    }


def replayed(decision_id: str, catalog_version: str | None, rooms: Rooms) -> dict[str, Any]:
    """The decision made again from its recorded inputs, with its own catalog or another one.

    Raises NotFoundError for an unknown decision or version.
    """
    kept = rooms.ledger.decision_with_inputs(decision_id)
    if kept is None:
        raise NotFoundError("no such decision", decision_id=decision_id)
    decision, inputs = kept
    version = catalog_version or decision.versions["catalog"]
    again = rooms.engine_of(version).decide(
        inputs.customer,
        context=inputs.context,
        understanding=inputs.understanding,
        products={p.id: p for p in inputs.products},
        now=decision.decided_at,
        seed=decision.seed,
        limit=inputs.limit,
        decision_id=decision.id,
        interaction_id=decision.interaction_id,
        exhausted=frozenset(inputs.exhausted),
        purposes=frozenset(inputs.purposes),
    )
    again = again.model_copy(update={n: getattr(decision, n) for n in _AFTERWARDS})
    return {"identical": again == decision, **explained(again)}


def _channel(preference: Preference | None) -> dict[str, Any]:
    if preference is None:
        return {"chosen": None, "why": "nothing was sent", "refused": []}
    refusal = preference.marketing_refusal
    return {
        "chosen": preference.chosen.value if preference.chosen else None,
        "why": preference.why,
        "refused": [r.model_dump(mode="json") for r in preference.refused],
        "marketing_refused": refusal.model_dump(mode="json") if refusal else None,
    }


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
