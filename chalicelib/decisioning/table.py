"""All offers of a catalog in columns, scored at once: for models with an outlook on every category.

Never here: whether an offer may be made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Any, Final

import numpy as np

from .compiled import Catalog
from .outlook import Outlook, places_of
from .patterns import Floats, Places
from .scoring import Model
from .terms import Terms

AT_ONCE: Final = 64
"""So many of the best are put in order at first, four times as many in every later round."""
IN_A_ROW: Final = 16
"""So many rules are tried before anything is scored."""
_ROUNDED_UP: Final = 1.0 + 1e-9


class Table:
    """The offers by position, and the topics by the place of their category."""

    def __init__(
        self, catalog: Catalog, rows: Mapping[int, Any] | Sequence[Any], model: Model
    ) -> None:
        columns = list(zip(*(rows[position] for position in range(len(catalog))), strict=True))
        self._own = np.array(columns[0] if columns else (), float)
        self._minus_worth = -np.array(columns[1] if columns else (), float)
        self._purpose = np.array(columns[2] if columns else (), np.intp)
        self._topic = np.array(columns[3] if columns else (), np.intp)
        self._topics = catalog.affinity.categories()
        patterns = model.patterns
        found = [places_of(of, patterns) if patterns else [] for of in self._topics]
        self._place = np.array([places[0] if places else -1 for places in found], np.intp)
        (self._unknown,) = np.nonzero(self._place < 0)
        self._several = [topic for topic, places in enumerate(found) if len(places) > 1]

    def leanings(self, outlook: Outlook, parts: Mapping[int, float]) -> Floats:
        """What the customer tends to, by topic; `parts` has it of some, with more beside."""
        found: Floats = outlook.parts[self._place]
        found[self._unknown] = 0.0
        for topic in self._several:
            found[topic] = outlook.part(self._topics[topic])
        for topic, part in parts.items():
            found[topic] = part
        return found

    def best_first(self, terms: Terms) -> Iterator[tuple[list[int], dict[int, float], float]]:
        """Positions, the most promising first, what their topics add, and what none of those still
        to come scores above.

        The doubtful ones, of which only `terms` can tell, come first of all.
        """
        leanings = np.zeros(len(self._topics)) if terms.leanings is None else terms.leanings
        log_odds = leanings[self._topic]
        log_odds += self._own
        log_odds += np.array(terms.common)[self._purpose]
        minus = np.exp(np.minimum(np.negative(log_odds), 500.0))
        minus += 1.0
        np.divide(self._minus_worth, minus, out=minus)
        if terms.doubtful:
            minus[list(terms.doubtful)] = -inf
        left, most = len(minus), AT_ONCE + len(terms.doubtful)
        while left > 0:
            chosen, following = _lowest(minus, min(most, left))
            parts = self._parts(chosen, leanings)
            positions, bounds = chosen.tolist(), [*minus[chosen].tolist(), following]
            for start in range(0, len(positions), IN_A_ROW):
                end = min(start + IN_A_ROW, len(positions))
                yield positions[start:end], parts, -bounds[end] * _ROUNDED_UP
            minus[chosen] = inf
            left, most = left - len(positions), 4 * most

    def _parts(self, positions: Places, leanings: Floats) -> dict[int, float]:
        topics = self._topic[positions]
        return dict(zip(topics.tolist(), leanings[topics].tolist(), strict=True))


def _lowest(values: Floats, count: int) -> tuple[Places, float]:
    """The places of so many of the lowest, in order, and the next value; infinity for none."""
    if count >= len(values):
        return np.argsort(values), inf
    places = np.argpartition(values, count)
    lowest = places[:count]
    return lowest[np.argsort(values[lowest])], float(values[places[count]])
