"""What could not be worked on and lies in the dead-letter queues: that of somebody who is erased
goes, and the rest stays as it is.

What is still queued needs no search: it is dropped when its turn comes (`resolving.py`).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Final

from .. import inbound
from ..errors import RejoinderError
from ..model import (
    Click,
    Customer,
    Fallback,
    Interaction,
    OutboxEntry,
    Receipt,
    Restock,
)
from ..queues import seal, unseal
from .rooms import Rooms

_SPOKEN_FOR: Final = ("phone:", "email:")
"""Identities whose values are long enough to be looked for in any text."""
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")


class Theirs:
    """Tells what is one customer's: by identities, by what was sent to them, or by the very text of
    their number or address, in base64 too."""

    def __init__(self, customer: Customer, entries: Iterable[OutboxEntry]) -> None:
        sent = list(entries)
        self._customer = customer
        self._entries = {entry.id for entry in sent}
        self._sent = {(e.provider, e.provider_id) for e in sent if e.provider_id}
        spoken = [i for i in customer.identities if i.startswith(_SPOKEN_FOR)]
        self._needles = [i.partition(":")[2].removeprefix("+") for i in spoken]

    def is_of(self, interaction: Interaction) -> bool:
        body = interaction.body
        if set(interaction.identities) & set(self._customer.identities):
            return True
        if isinstance(body, Click | Restock):
            return body.customer_id == self._customer.id
        if isinstance(body, Fallback):
            return body.outbox_id in self._entries
        if isinstance(body, Receipt):
            sent = (body.provider, body.provider_id)
            known = sent in self._sent or body.key in self._entries
            return known or self.is_named_in(body.provider_id)
        return False

    def is_named_in(self, text: str) -> bool:
        return self._in(text) or any(self._in(_decoded(found)) for found in _BASE64.findall(text))

    def _in(self, text: str) -> bool:
        folded = text.lower()
        return any(needle in folded for needle in self._needles)


def remove(theirs: Theirs, rooms: Rooms) -> int:
    """Take what is theirs out of the dead letters; answers how many messages held any.

    Raises TemporaryError.
    """

    def of_envelope(body: str) -> str | None:
        try:
            held = unseal(body)
        except RejoinderError:
            return None if theirs.is_named_in(body) else body
        left = [interaction for interaction in held if not theirs.is_of(interaction)]
        if len(left) == len(held):
            return body
        return seal(left) if left else None

    def of_notice(body: str) -> str | None:
        if theirs.is_named_in(body):
            return None
        try:
            held = inbound.notices.parse(body, rooms.settings, rooms.clock()).interactions
        except RejoinderError:
            return body
        return None if any(map(theirs.is_of, held)) else body

    sieves = {"interactions": of_envelope, "urgent": of_envelope, "notices": of_notice}
    return sum(rooms.queues.sift(name, sieve) for name, sieve in sieves.items())


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("latin-1")
    except (binascii.Error, ValueError):
        return ""
