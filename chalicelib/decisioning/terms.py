"""What one customer at one moment brings to the ranking of a catalog's offers.

Their values as its rules read them, and what they have to do with its topics and with the offers
that they met: all that is worked out once for a decision, and how offers score by it. No rule is
tried here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from math import exp

from .compiled import PURPOSES, Catalog
from .policy import Allowance
from .ranking import Ranking
from .scoring import Model, Scorer
from .search import Scored
from .view import Frame


class _Special(dict[int, float | None]):
    """What the customer has to do with offers that they met or that are singled out, by position;
    None where the offer's own cap or its budget leaves nothing. Worked out when it is asked for."""

    def __init__(
        self, ranking: Ranking, scorer: Scorer, allowance: Allowance, exhausted: frozenset[str]
    ) -> None:
        super().__init__()
        self._ranking = ranking
        self._scorer = scorer
        self._allowance = allowance
        self.met = _places(ranking.catalog, allowance.offers_met())
        self.exhausted = _places(ranking.catalog, exhausted)

    def __missing__(self, position: int) -> float | None:
        found = None
        if position not in self.exhausted and not self._is_capped(position):
            found = self._scorer.targeted(self._ranking.target(position))
        self[position] = found
        return found

    def _is_capped(self, position: int) -> bool:
        if position not in self.met:
            return False
        return self._allowance.own_cap(self._ranking.catalog.offer_at(position)) is not None


class Terms:
    """One customer at one moment, prepared for one catalog."""

    def __init__(
        self,
        ranking: Ranking,
        frame: Frame,
        scorer: Scorer,
        allowance: Allowance,
        exhausted: frozenset[str],
    ) -> None:
        catalog, situation = ranking.catalog, scorer.situation
        affinity = catalog.affinity
        self.frame = frame
        self.values = ranking.reader.read(frame["by_kind"], frame["moment"])
        outlook = scorer.outlook
        topics = affinity.topics(situation, bought=outlook is None)
        parts = {n: scorer.of_categories(paths) for n, paths in topics.items()}
        self.leanings = None if outlook is None else ranking.table.leanings(outlook, parts)
        """By topic, where the model has an outlook on all."""
        most_of_all = max([0.0, *parts.values()])
        if self.leanings is None:
            self.parts = parts
        else:
            most_of_all = max(most_of_all, float(self.leanings.max(initial=0.0)))
        self.single = affinity.singled_out(situation) | _places(catalog, scorer.raised)
        self.special = _Special(ranking, scorer, allowance, exhausted)
        self.doubtful = self.single | self.special.met | self.special.exhausted
        """Where `special` has something to say."""
        self.common = [scorer.common[purpose] for purpose in PURPOSES]
        self.rows = ranking.rows
        tilt = _tilt(catalog, scorer.model)
        self.even = tilt == 0.0 and len(set(self.common)) == 1
        self._highest = highest = max(self.common) + tilt
        self._catalog = catalog
        self.rest_ceiling = catalog.ceiling(highest)
        self.ceiling = catalog.ceiling(highest + most_of_all)
        """That of all offers but the single ones."""
        most = max((self.special[p] or 0.0 for p in self.single), default=0.0)
        self.single_ceiling = catalog.ceiling(highest + most)

    @cached_property
    def parts(self) -> dict[int, float]:
        """What the customer has to do with topics (log-odds)."""
        return dict(enumerate(self.leanings.tolist())) if self.leanings is not None else {}

    @cached_property
    def ceilings(self) -> dict[int, float]:
        """Those of topics."""
        ceiling, highest = self._catalog.ceiling, self._highest
        return {topic: ceiling(highest + part) for topic, part in self.parts.items()}

    def settle(self) -> None:
        """Works out beforehand what a decision would work out for offers that it comes across."""
        for position in self.doubtful:
            self.special[position]

    def enter(
        self,
        positions: Iterable[int],
        found: list[Scored],
        parts: Mapping[int, float] | None = None,
    ) -> Scored | None:
        """Scores the offers at these positions into `found`, which is in order, but for those that
        a cap or a budget holds back, and gives the last one. `scoring.probability` is worked out
        here once more: nothing is done oftener, and a call for each would double what it takes."""
        rows, common = self.rows, self.common
        parts = self.parts if parts is None else parts
        doubtful, special, last = self.doubtful, self.special, None
        for position in positions:
            own, worth, purpose, topic, offer_id = rows[position]
            log_odds = common[purpose] + own
            if position in doubtful:
                more = special[position]
                if more is None:
                    continue
                log_odds += more
            elif parts:
                log_odds += parts.get(topic, 0.0)
            exact = 2.0**40 / (1.0 + exp(-log_odds if log_odds > -500.0 else 500.0))
            places = exact + 2.0**52 - 2.0**52  # the nearest whole number
            if places > exact:
                places -= 1.0
            chance = places / 2.0**40
            last = -chance * worth, offer_id, position, chance
            found.append(last)
        found.sort()
        return last


def _places(catalog: Catalog, ids: Iterable[str]) -> set[int]:
    """Where those of these offers stand that the catalog has."""
    return {place for i in ids if (place := catalog.position_of(i)) is not None}


def _tilt(catalog: Catalog, model: Model) -> float:
    """By how much offers' own log-odds may exceed those that order the catalog."""
    if model.version == catalog.model_version:
        return 0.0
    return max(model.most_own(catalog.own_ranges) - catalog.least_own, 0.0)
