"""What one model's tendencies say of one customer at one moment, ready for scoring."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ..model import category_prefixes
from .leanings import observe, observed_at
from .past import known_places, most_particular, read_past
from .patterns import Floats, Patterns
from .situation import Situation
from .tendencies import measure

if TYPE_CHECKING:
    from .scoring import Model


class Outlook:
    """Log-odds by category."""

    def __init__(self, model: Model, patterns: Patterns, situation: Situation) -> None:
        self._patterns = patterns
        self._leanings = model.leanings
        past, known = read_past(situation, patterns), known_places(situation, patterns)
        self._tendencies = measure(patterns, past, known, situation.local)
        self.moment = self._leanings.moment(self._tendencies)

    @cached_property
    def parts(self) -> Floats:
        """What each category of the patterns adds (K)."""
        return self._leanings.parts(self._tendencies)

    def part(self, categories: tuple[str, ...]) -> float:
        """What an offer of these categories has by the one that speaks most for it; 0 where none of
        them is known."""
        place = self._place(categories)
        return 0.0 if place is None else float(self.parts[place])

    def observed(self, categories: tuple[str, ...]) -> dict[str, float]:
        """The features by which that category was weighed."""
        return observed_at(self._tendencies, self._place(categories))

    def compare(self, some: Sequence[tuple[str, ...]], rows: Floats) -> None:
        """Writes the same of several offers into an array (offers x NAMES)."""
        observe(self._tendencies, [self._place(categories) for categories in some], rows)

    def _place(self, categories: tuple[str, ...]) -> int | None:
        found = self._patterns.places_met.get(categories)
        if found is None:
            found = places_of(categories, self._patterns)
        if len(found) > 1:
            return max(found, key=self.parts.__getitem__)
        return found[0] if found else None


def places_of(categories: Sequence[str], patterns: Patterns) -> tuple[int, ...]:
    """Of an offer's categories, those that are known, or that the next known above them."""
    key = tuple(categories)
    known = patterns.places_met.get(key)
    if known is None:
        found = (most_particular(category_prefixes(path), patterns.place) for path in key)
        known = tuple(dict.fromkeys(place for place in found if place is not None))
        patterns.places_met[key] = known
    return known
