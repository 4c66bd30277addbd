"""A published catalog as it is compiled: opened in place, its offers read when they are asked for.

Offers stand at positions, the most promising first. Nothing here decides.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from ..errors import PermanentError
from ..model import CompiledOffer, ContactLimits, Offer, Purpose
from .affinity import Affinity
from .blocks import blocks
from .index import Index
from .scoring import Ceiling
from .sections import Sections
from .shelf import MARK_BYTES, unpack

PURPOSES: Final = tuple(Purpose)
MOST_KEPT: Final = 4096
"""How many offers that were read are kept as such."""
MOST_PLACES_KEPT: Final = 65_536
"""How many ids are kept with their positions: those of offers that customers met before."""


class Artifact(NamedTuple):
    """A compiled catalog as bytes. `version` is the hash of what it says, not of these bytes."""

    version: str
    offers: int
    body: bytes


class Catalog:
    """One version of the catalog of offers."""

    def __init__(self, sections: Sections) -> None:
        header = sections.header
        self.sections = sections
        self.version: str = header["version"]
        self.published_at = datetime.fromisoformat(header["published_at"])
        self.limits = ContactLimits.model_validate(header["limits"])
        self._size: int = header["offers"]
        self._offers: dict[int, Offer] = {}
        self._known_ids: dict[int, str] = {}
        self._places: dict[str, int | None] = {}
        self._ids = sections.pieces("ids", "id_ends", "I", at_once=True)
        self._by_id = sections.whole("by_id", "I")
        self._source = sections.pieces("source", "source_ends")
        self._dictionary = bytes(sections.bytes_of("dictionary"))
        self._marks = sections.bytes_of("marks")
        self.worth = sections.numbers("worth", "d")
        self.keys = sections.whole("keys", "d")
        self.minus_keys = sections.whole("minus_keys", "d")
        self.own = sections.numbers("own", "d")
        self.least_own: float = header["least_own"]
        self.ceiling = Ceiling(self.least_own, header["most_own"])
        self.own_ranges: dict[str, list[float]] = header["own_ranges"]
        self.model_version: str = header["model"]
        self.plain_names: dict[str, list[str]] = header["plain_names"]
        self._steps = sections.pieces("steps", "step_ends")
        self.purposes = sections.whole("purposes", "B")
        self.affinity = Affinity(sections)
        self.index = Index(sections, self._size, blocks(self._size))
        del header["index"]  # the largest part of it by far, and read

    def __len__(self) -> int:
        return self._size

    def id_at(self, position: int) -> str:
        """The id of the offer that stands there."""
        known = self._known_ids.get(position)
        if known is None:
            known = self._known_ids[position] = str(self._ids[position], "ascii")
        return known

    def position_of(self, offer_id: str) -> int | None:
        """Where an offer stands; None for an id that the catalog does not have."""
        if offer_id not in self._places:
            if len(self._places) >= MOST_PLACES_KEPT:
                self._places.clear()
            self._places[offer_id] = self._find(offer_id)
        return self._places[offer_id]

    def _find(self, offer_id: str) -> int | None:
        low, high = 0, self._size
        while low < high:
            middle = (low + high) // 2
            if self.id_at(self._by_id[middle]) < offer_id:
                low = middle + 1
            else:
                high = middle
        if low < self._size and self.id_at(self._by_id[low]) == offer_id:
            return int(self._by_id[low])
        return None

    def lower_key(self, position: int) -> float:
        """The next key below that of the offer that stands there; below 0 when there is none."""
        end = bisect_right(self.minus_keys, self.minus_keys[position])
        return self.keys[end] if end < self._size else -1.0

    def ids(self) -> Iterator[str]:
        """All ids, in their order."""
        return (self.id_at(position) for position in self._by_id)

    def source(self, offer_id: str) -> bytes:
        """The compiled offer as canonical JSON, a line; KeyError for an unknown id. Equal lines
        are equal offers."""
        position = self.position_of(offer_id)
        if position is None:
            raise KeyError(offer_id)
        return self.source_at(position)

    def source_at(self, position: int) -> bytes:
        return unpack(self._source[position], self._dictionary)

    def mark_at(self, position: int) -> bytes:
        """The fingerprint of an offer's source: the same for equal offers."""
        return bytes(self._marks[position * MARK_BYTES : (position + 1) * MARK_BYTES])

    def steps_at(self, position: int) -> Any:
        """The rule as `expressions` compiles it."""
        return json.loads(self._steps[position])

    def rule_at(self, position: int) -> Any:
        """The checked rule."""
        return json.loads(self.source_at(position))["rule"]

    def offer_at(self, position: int) -> Offer:
        """The offer itself, kept once it was asked for."""
        offer = self._offers.get(position)
        if offer is None:
            offer = CompiledOffer.model_validate_json(self.source_at(position)).offer
            if len(self._offers) >= MOST_KEPT:
                self._offers.clear()
            self._offers[position] = offer
        return offer

    def offer(self, offer_id: str) -> Offer | None:
        position = self.position_of(offer_id)
        return None if position is None else self.offer_at(position)


def open_catalog(body: Any) -> Catalog:
    """The catalog in `body` (bytes or a memory map), without parsing a rule.

    Raises PermanentError for a file that is corrupt, or of another format than this code reads.
    """
    sections = Sections(body)
    try:
        return Catalog(sections)
    except (KeyError, ValueError, TypeError):
        raise PermanentError("the compiled catalog is corrupt: parts are missing") from None
