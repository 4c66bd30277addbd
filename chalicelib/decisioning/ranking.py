"""Joins rules, affinity, scorer and search: the eligible offers of a catalog, best first.

Three ways lead to the same order. Rules are tried one after the other, the most promising first.
Where the customer has to do with some topics of a larger catalog, the most promising of each topic
are tried in rounds. Where that takes long, or rules are not compiled yet, the index tells which
offers are possible at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property, partial
from heapq import heappop, heappush
from itertools import islice
from math import inf
from typing import Any, Final, NamedTuple

from .affinity import bits_of
from .compiled import PURPOSES, Catalog
from .expressions import Reader, Try, Values, Walk, compile_rule, compile_walk
from .index import Block, Reading, positions
from .kinds import complete
from .policy import Allowance
from .scoring import Model, Scorer, probability
from .search import LOWER, Candidate, Columns, Offers, Source, Stream, merged
from .situation import Target
from .view import Frame

SMALL: Final = 256
"""Up to so many offers are tried one after the other, whoever the customer is."""
STRETCH: Final = 64
"""So many rules are compiled into one function."""
MOST_STRETCHES: Final = 8
MOST_TRIES: Final = 300
"""After so many rules the index is asked."""
LITTLE: Final = 0.3
"""Topics with less than this share of the largest part are not looked at by themselves."""
COMPILED_AT_ONCE: Final = 24
"""One decision compiles no more rules than this."""
MOST_COMPILED: Final = 8192
WARMED: Final = 64
WARMED_OF_A_TOPIC: Final = 8
"""So many topics, and offers of each, are compiled beforehand where there is time."""


class Row(NamedTuple):
    """What scoring reads of an offer."""

    own: float
    worth: float
    purpose: int
    topic: int
    offer_id: str


class _Rows(dict[int, Row]):
    """By position, made when they are first needed."""

    def __init__(self, catalog: Catalog, model: Model) -> None:
        super().__init__()
        self._catalog = catalog
        self._model = None if model.version == catalog.model_version else model

    def __missing__(self, position: int) -> Row:
        catalog = self._catalog
        own = catalog.own[position]
        if self._model is not None:
            own = self._model.own(catalog.offer_at(position).features)
        row = self[position] = Row(
            own,
            catalog.worth[position],
            catalog.purposes[position],
            catalog.affinity.topic_of[position],
            catalog.id_at(position),
        )
        return row


class Ranking:
    """The offers of one catalog, to be ranked for one customer after the other."""

    def __init__(self, catalog: Catalog, model: Model) -> None:
        self.catalog = catalog
        self.reader = Reader(catalog.plain_names)
        self.columns = Columns(catalog)
        self.rows = _Rows(catalog, model)
        self.rules: list[Try | None] = [None] * len(catalog)
        self.stretch = SMALL if len(catalog) <= SMALL else STRETCH
        stretches = min(-(-len(catalog) // self.stretch), MOST_STRETCHES)
        self.walks: list[Walk | None] = [None] * stretches
        self.is_new = True
        """Nothing is compiled for the very first decision: it does not wait for that."""
        self.depth = 0.3
        """How far down, as a share of the highest bound, decisions go: an estimate, for speed."""
        self._model = model
        self._compiled = 0
        self._targets: dict[int, Target] = {}

    def rows_under(self, model: Model) -> dict[int, Row]:
        """The rows as `model` has them: a model that explores is another one every time."""
        return self.rows if model is self._model else _Rows(self.catalog, model)

    def warm(self) -> None:
        """Compiles what decisions will most likely try: before a new version serves."""
        self.is_new = False
        self.columns.spread()
        for stretch in range(min(len(self.walks), 2)):
            self.walk(stretch)
        for topic in range(min(len(self.catalog.affinity), WARMED)):
            for position in self.columns.of_topic(topic)[:WARMED_OF_A_TOPIC]:
                self.rule(position)

    def walk(self, stretch: int) -> Walk:
        """The rules of one stretch of positions as one function."""
        found = self.walks[stretch]
        if found is None:
            first = stretch * self.stretch
            places = range(first, min(first + self.stretch, len(self.catalog)))
            steps = [self.catalog.steps_at(position) for position in places]
            found = self.walks[stretch] = compile_walk(steps, first, self.reader)
        return found

    def note_depth(self, depth: float) -> None:
        """A decision went this far down: a first round that ends too early costs a second one."""
        self.depth += (0.1 if depth < self.depth else 0.02) * (0.9 * depth - self.depth)

    def rule(self, position: int) -> Try:
        """The offer's rule as a function."""
        found = self.rules[position]
        if found is None:
            if self._compiled >= MOST_COMPILED:
                self.rules, self._compiled = [None] * len(self.catalog), 0
            self._compiled += 1
            found = compile_rule(self.catalog.steps_at(position), self.reader.places)
            self.rules[position] = found
        return found

    def target(self, position: int) -> Target:
        target = self._targets.get(position)
        if target is None:
            target = self._targets[position] = Target.of(self.catalog.offer_at(position))
        return target


class _Special(dict[int, float]):
    """What the customer has to do with offers that they met or that are singled out, by position;
    worked out when one of them is scored."""

    def __init__(self, ranking: Ranking, scorer: Scorer) -> None:
        super().__init__()
        self._ranking = ranking
        self._scorer = scorer

    def __missing__(self, position: int) -> float:
        found = self[position] = self._scorer.targeted(self._ranking.target(position))
        return found


class Terms:
    """What one customer at one moment brings to a ranking: their values, and what they have to do
    with the catalog's topics and with the offers that they met."""

    def __init__(
        self,
        ranking: Ranking,
        frame: Frame,
        scorer: Scorer,
        allowance: Allowance,
        exhausted: frozenset[str],
    ) -> None:
        catalog, situation = ranking.catalog, scorer.situation
        place_of, affinity = catalog.position_of, catalog.affinity
        self.frame = frame
        self.exhausted = exhausted
        topics = affinity.topics(situation)
        self.parts = {n: scorer.of_categories(paths) for n, paths in topics.items()}
        met = {p for i in allowance.offers_met() if (p := place_of(i)) is not None}
        raised = {p for i in scorer.raised if (p := place_of(i)) is not None}
        self.single = affinity.singled_out(situation) | raised
        self.met = met | self.single
        self.special = _Special(ranking, scorer)
        self._catalog = catalog
        self._allowance = allowance
        self._capped: dict[int, bool] = {}
        self.common = [scorer.common[purpose] for purpose in PURPOSES]
        self.rows = ranking.rows_under(scorer.model)
        tilt = _tilt(catalog, scorer.model)
        self.even = tilt == 0.0 and len(set(self.common)) == 1
        highest = max(self.common) + tilt
        self.ceilings = {t: catalog.ceiling(highest + part) for t, part in self.parts.items()}
        self.rest_ceiling = catalog.ceiling(highest)
        most = max((self.special[p] for p in self.single), default=0.0)
        self.single_ceiling = catalog.ceiling(highest + most)
        complete(frame["by_kind"], ranking.reader.names)

    def admit(self, found: Candidate) -> bool:
        """Whether the offer's own cap and its budget leave anything."""
        return not self.capped(found.position) and found.offer_id not in self.exhausted

    def capped(self, position: int) -> bool:
        """Whether the offer's own cap leaves nothing."""
        if position not in self.met:
            return False
        found = self._capped.get(position)
        if found is None:
            reached = self._allowance.own_cap(self._catalog.offer_at(position))
            found = self._capped[position] = reached is not None
        return found


def _tilt(catalog: Catalog, model: Model) -> float:
    """By how much offers' own log-odds may exceed those that order the catalog."""
    if model.version == catalog.model_version:
        return 0.0
    return max(model.most_own(catalog.own_ranges) - catalog.least_own, 0.0)


class Sight:
    """One ranking: the catalog as the customer's terms show it."""

    def __init__(self, ranking: Ranking, terms: Terms) -> None:
        self._ranking = ranking
        self._catalog = ranking.catalog
        self._terms = terms
        self._opened: dict[int, int] = {}
        self._score = self._scoring()

    def best_first(self) -> Iterator[Candidate]:
        """The eligible offers, each found when it is asked for."""
        if self._ranking.is_new:
            self._ranking.is_new = False
            return self.by_index()
        if len(self._catalog) <= SMALL or not self._terms.parts:
            return self._one_by_one()
        return self._by_topic()

    def by_index(self) -> Iterator[Candidate]:
        """The same by the index: what it says is possible, judged late."""
        terms, catalog, reading = self._terms, self._catalog, self._reading
        bits, single, keys = catalog.affinity.bits, terms.single, catalog.keys

        def admissible(found: Candidate) -> bool:
            return catalog.index.holds_late(found.position, reading) and terms.admit(found)

        streams = [
            Stream(self._possible(partial(bits, topic), but=single), ceiling, keys)
            for topic, ceiling in terms.ceilings.items()
        ]
        rest = self._possible(self._rest, but=single)
        streams.append(Stream(rest, terms.rest_ceiling, keys))
        if single:
            singled = self._possible(partial(bits_of, single))
            streams.append(Stream(singled, terms.single_ceiling, keys))
        offers = Offers(
            keys, self._score, admissible, self._alike, catalog.lower_key, catalog.id_at
        )
        return merged(streams, offers, self._ranking.depth)

    def _one_by_one(self) -> Iterator[Candidate]:
        """Rules tried in the order of positions, until none that remains can score as high."""
        terms, score, found = self._terms, self._score, list[Candidate]()
        admit, keys, single = terms.admit, self._ranking.columns.keys, terms.single
        ceiling, given = max([terms.rest_ceiling, *terms.ceilings.values()]), 0
        if len(self._catalog) <= SMALL:
            ceiling, single = max(ceiling, terms.single_ceiling), set()
        elif single and not self._try(sorted(single), self._values(), found):
            yield from self.by_index()
            return
        for position in self._walk():
            minus_bound = -keys[position] * ceiling if position is not None else inf
            while found and found[0][0] < minus_bound:
                best = heappop(found)
                if admit(best):
                    given += 1
                    yield best
            if position is None:
                return
            if position not in single:
                heappush(found, score(position))
        yield from islice(self.by_index(), given, None)

    def _walk(self) -> Iterator[int | None]:
        """The positions whose rules hold, in order, and None at the end of the catalog. Ends
        without it where too much would have to be tried or compiled."""
        ranking, frame = self._ranking, self._terms.frame
        by_kind, moment = frame["by_kind"].values(), frame["moment"]
        served, at = moment["purposes"], moment["at"]
        more = 1
        for stretch, known in enumerate(ranking.walks):
            if known is None:
                more -= 1
                if more < 0:
                    return
                known = ranking.walk(stretch)
            yield from known(*by_kind, served, at, self._alone)
        if len(self._catalog) <= ranking.stretch * len(ranking.walks):
            yield None

    def _by_topic(self) -> Iterator[Candidate]:
        """The most promising offers of each topic tried, in rounds down to ever lower scores."""
        ranking, sources, found = self._ranking, self._sources(), list[Candidate]()
        admit = self._terms.admit
        highest = first = max([source.bound for source in sources])
        level, left, given = highest * ranking.depth, MOST_TRIES, 0
        values = self._values()
        while highest >= 0.0 or found:
            chosen = [p for s in sources if s.bound >= level for p in s.down_to(level)]
            left -= len(chosen)
            if left < 0 or not self._try(chosen, values, found):
                yield from islice(self.by_index(), given, None)
                return
            highest = max([source.bound for source in sources])
            while found and -found[0][0] > highest:
                best = heappop(found)
                if admit(best):
                    given += 1
                    ranking.note_depth(-best[0] / first if first else 1.0)
                    yield best
            level = min(level, highest) * LOWER

    def _try(self, chosen: Sequence[int], values: Values, found: list[Candidate]) -> bool:
        """Enters those whose rules hold; False where too many are not compiled yet."""
        rules, score, more = self._ranking.rules, self._score, COMPILED_AT_ONCE
        for position in chosen:
            rule = rules[position]
            if rule is None:
                more -= 1
                if more < 0:
                    return False
                rule = self._ranking.rule(position)
            if rule(values):
                heappush(found, score(position))
        return True

    def _sources(self) -> list[Source]:
        """The topics that the customer has most to do with, what is singled out, and all the rest:
        a source more costs as much as trying a few offers in vain."""
        terms, columns = self._terms, self._ranking.columns
        parts, ceilings, single = terms.parts, terms.ceilings, terms.single
        little = max(parts.values(), default=0.0) * LITTLE
        chosen = [topic for topic, part in parts.items() if part > little]
        sources = [Source(columns.of_topic(t), ceilings[t], columns, single) for t in chosen]
        rest = max([terms.rest_ceiling, *(ceilings[t] for t in parts if t not in chosen)])
        everything = range(len(self._catalog))
        sources.append(Source(everything, rest, columns, single, chosen))
        if single:
            sources.append(Source(sorted(single), terms.single_ceiling, columns))
        return sources

    def _scoring(self) -> Callable[[int], Candidate]:
        """Scores the offer at a position. A closure, for it is called most of all."""
        terms, chances = self._terms, dict[float, float]()
        rows, common, parts = terms.rows, terms.common, terms.parts
        met, special = terms.met, terms.special

        def score(position: int) -> Candidate:
            own, worth, purpose, topic, offer_id = rows[position]
            log_odds = common[purpose] + own
            if position in met:
                log_odds += special[position]
            elif parts:
                log_odds += parts.get(topic, 0.0)
            chance = chances.get(log_odds)
            if chance is None:
                chance = chances[log_odds] = probability(log_odds)
            made: Candidate = _new_candidate(
                Candidate, (-chance * worth, offer_id, position, chance)
            )
            return made

        return score

    def _values(self) -> Values:
        frame = self._terms.frame
        return self._ranking.reader.read(frame["by_kind"], frame["moment"], self._alone)

    def _possible(self, mask: Callable[[Block], int], but: Collection[int] = ()) -> Iterator[int]:
        """The possible offers of a mask, block by block; a block is opened when it is its turn."""
        for block in self._catalog.index.blocks:
            if block.first:
                yield ~block.first
            bits = self._bits(block) & mask(block)
            if but:
                bits &= ~bits_of(but, block)
            yield from positions(bits, block)

    def _bits(self, block: Block) -> int:
        """The possible offers of a block, looked up once."""
        found = self._opened.get(block.first)
        if found is None:
            found = self._catalog.index.possible(self._reading, block)
            self._opened[block.first] = found
        return found

    def _rest(self, block: Block) -> int:
        """The offers of no topic that the customer has to do with."""
        bits = block.every
        for topic in self._terms.parts:
            bits &= ~self._catalog.affinity.bits(topic, block)
        return bits

    @cached_property
    def _reading(self) -> Reading:
        return self._catalog.index.read(self._terms.frame)

    def _alone(self, predicate: int) -> bool:
        """A predicate that no compiled rule can try by itself."""
        return self._catalog.index.test(predicate, self._reading) is True

    def _alike(self, last: int, following: int) -> bool:
        terms, worth, own = self._terms, self._catalog.worth, self._catalog.own
        same = worth[last] == worth[following] and own[last] == own[following]
        return terms.even and same and last not in terms.met


_new_candidate: Final[Any] = tuple.__new__
"""Without the named tuple's own constructor, which costs as much again."""
