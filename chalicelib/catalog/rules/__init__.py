"""Rules: CEL text checked once, when an offer is saved, into plain data that is evaluated later.

The language is the subset of CEL (https://github.com/google/cel-spec) that RULES.md documents; the
checked form is documented in `nodes`. Nothing here evaluates a rule or knows a customer.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from ...errors import PayloadError
from ...model import CompiledOffer, Offer
from .checking import check_condition
from .nodes import FORM
from .syntax import parse

__all__ = ["FORM", "check_rule", "compile_offer"]


def check_rule(text: str) -> Any:
    """The checked form of a rule, as JSON data.

    Raises PayloadError with `line`, `column` (from 1) and `problem` in its details.
    """
    return {"form": FORM, "when": check_condition(parse(text), {})}


def compile_offer(offer: Offer) -> CompiledOffer:
    """The offer with its rule checked. Raises PayloadError, for the rule or for useless numbers."""
    for name, value in (
        ("value times weight", offer.value * offer.weight),
        *offer.features.items(),
    ):
        if not isfinite(value):
            raise PayloadError(f"{name} must be a finite number", offer_id=offer.id)
    return CompiledOffer(offer=offer, rule=check_rule(offer.rule))
