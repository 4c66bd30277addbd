"""Who a visitor is, proven: the shop's own server vouches for the user id of an event.

The write key stands in every page, so an event says who it is from and proves nothing. A shop that
wants its visitors' own messages shown to them adds `identityProof` to the `context` of its events,
hex HMAC-SHA256(IDENTITY_SECRET, userId), made on its server for whoever is logged in. Clients that
cannot reach the context may put it among `traits` or `properties`. Never here: what a proof allows.

A proof is a bearer's: it holds for its user id until the secret changes, so it is told to that
visitor alone, and is taken out of what is kept.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from .signatures import is_same

PROOF = "identityProof"
_PLACES = ("context", "traits", "properties")


class WrongProof(ValueError):
    """The event says to be proven, and is not."""


def take_proof(event: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """The event without its proof, and the proof as it came; None where there is none."""
    bare, proof = dict(event), None
    for place in _PLACES:
        fields = bare.get(place)
        if isinstance(fields, dict):
            bare[place], found = _part(fields)
            proof = found if proof is None else proof
    return bare, proof


def is_proven(user_id: str | None, proof: Any, secret: str) -> bool:
    """Whether `proof` is this user's. False where none was brought, or no secret can tell.

    Raises WrongProof for any other.
    """
    if proof is None or not secret:
        return False
    expected = hmac.new(secret.encode(), (user_id or "").encode(), hashlib.sha256).hexdigest()
    given = proof.lower() if isinstance(proof, str) else ""
    if not is_same(expected, given) or not user_id:
        raise WrongProof(f"{PROOF} is not that of this userId: hex HMAC-SHA256, by your server")
    return True


def _part(fields: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """RudderStack puts the traits into the context: there it may be one level further down."""
    kept = {name: value for name, value in fields.items() if name != PROOF}
    proof, traits = fields.get(PROOF), kept.get("traits")
    if isinstance(traits, dict):
        kept["traits"] = {name: value for name, value in traits.items() if name != PROOF}
        proof = traits.get(PROOF) if proof is None else proof
    return kept, proof
