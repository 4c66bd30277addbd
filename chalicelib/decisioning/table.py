"""All offers of a catalog in columns, scored at once: for models with an outlook on every category.

Never here: whether an offer may be made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any, Final

import numpy as np

from .compiled import Catalog
from .outlook import Outlook, places_of
from .patterns import Floats, Places
from .scoring import Model
from .terms import Terms

AT_ONCE: Final = 24
_ROUNDED_UP: Final = 1.0 + 1e-9


class Table:
    """The offers by position, and the topics by the place of their category."""

    def __init__(self, catalog: Catalog, rows: Mapping[int, Any], model: Model) -> None:
        columns = list(zip(*(rows[position] for position in range(len(catalog))), strict=True))
        self._own = np.array(columns[0] if columns else (), float)
        self._worth = np.array(columns[1] if columns else (), float)
        self._purpose = np.array(columns[2] if columns else (), np.intp)
        self._topic = np.array(columns[3] if columns else (), np.intp)
        self._topics = catalog.affinity.categories()
        patterns = model.patterns
        found = [places_of(of, patterns) if patterns else [] for of in self._topics]
        self._place = np.array([places[0] if places else -1 for places in found], np.intp)
        self._several = [topic for topic, places in enumerate(found) if len(places) > 1]

    def leanings(self, outlook: Outlook, parts: Mapping[int, float]) -> Floats:
        """What the customer tends to, by topic; `parts` has it of some, with more beside."""
        found: Floats = np.where(self._place < 0, 0.0, outlook.parts[self._place])
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
        log_odds = np.array(terms.common)[self._purpose] + self._own + leanings[self._topic]
        scores = self._worth / (1.0 + np.exp(np.minimum(-log_odds, 500.0)))
        scores[list(terms.doubtful)] = inf
        most = AT_ONCE + len(terms.doubtful)
        while len(scores) > most:
            chosen = np.argpartition(-scores, most)[:most]
            bound = float(np.partition(scores, -most - 1)[-most - 1]) * _ROUNDED_UP
            fresh = chosen[scores[chosen] >= 0.0]
            yield fresh.tolist(), self._parts(fresh, leanings), bound
            scores[fresh] = -1.0
            most = max(4 * most, most + AT_ONCE)
        (fresh,) = np.nonzero(scores >= 0.0)
        yield fresh.tolist(), self._parts(fresh, leanings), -1.0

    def _parts(self, positions: Places, leanings: Floats) -> dict[int, float]:
        topics = self._topic[positions]
        return dict(zip(topics.tolist(), leanings[topics].tolist(), strict=True))
