"""What is kept of one catalog between decisions, for speed: compiled rules and what scores read.

Never here: a customer. `terms` has theirs, and `sight` the search itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ..model import Offer
from .compiled import Catalog
from .expressions import Reader, Try, Walk, compile_rule, compile_walk
from .scoring import Model
from .search import Columns
from .situation import Target

if TYPE_CHECKING:
    from .table import Table

SMALL: Final = 128
"""Up to so many offers are a small catalog: all of its rules are tried at once, which takes less
than to look, on the way, whether it is enough."""
STRETCH: Final = 64
"""So many rules are compiled into one function, and tried before anything is scored."""
MOST_STRETCHES: Final = 8
MOST_COMPILED: Final = 8192
WARMED: Final = 64
WARMED_OF_A_TOPIC: Final = 8
"""So many topics, and offers of each, are compiled beforehand where there is time."""


Row = tuple[float, float, int, int, str]
"""What scoring reads of an offer: its own log-odds, worth, purpose, topic, id. A named tuple takes
three times as long to take apart."""


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
        topic, purpose = catalog.affinity.topic_of[position], catalog.purposes[position]
        row = own, catalog.worth[position], purpose, topic, catalog.id_at(position)
        self[position] = row
        return row


Stretch = tuple[Walk, int]
"""The rules of some positions in a row, and the next position."""


class Ranking:
    """The offers of one catalog, to be ranked for one customer after the other."""

    def __init__(self, catalog: Catalog, model: Model) -> None:
        self.catalog = catalog
        self.model = model
        self.reader = Reader(catalog.plain_names)
        self.columns = Columns(catalog)
        self.rules: list[Try | None] = [None] * len(catalog)
        self.size = len(catalog)
        self.is_small = self.size <= SMALL
        self.stretch = SMALL if self.is_small else STRETCH
        stretches = min(-(-self.size // self.stretch), MOST_STRETCHES)
        self._stretches: list[Stretch | None] = [None] * stretches
        self._whole: list[Stretch] = []
        self.is_new = True
        """Nothing is compiled for the very first decision: it does not wait for that."""
        self.depth = 0.3
        """How far down, as a share of the highest bound, decisions go: an estimate, for speed."""
        self._compiled = 0
        self._targets: dict[int, Target] = {}

    def under(self, model: Model) -> Ranking:
        """The same by another model, with the rules that are compiled already."""
        found = copy(self)
        found.model = model
        for name in ("rows", "table"):
            found.__dict__.pop(name, None)
        return found

    @cached_property
    def rows(self) -> dict[int, Row]:
        """By position; of a small catalog all, in a plain dictionary: quicker to look up."""
        rows = _Rows(self.catalog, self.model)
        return {p: rows[p] for p in range(self.size)} if self.is_small else rows

    @cached_property
    def table(self) -> Table:
        """All offers at once, for models that have an outlook on every category."""
        from .table import Table  # numpy, which nothing else here needs

        return Table(self.catalog, self.rows, self.model)

    def warm(self) -> None:
        """Compiles what decisions will most likely try: before a new version serves."""
        self.is_new = False
        self.columns.spread()
        for _ in range(2):
            deque(self.stretches(), maxlen=0)
        for topic in range(min(len(self.catalog.affinity), WARMED)):
            for position in self.columns.of_topic(topic)[:WARMED_OF_A_TOPIC]:
                self.rule(position)

    def stretches(self) -> Iterable[Stretch]:
        """The rules in order: what is compiled of them, and where that ends, one stretch more."""
        return self._whole or self._one_more()

    def _one_more(self) -> Iterator[Stretch]:
        for number, known in enumerate(self._stretches):
            yield known or self._compile(number)
            if known is None and number + 1 < len(self._stretches):
                return
        self._whole = [known for known in self._stretches if known]

    def _compile(self, number: int) -> Stretch:
        first = number * self.stretch
        end = min(first + self.stretch, self.size)
        steps = [self.catalog.steps_at(position) for position in range(first, end)]
        walk = compile_walk(steps, first, self.reader.places)
        self._stretches[number] = walk, end
        return walk, end

    def note_depth(self, depth: float) -> None:
        """A decision went this far down: a first round that ends too early costs a second one."""
        self.depth += (0.1 if depth < self.depth else 0.02) * (0.9 * depth - self.depth)

    def rule(self, position: int) -> Try:
        """The offer's rule as a function."""
        found = self.rules[position]
        if found is None:
            if self._compiled >= MOST_COMPILED:
                self.rules, self._compiled = [None] * self.size, 0
            self._compiled += 1
            found = compile_rule(self.catalog.steps_at(position), self.reader.places)
            self.rules[position] = found
        return found

    def target_of(self, offer: Offer) -> Target:
        """What an offer of this catalog is about."""
        position = self.catalog.position_of(offer.id)
        return Target.of(offer) if position is None else self.target(position)

    def target(self, position: int) -> Target:
        target = self._targets.get(position)
        if target is None:
            target = self._targets[position] = Target.of(self.catalog.offer_at(position))
        return target
