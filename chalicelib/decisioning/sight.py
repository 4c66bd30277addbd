"""Joins rules, terms and search: the eligible offers of a catalog, best first.

Four ways lead to the same order. Rules are tried one after the other, the most promising first.
Where the customer has to do with some topics of a larger catalog, the most promising of each topic
are tried in rounds. Where that takes long, or rules are not compiled yet, the index tells which
offers are possible at all. And where a model has an outlook on every category, all offers are
scored at once, and rules tried from the best down.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property, partial
from itertools import chain, islice
from typing import Final

from .affinity import bits_of
from .index import Block, Reading, positions
from .ranking import Ranking
from .search import LOWER, Offers, Scored, Source, Stream, merged
from .terms import Terms

FEW: Final = 4096
"""Up to so many offers are tried one after the other, whatever topics the customer knows."""
MOST_TRIES: Final = 300
"""After so many rules the index is asked."""
LITTLE: Final = 0.3
"""Topics with less than this share of the largest part are not looked at by themselves."""
COMPILED_AT_ONCE: Final = 24
"""One decision compiles no more rules than this."""


class Sight:
    """One ranking: the catalog as the customer's terms show it."""

    def __init__(self, ranking: Ranking, terms: Terms) -> None:
        self._ranking = ranking
        self._catalog = ranking.catalog
        self._terms = terms
        self._opened: dict[int, int] = {}

    def best_first(self) -> Iterator[Scored]:
        """The eligible offers, each found when it is asked for; of few, all at once."""
        ranking, terms = self._ranking, self._terms
        if terms.leanings is not None and ranking.size <= FEW:
            return self.by_score()
        if ranking.is_new:
            ranking.is_new = False
            return self.by_index()
        if ranking.is_small:
            return self._at_once()
        if ranking.size <= FEW or not terms.parts:
            return self._one_by_one()
        return self._by_topic()

    def by_index(self) -> Iterator[Scored]:
        """The same by the index: what it says is possible, judged late."""
        terms, catalog = self._terms, self._catalog
        bits, single, keys = catalog.affinity.bits, terms.single, catalog.keys
        streams = [
            Stream(self._possible(partial(bits, topic), but=single), ceiling, keys)
            for topic, ceiling in terms.ceilings.items()
        ]
        rest = self._possible(self._rest, but=single)
        streams.append(Stream(rest, terms.rest_ceiling, keys))
        if single:
            singled = self._possible(partial(bits_of, single))
            streams.append(Stream(singled, terms.single_ceiling, keys))
        holds = partial(catalog.index.holds_late, reading=self._reading)
        offers = Offers(keys, terms.enter, holds, self._alike, catalog.lower_key, catalog.id_at)
        return merged(streams, offers, self._ranking.depth)

    def _at_once(self) -> Iterator[Scored]:
        """All rules tried before the first offer is given."""
        terms = self._terms
        found: list[Scored] = []
        for walk, _ in self._ranking.stretches():
            terms.enter(walk(terms.values, self._alone), found)
        return iter(found)

    def _one_by_one(self) -> Iterator[Scored]:
        """Rules tried in the order of positions, until none that remains can score as high."""
        return chain.from_iterable(self._rounds())

    def _rounds(self) -> Iterator[Iterable[Scored]]:
        """Those that are sure to come next, stretch by stretch.

        What is singled out further down is tried first of all, so that it keeps nothing waiting.
        """
        terms, ranking = self._terms, self._ranking
        minus_keys = ranking.columns.minus_keys
        found: list[Scored] = []
        early = [position for position in terms.single if position >= ranking.stretch]
        if early and not self._try(early, found):
            yield self.by_index()
            return
        given, end = 0, 0
        for walk, end in ranking.stretches():
            holding = walk(terms.values, self._alone)
            if early:
                holding = [position for position in holding if position not in early]
            terms.enter(holding, found)
            if end < ranking.size:
                sure = bisect_left(found, (minus_keys[end] * terms.ceiling,))
                yield found[:sure]
                del found[:sure]
                given += sure
        yield found if end == ranking.size else islice(self.by_index(), given, None)

    def by_score(self) -> Iterator[Scored]:
        """All offers scored at once, rules tried from the best down."""
        found: list[Scored] = []
        rule, values, alone = self._ranking.rule, self._terms.values, self._alone
        for promising, parts, bound in self._ranking.table.best_first(self._terms):
            holding = [p for p in promising if rule(p)(values, alone)]
            self._terms.enter(holding, found, parts)
            while found and -found[0][0] > bound:
                yield found.pop(0)

    def _by_topic(self) -> Iterator[Scored]:
        """The most promising offers of each topic tried, in rounds down to ever lower scores."""
        ranking, sources = self._ranking, self._sources()
        found: list[Scored] = []
        highest = first = max([source.bound for source in sources])
        level, left, given = highest * ranking.depth, MOST_TRIES, 0
        while highest >= 0.0 or found:
            chosen = [p for s in sources if s.bound >= level for p in s.down_to(level)]
            left -= len(chosen)
            if left < 0 or not self._try(chosen, found):
                yield from islice(self.by_index(), given, None)
                return
            highest = max([source.bound for source in sources])
            while found and -found[0][0] > highest:
                best = found.pop(0)
                given += 1
                ranking.note_depth(-best[0] / first if first else 1.0)
                yield best
            level = min(level, highest) * LOWER

    def _try(self, chosen: Sequence[int], found: list[Scored]) -> bool:
        """Enters the eligible ones; False where too many are not compiled yet."""
        rules, more = self._ranking.rules, COMPILED_AT_ONCE
        holding: list[int] = []
        values, alone = self._terms.values, self._alone
        for position in chosen:
            rule = rules[position]
            if rule is None:
                more -= 1
                if more < 0:
                    return False
                rule = self._ranking.rule(position)
            if rule(values, alone):
                holding.append(position)
        self._terms.enter(holding, found)
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
        return terms.even and same and last not in terms.doubtful
