"""A decision told: as it was answered, and why it was so.

Why the other offers were not made is worked out when it is asked for, from what was recorded.
Never here: making a decision again (`replaying.py`), and reading records (`reading.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import Field, ValidationError

from ..decisioning import FEATURES, Account, Engine
from ..errors import NotFoundError, PayloadError, PermanentError
from ..model import (
    Decision,
    DecisionInputs,
    EntityId,
    Frozen,
    Group,
    Preference,
    RejectedOffer,
    ScoredOffer,
)
from .groups import CONTROL
from .rooms import Rooms

REASONS_LIMIT = 1000

_ABOUT: Final = {feature.name: feature.about for feature in FEATURES}
_GROUPS: Final[Mapping[Group | None, str]] = {
    None: "decided for by the live model",
    "candidate": "decided for by the candidate, for its share of the customers",
    "control": CONTROL,
}
UNPROFILED: Final = (
    "a browser of theirs sent Global Privacy Control: what they looked at and when they were seen "
    "counted for nothing, here and in the rules of offers"
)
_TIMES: Final = " \N{MULTIPLICATION SIGN} "
_SLIGHT: Final = 0.005
"""What a feature adds to the log-odds and is not worth naming."""


class Page(Frozen):
    """Which of the offers that were not made are told: the query of GET /decisions/{id}."""

    limit: int = Field(200, ge=1, le=REASONS_LIMIT)
    start: int = Field(0, ge=0, alias="from", description="how many come before the first")
    offer_id: EntityId | None = Field(None, description="only this offer, made or not")

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Page:
        """Raises PayloadError. What else the query has is ignored."""
        given = {name: query[name] for name in ("limit", "from", "offer_id") if name in query}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = sorted(str(problem["loc"][0]) for problem in error.errors())
            raise PayloadError(
                "the query is not valid",
                fields=wrong,
                wanted=f"limit from 1 to {REASONS_LIMIT}, from an offset, offer_id an id",
            ) from None


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


def explained(
    decision: Decision, inputs: DecisionInputs | None, rooms: Rooms, page: Page
) -> dict[str, Any]:
    """The answer of GET /decisions/{id}: what won and why, and a page of why others did not.

    Without its inputs, or without its catalog, a decision tells what was recorded and says what is
    missing. Raises NotFoundError for an offer that the catalog never had.
    """
    every = (*decision.offers, *(decision.withheld or ()))
    asked = [o for o in every if page.offer_id in (None, o.offer_id)]
    try:
        told, others = _worked_out(decision, inputs, asked, rooms, page)
    except _Missing as missing:
        told, others = asked, _untold(str(missing))
    held = {o.offer_id for o in decision.withheld or ()}
    chosen = [o for o in told if o.offer_id not in held]
    return {
        **answered(decision),
        "interaction_id": decision.interaction_id,
        "customer_id": decision.customer_id,
        "group": {"name": decision.group or "live", "text": _GROUPS[decision.group]},
        "chosen": [{**o.model_dump(mode="json"), "text": in_words(o)} for o in chosen],
        "profiling": _profiling(inputs),
        "withheld": [_held_back(o) for o in told if o.offer_id in held],
        "features": _features(told),
        **others,
        "carried": _carried(decision),
        "channel": channel_told(decision.preference),
        "understanding": (
            decision.understanding.model_dump(mode="json") if decision.understanding else None
        ),
        "context": decision.context.model_dump(mode="json", exclude_none=True),
        "versions": decision.versions,
        "seed": decision.seed,
        "inputs_digest": decision.inputs_digest,
        "decided_at": decision.model_dump(mode="json")["decided_at"],
    }


def _profiling(inputs: DecisionInputs | None) -> str | None:
    """What was left out of account; None for nothing."""
    return UNPROFILED if inputs is not None and inputs.customer.gpc else None


def in_words(offer: ScoredOffer) -> str:
    """How an offer came to its score, for an agent to read:

    chosen: 14 % likely x 12.50 worth x weight 1 = 1.75; most for it: looked lately (+0.71).
    """
    factors = (f"{_percent(offer.probability)} likely", f"{offer.value:.2f} worth")
    product = _TIMES.join([*factors, f"weight {offer.weight:g}"])
    parts = {n: p for n, p in offer.contributions.items() if n != "bias" and abs(p) >= _SLIGHT}
    ranked = sorted(parts, key=lambda name: -abs(parts[name]))
    sides = {
        "most for it": [name for name in ranked if parts[name] > 0][:2],
        "most against it": [name for name in ranked if parts[name] < 0][:1],
    }
    said = (
        f"; {side}: {', '.join(f'{_spoken(name)} ({parts[name]:+.2f})' for name in names)}"
        for side, names in sides.items()
        if names
    )
    return f"chosen: {product} = {offer.score:.2f}{''.join(said)}"


def engine_of(decision: Decision, rooms: Rooms, catalog_version: str | None = None) -> Engine:
    """The engine that made the decision, or would with another catalog.

    Where its model cannot be read it is the live one's: the versions tell. Raises NotFoundError and
    PermanentError where there is no such catalog, or it cannot be read.
    """
    catalog = catalog_version or decision.versions["catalog"]
    try:
        return rooms.engine_of(catalog, decision.versions["model"])
    except (NotFoundError, PermanentError):
        return rooms.engine_of(catalog)


class _Missing(Exception):
    """Why what was not recorded cannot be worked out."""


def _worked_out(
    decision: Decision,
    inputs: DecisionInputs | None,
    asked: Sequence[ScoredOffer],
    rooms: Rooms,
    page: Page,
) -> tuple[list[ScoredOffer], dict[str, Any]]:
    """The chosen with what speaks for them, and the page of reasons; with the versions that worked
    them out, where they are not those that decided."""
    if inputs is None:
        raise _Missing("what it was made from is damaged")
    try:
        engine = engine_of(decision, rooms)
    except (NotFoundError, PermanentError) as error:
        raise _Missing(f"its catalog cannot be read: {error.message}") from None
    parts = engine.contributions(inputs, decision.model_copy(update={"offers": tuple(asked)}))
    chosen = [o.model_copy(update={"contributions": parts.get(o.offer_id, {})}) for o in asked]
    account = engine.account(inputs, decision)
    told = () if chosen and page.offer_id else _told(account, page)
    end = page.start + len(told)
    others = {n: v for n, v in engine.versions.items() if decision.versions.get(n) != v}
    return chosen, {
        "rejected": [_named(rejected, engine) for rejected in told],
        "rejected_total": len(account),
        "next_from": end if page.offer_id is None and end < len(account) else None,
        "recomputed_by": others or None,
    }


def _told(account: Account, page: Page) -> Sequence[RejectedOffer]:
    if page.offer_id is None:
        return account[page.start : page.start + page.limit]
    told = account.of(page.offer_id)
    if told is None:
        raise NotFoundError("the catalog of that decision had no such offer")
    return (told,)


def _untold(why: str) -> dict[str, Any]:
    return {
        "rejected": [],
        "rejected_total": None,
        "next_from": None,
        "recomputed_by": None,
        "missing": f"why it was so cannot be worked out: {why}",
    }


def _named(rejected: RejectedOffer, engine: Engine) -> dict[str, Any]:
    offer = engine.catalog.offer(rejected.offer_id)
    return {**rejected.model_dump(mode="json"), "title": offer.title if offer else None}


def _held_back(offer: ScoredOffer) -> dict[str, Any]:
    text = f"not made: the customer is {CONTROL}; else it had been {in_words(offer)}"
    return {**offer.model_dump(mode="json"), "text": text}


def _carried(decision: Decision) -> tuple[str, ...] | None:
    """What the reply carried: of the control group, not what it would have had room for."""
    held = {o.offer_id for o in decision.withheld or ()}
    if decision.carried is None or not held:
        return decision.carried
    return tuple(i for i in decision.carried if i not in held)


def _features(offers: Sequence[ScoredOffer]) -> dict[str, str]:
    """What each feature is that had a part in these scores."""
    named = dict.fromkeys(name for offer in offers for name in offer.contributions)
    return {name: _ABOUT.get(name, "stated with the offer") for name in named}


def _spoken(feature: str) -> str:
    return feature.replace("offer.", "the offer's ").replace("_", " ")


def _percent(share: float) -> str:
    """Whole percents, with one decimal near either end; nothing short of certain is 100 %."""
    shown = min(100 * share, 99.9) if share < 1 else 100
    digits = 1 if shown < 10 or shown > 99 else 0
    return f"{f'{shown:.{digits}f}'.removesuffix('.0')} %"


def channel_told(preference: Preference | None) -> dict[str, Any]:
    """Which channel was chosen, how likely, and why no other was."""
    if preference is None:
        return {"chosen": None, "why": "nothing was sent", "refused": []}
    refusal = preference.marketing_refusal
    return {
        "chosen": preference.chosen.value if preference.chosen else None,
        "why": preference.why,
        "probability": preference.probability,
        "ranking": [r.model_dump(mode="json") for r in preference.ranking],
        "refused": [r.model_dump(mode="json") for r in preference.refused],
        "marketing_refused": refusal.model_dump(mode="json") if refusal else None,
    }
