"""Among whom a customer is: the control group, a candidate model's share, or the rest.

The control group is made no marketing offers. All else of its decisions is as everybody's: what
would have been made is chosen, recorded as withheld, and counted by caps, so that moments are
compared with like moments (the "ghost ads" of Johnson, Lewis and Nubbemeyer, Journal of Marketing
Research 54, 2017). Never here: what the groups' customers did (`counting.py`), and how groups
compare (`decisioning/groups.py`).
"""

from __future__ import annotations

import hashlib
from typing import Final

from ..decisioning import Engine
from ..model import Customer, Decision, DecisionInputs, Group, Purpose, ScoredOffer
from .rooms import Rooms

ANONYMOUS: Final = "anonymous"
"""Whom nobody knows: in no group, for they are not one person."""
LIVE: Final = "live"
CONTROL: Final = "in the control group: no offers, so that what offers do can be measured"


def in_control(customer_id: str, share: float) -> bool:
    """Whether the customer is in the control group: for good, by a hash of their id alone.

    Whoever is among 2 % is also among 5 %. Of customers who were merged the survivor's id decides.
    """
    if share <= 0 or customer_id == ANONYMOUS:
        return False
    digest = hashlib.sha256(f"control group {customer_id}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64


def deciding_for(customer_id: str, rooms: Rooms) -> tuple[Engine, Group | None]:
    """Who decides for a customer, and the group that they are in; None is the rest's.

    For the control group the live model says what would be made.
    """
    if in_control(customer_id, rooms.settings.control_share):
        return rooms.engine(), "control"
    engine, live = rooms.engine_for(customer_id), rooms.engine()
    same = engine is live or engine.versions["model"] == live.versions["model"]
    return engine, None if same else "candidate"


def group_name(decision: Decision) -> str:
    """What the group's moments are counted under: `control`, or `live` or `candidate` with the
    version of the model that decided."""
    if decision.group == "control":
        return decision.group
    return f"{decision.group or LIVE} {decision.versions['model']}"


def grouped(decision: Decision, inputs: DecisionInputs, engine: Engine) -> Decision:
    """What the engine chose from these inputs, as it may be made to the group of the customer."""
    if inputs.group is None:
        return decision
    if inputs.group != "control":
        return decision.model_copy(update={"group": inputs.group})
    held = tuple(o for o in decision.offers if _is_marketing(o, engine))
    made = tuple(o for o in decision.offers if o not in held)
    return decision.model_copy(update={"group": "control", "offers": made, "withheld": held})


def as_met(customer: Customer) -> Customer:
    """The customer without what was withheld from them: caps of others than the control group do
    not count it, nor once there is none."""
    if not any(contact.withheld for contact in customer.offers):
        return customer
    made = tuple(contact for contact in customer.offers if not contact.withheld)
    return customer.model_copy(update={"offers": made})


def _is_marketing(scored: ScoredOffer, engine: Engine) -> bool:
    offer = engine.catalog.offer(scored.offer_id)
    return offer is None or offer.purpose is Purpose.MARKETING
