"""Checking a draft: its rule made into the checked form, its templates tried, doubts put in words.

Lives here: what a check finds, and that in the form in which it is kept beside the draft, so that
publishing parses nothing. Never here: what a rule or a template means (`rules`, `replies`).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from ..errors import PayloadError
from ..model import CompiledOffer, Offer

CHECKER: Final = 1
"""Raised whenever a rule or a template is checked otherwise than before: it is refused, taken,
warned of or put into another form. What an older checker found counts for nothing."""

_FOR_EVERYBODY: Final = "true"

CompileOffer = Callable[[Offer], CompiledOffer]
"""Raises PayloadError with the place in `details`."""

CheckWording = Callable[[Offer], object]
"""Raises PayloadError for a template that does not parse; what it returns is ignored."""

Flaw = dict[str, Any]
"""Why a draft cannot be published: its id, the place, and the reason as the check gave it."""


class Checked(NamedTuple):
    """A draft that may be published, what is doubtful about its rule, and which attributes of a
    customer the rule reads that are no kept field."""

    compiled: CompiledOffer
    warnings: tuple[str, ...] = ()
    unkept: tuple[str, ...] = ()


def compile_rule(offer: Offer) -> CompiledOffer:
    """The room's own compiler, imported only where offers are saved or published."""
    from .rules import compile_offer

    return compile_offer(offer)


def check(offer: Offer, compile_offer: CompileOffer, check_wording: CheckWording) -> Checked:
    """Raises PayloadError for a rule or template that does not parse or type-check."""
    from .rules.advice import doubts, unkept_attributes

    compiled = compile_offer(offer)
    check_wording(offer)
    if offer.rule.strip() == _FOR_EVERYBODY:
        return Checked(compiled)
    return Checked(compiled, tuple(doubts(compiled.rule)), unkept_attributes(compiled.rule))


def checked_or_flaw(
    offer: Offer, compile_offer: CompileOffer, check_wording: CheckWording
) -> Checked | Flaw:
    """The same, with what is wrong as a value."""
    place = "rule"

    def wording_is_next(found: Offer) -> CompiledOffer:
        nonlocal place
        compiled = compile_offer(found)
        place = "wording"
        return compiled

    try:
        return check(offer, wording_is_next, check_wording)
    except PayloadError as error:
        found = {"offer_id": offer.id, "place": place, "reason": error.message}
        return {**found, **error.details}


def pack(checked: Checked) -> bytes:
    """What is kept beside the draft: everything but the offer itself."""
    kept = [_mark(), checked.compiled.rule, checked.warnings, checked.unkept]
    return zlib.compress(json.dumps(kept, separators=(",", ":")).encode())


def unpack(offer: Offer, packed: bytes | None) -> Checked | None:
    """What was kept, None where nothing was or by another checker."""
    if packed is None:
        return None
    mark, rule, warnings, unkept = json.loads(zlib.decompress(packed))
    if mark != _mark():
        return None
    return Checked(CompiledOffer(offer=offer, rule=rule), tuple(warnings), tuple(unkept))


def read_offer(body: str) -> Offer | Flaw:
    """A stored draft; a flaw where offers have changed their form since it was kept."""
    try:
        return Offer.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return {"offer_id": json.loads(body)["id"], "place": place, "reason": first["msg"]}


def _mark() -> str:
    from .rules import FORM

    return f"{FORM}.{CHECKER}"
