"""Finds the best offers first, and looks at no more of them than it must.

Offers stand in order of `key`, which times a stream's ceiling is never less than their score, so a
stream is known from its next offer on: an offer is ranked as soon as no stream can bring one that
goes before it. Streams are taken from in rounds, each down to a lower level than the one before.
The order is exact, ties by id. What an offer is about is not known here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

LOWER: Final = 0.7
"""A round's level, as a share of the one before."""
_QUICKLY_SPREAD: Final = 2048
_AT_ONCE: Final = 64
"""A round takes no more than so many from one stream: flat values know no levels."""


class Candidate(NamedTuple):
    """An eligible offer; sorts best first, ties by id."""

    minus_score: float
    offer_id: str
    position: int
    probability: float

    @property
    def score(self) -> float:
        return -self.minus_score


Scored = tuple[float, str, int, float]
"""A candidate's fields: quicker to make and to look at while many are compared."""


candidate: Final[Callable[[Scored], Candidate]] = partial(tuple.__new__, Candidate)
"""The candidate of these fields, without the named tuple's own constructor, which takes as long
as scoring does."""


class Offers(NamedTuple):
    """What the search asks of the offers, by position; `keys` are in descending order.

    `enter` scores into what was found, in order, leaving out those that are held back. `admissible`
    is asked when an offer is about to be ranked. `alike` says of two positions of one stream
    whether the second surely scores no higher; `lower_key` gives the next lower key.
    """

    keys: memoryview[float]
    enter: Callable[[Sequence[int], list[Scored]], Scored | None]
    admissible: Callable[[int], bool]
    alike: Callable[[int, int], bool]
    lower_key: Callable[[int], float]
    id_at: Callable[[int], str]


class Columns:
    """What the search reads of every offer, by position: in place at first, as lists once they are
    spread out, which is quicker to read and takes a moment to do."""

    def __init__(self, catalog: Any) -> None:
        self._affinity = catalog.affinity
        self._topics: dict[int, list[int]] = {}
        self.keys: Sequence[float] = catalog.keys
        self.topic_of: Sequence[int] = catalog.affinity.topic_of
        self.minus_keys: Sequence[float] = catalog.minus_keys
        if len(catalog) <= _QUICKLY_SPREAD:
            self.spread()

    def spread(self) -> None:
        self.keys, self.minus_keys = list(self.keys), list(self.minus_keys)
        self.topic_of = list(self.topic_of)

    def of_topic(self, topic: int) -> list[int]:
        """Where a topic's offers stand, in order."""
        positions = self._topics.get(topic)
        if positions is None:
            positions = self._topics[topic] = self._affinity.positions(topic).tolist()
        return positions


class Source:
    """Positions in order, to be had down to one level after the other, and the bound of the next.

    `but` are positions, `but_topics` topics to be passed over.
    """

    __slots__ = ("_but", "_but_topics", "_ceiling", "_columns", "_places", "_start", "bound")

    def __init__(
        self,
        places: Sequence[int],
        ceiling: float,
        columns: Columns,
        but: Collection[int] = (),
        but_topics: Collection[int] = (),
    ) -> None:
        self._places = places
        self._ceiling = ceiling
        self._columns = columns
        self._but = but
        self._but_topics = but_topics
        self._start = 0
        self.bound = columns.keys[places[0]] * ceiling

    def down_to(self, level: float) -> Sequence[int]:
        """The next positions, those that may score as high as `level`."""
        places, start, columns = self._places, self._start, self._columns
        below = bisect_right(columns.minus_keys, -level / self._ceiling)
        end = self._start = min(bisect_left(places, below, start), start + _AT_ONCE)
        self.bound = columns.keys[places[end]] * self._ceiling if end < len(places) else -1.0
        chosen = places[start:end]
        if self._but_topics and chosen:
            topic_of, but_topics = columns.topic_of, self._but_topics
            chosen = [p for p in chosen if topic_of[p] not in but_topics]
        return [p for p in chosen if p not in self._but] if self._but and chosen else chosen


class Stream:
    """Positions in order, to be had one after the other, and the ceiling on their score / key.

    A negative position ~p says that the next one is not before p, without having looked for it.
    """

    __slots__ = ("bound", "ceiling", "last", "next", "positions")

    def __init__(self, positions: Iterator[int], ceiling: float, keys: memoryview[float]) -> None:
        self.positions = positions
        self.ceiling = ceiling
        self.last: Scored | None = None
        self.stand_at(next(positions, None), keys)

    def stand_at(self, position: int | None, keys: memoryview[float]) -> None:
        """The next position, and what nothing that remains can score above."""
        self.next, self.bound = position, -1.0
        if position is not None:
            self.bound = keys[position if position >= 0 else ~position] * self.ceiling


def merged(streams: list[Stream], offers: Offers, depth: float) -> Iterator[Scored]:
    """The offers of all streams, best first, each found when it is asked for.

    `depth` says how far down the first round goes, as a share of the highest bound.
    """
    found: list[Scored] = []
    highest = max((stream.bound for stream in streams), default=0.0)
    level = highest * depth
    while streams:
        for stream in streams:
            if stream.bound >= level:
                _take(stream, level, found, offers)
        streams = [stream for stream in streams if stream.next is not None]
        highest = max((stream.bound for stream in streams), default=-1.0)
        while found and (-found[0][0] > highest or _goes_first(found[0], streams, offers)):
            best = found.pop(0)
            if offers.admissible(best[2]):
                yield best
        level = min(level, highest) * LOWER
    yield from (best for best in found if offers.admissible(best[2]))


def _take(stream: Stream, level: float, found: list[Scored], offers: Offers) -> None:
    """Takes what may score as high as `level`; one at least."""
    keys, positions = offers.keys, stream.positions
    taken: list[int] = []
    position, cut, left = stream.next, level / stream.ceiling, _AT_ONCE
    while position is not None:
        if position >= 0:
            taken.append(position)
        left -= 1
        position = next(positions, None)
        if position is None or position < 0 or keys[position] < cut or not left:
            break
    stream.last = offers.enter(taken, found) or stream.last
    stream.stand_at(position, keys)


def _goes_first(best: Scored, streams: list[Stream], offers: Offers) -> bool:
    """Whether none that remains goes before `best`, although a bound says that one might.

    Where the next of a stream is like its last one, those of its key that remain are at most as
    good, and stand in order of id.
    """
    minus_score, offer_id, _, _ = best
    for stream in streams:
        if -minus_score > stream.bound:
            continue
        last, following = stream.last, stream.next
        if last is None or following is None or following < 0:
            return False
        if minus_score > last[0] or not offers.alike(last[2], following):
            return False
        if minus_score == last[0] and offer_id > offers.id_at(following):
            return False
        if -minus_score <= offers.lower_key(following) * stream.ceiling:
            return False
    return True
