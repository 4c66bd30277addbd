"""A decision made again from what was recorded of it, and what another catalog would have decided.

Changes nothing, and reads nothing of today but the code and the model, whose versions are told.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from pydantic import Field

from ..decisioning import Account, Engine
from ..errors import NotFoundError
from ..model import Decision, DecisionInputs, Frozen
from ..preference import choose
from .explaining import Page, answered, engine_of, explained
from .groups import grouped
from .rooms import Rooms

_AFTERWARDS = ("carried", "customer_id", "shadow")
"""What is known only once the reply is worded, and what another model said; a replay takes it as it
was."""


class ReplayRequest(Frozen):
    """The body of POST /decisions/{id}/replay."""

    catalog_version: str | None = Field(
        None, max_length=100, description="decide with this catalog instead of the recorded one"
    )


def replayed(decision_id: str, catalog_version: str | None, rooms: Rooms) -> dict[str, Any]:
    """The decision made again from its recorded inputs, with its own catalog or another one.

    `identical` where it is the same to the byte; else `differs` names the fields and versions that
    are not, and `changed` the offers whose place, score or reason is another. Raises NotFoundError
    for an unknown decision or version, PermanentError where the record was damaged.
    """
    kept = rooms.ledger.decision_with_inputs(decision_id)
    if kept is None:
        raise NotFoundError("no such decision", decision_id=decision_id)
    decision, inputs = kept
    own = engine_of(decision, rooms)
    other = engine_of(decision, rooms, catalog_version) if catalog_version else own
    again = _again(decision, inputs, other)
    told = explained(again, inputs, rooms, Page())
    return {
        "identical": canonical(again) == canonical(decision),
        "differs": _differences(decision, again),
        "recorded": {**answered(decision), "versions": decision.versions},
        "replayed": told,
        "changed": _changed(inputs, (decision, own), (again, other)),
        **told,
    }


def canonical(decision: Decision) -> bytes:
    """The decision as the ledger keeps it: the same decision is the same bytes."""
    return decision.model_dump_json(exclude_none=True).encode()


def _again(decision: Decision, inputs: DecisionInputs, engine: Engine) -> Decision:
    again = engine.decide(
        inputs,
        now=decision.decided_at,
        seed=decision.seed,
        decision_id=decision.id,
        interaction_id=decision.interaction_id,
        digest=decision.inputs_digest,
    )
    again = grouped(again, inputs, engine)
    preference = decision.preference
    if inputs.channels is not None:
        preference = choose(
            inputs.customer, inputs.channels, decision.decided_at, engine.model.channels
        )
    known = {name: getattr(decision, name) for name in _AFTERWARDS}
    return again.model_copy(update={**known, "preference": preference})


def _differences(was: Decision, again: Decision) -> dict[str, Any]:
    before, after = was.model_dump(mode="json"), again.model_dump(mode="json")
    names = [*dict.fromkeys([*was.versions, *again.versions])]
    return {
        "fields": [n for n in before if n != "versions" and before[n] != after[n]],
        "versions": {
            name: {"was": was.versions.get(name), "is": again.versions.get(name)}
            for name in names
            if was.versions.get(name) != again.versions.get(name)
        },
    }


def _changed(
    inputs: DecisionInputs, was: tuple[Decision, Engine], now: tuple[Decision, Engine]
) -> list[dict[str, Any]]:
    """The offers chosen in one of the two and not alike in both, with what each says of them."""
    ids = dict.fromkeys(o.offer_id for decision, _ in (was, now) for o in decision.offers)
    places = [_places(decision) for decision, _ in (was, now)]
    accounts = [_account(inputs, *each) for each in (was, now)]
    return [
        {
            "offer_id": offer_id,
            "was": places[0].get(offer_id) or _reason(accounts[0](), offer_id),
            "is": places[1].get(offer_id) or _reason(accounts[1](), offer_id),
        }
        for offer_id in ids
        if places[0].get(offer_id) != places[1].get(offer_id)
    ]


def _places(decision: Decision) -> dict[str, dict[str, Any]]:
    ranked = enumerate(decision.offers, start=1)
    return {offer.offer_id: {"rank": rank, "score": offer.score} for rank, offer in ranked}


def _account(inputs: DecisionInputs, decision: Decision, engine: Engine) -> Callable[[], Account]:
    """Worked out once, if at all: it goes through the whole catalog."""
    return cache(partial(engine.account, inputs, decision))


def _reason(account: Account, offer_id: str) -> dict[str, Any]:
    told = account.of(offer_id)
    if told is None:
        return {"reason": "absent", "text": "is not in that catalog"}
    return told.model_dump(mode="json", exclude={"offer_id"})
