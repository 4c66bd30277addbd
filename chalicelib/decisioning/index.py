"""Reads a customer once and says which offers may be for them: the index of a published catalog.

A reading is the class of the customer's value in every dimension; an offer is possible where the
rows of all these classes have its bit. Rows are whole numbers, made of the artifact's bytes when
they are first needed; a block's bit n stands for its n-th position. What rows cannot settle is
judged late, offer by offer. How the rows came about is told in `indexing`.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import getitem, itemgetter
from typing import Any, Final, NamedTuple

from .dimensions import Classes
from .eligibility import Test, Value, prepare_test, prepare_value
from .sections import Sections
from .values import Undefined
from .view import Frame

_FOREIGN: Final[list[Any]] = []
Clause = list[Any]
"""What is judged late: `["&", ...]`, `["|", ...]`, `[slot, classes]`, or, where a class does not
settle it, `[slot, classes, classes where it may hold, predicate, wanted]`; `["in", slot of the set,
element, wanted]`; `["is", predicate, wanted]`."""


class Reading:
    """One customer at one moment, as the index sees them."""

    __slots__ = ("classes", "frame", "held", "is_open", "members")

    def __init__(
        self,
        frame: Frame,
        classes: Sequence[int | None],
        members: Sequence[tuple[int, ...] | None],
        *,
        is_open: bool = False,
    ) -> None:
        """None for a class or set that is left open: it rules nothing out."""
        self.frame = frame
        self.classes = classes
        self.members = members
        self.is_open = is_open
        self.held: dict[int, bool | None] = {}


class _Words(dict[Any, int]):
    """The class of each text that is named; `other` is that of any other."""

    other: int

    def __missing__(self, word: Any) -> int:
        return self.other


class _Group(NamedTuple):
    """Plain values of one kind, read together while all of them are there and of that kind."""

    root: str
    fetch: Callable[[dict[str, Any]], Sequence[Any]]
    names: tuple[str, ...]
    kinds: frozenset[type]
    convert: Callable[[Any, Any], int]
    tables: tuple[Any, ...]
    classes: tuple[Classes, ...]

    def one_by_one(self, values: dict[str, Any]) -> Iterable[int]:
        each = map(values.get, self.names)
        return [c.class_of(value) for c, value in zip(self.classes, each, strict=True)]


class _Members(NamedTuple):
    """A set, and the numbers of its elements, from 1."""

    value: Value
    elements: dict[str, int]

    def read(self, frame: Frame) -> tuple[int, ...]:
        """The numbers of the elements that the customer's set has."""
        try:
            value = self.value(frame)
        except Undefined:
            return ()
        if type(value) is dict:
            return tuple(self.elements[e] for e in self.elements.keys() & value.keys())
        if type(value) is not list:
            return ()
        try:
            return tuple(filter(None, map(self.elements.get, value)))
        except TypeError:  # what cannot be a key is no element either
            texts = (e for e in value if type(e) is str)
            return tuple(filter(None, map(self.elements.get, texts)))


class _LazyRows(dict[int | None, int]):
    """The rows of one dimension within a block, by class, made when they are first needed."""

    __slots__ = ("_first", "_rows", "_width")

    def __init__(self, rows: Any, first: int, width: int) -> None:
        super().__init__()
        self._rows = rows
        self._first = first
        self._width = width

    def __missing__(self, number: int | None) -> int:
        if number is None:
            return -1
        start = (self._first + number) * self._width
        row = self[number] = int.from_bytes(self._rows[start : start + self._width], "little")
        return row


Rows = _LazyRows
"""By class; an open class leaves everything possible."""


class Block(NamedTuple):
    """A stretch of positions from `first`, and its rows by dimension."""

    first: int
    length: int
    every: int
    scalars: tuple[Rows, ...]
    members: tuple[tuple[Rows, Rows], ...]


class Index:
    """The index of one catalog."""

    def __init__(self, sections: Sections, size: int, blocks: Iterable[tuple[int, int]]) -> None:
        header = sections.header["index"]
        told = header["dimensions"]
        scalars = [d for d in told if d["kind"] == "scalar"]
        self._groups, grouped = _groups(scalars)
        self._others = [(prepare_value(d["subject"]), _classes(d)) for d in scalars[grouped:]]
        sets = [d for d in told if d["kind"] == "members"]
        self._members = [_Members(prepare_value(d["subject"]), _numbered(d)) for d in sets]
        self._open_scalars = [not _of_customer(d["subject"]) for d in scalars]
        self._open_members = [not _of_customer(d["subject"]) for d in sets]
        self._predicates = sections.pieces("predicates", "predicate_ends")
        self._tests: dict[int, tuple[Test, bool]] = {}
        self._late = sections.pieces("late", "late_ends")
        self._clauses: dict[int, list[Clause]] = {}
        self.blocks = tuple(_blocks(sections, blocks, told, header["rows"], size))

    def read(self, frame: Frame) -> Reading:
        """The classes that the customer's values fall into."""
        classes: list[int | None] = []
        for group in self._groups:
            root, fetch, _, kinds, convert, tables, _ = group
            try:
                values = fetch(frame[root])
            except KeyError:
                values = (None,)
            if kinds.issuperset(map(type, values)):
                classes += map(convert, tables, values)
            else:
                classes += group.one_by_one(frame[root])
        for value, of in self._others:
            classes.append(_class_of(value, of, frame))
        return Reading(frame, classes, [m.read(frame) for m in self._members])

    def possible(self, reading: Reading, block: Block) -> int:
        """The offers of the block that the rows leave possible, a bit for each position."""
        bits = block.every
        for row, number in zip(block.scalars, reading.classes):  # noqa: B905 - no time to lose
            bits &= row[number]
        for rows, found in zip(block.members, reading.members):  # noqa: B905
            if found is not None:
                needed, borne = rows
                allowed = needed[0]
                for number in found:
                    allowed |= needed[number]
                    bits &= borne[number]
                bits &= allowed
        return bits

    def reachable(self, frame: Frame) -> Iterator[int]:
        """The positions of the offers that the customer's own record does not rule out, whatever
        context and request might say."""
        reading = self._opened(self.read(frame))
        for block in self.blocks:
            for position in positions(self.possible(reading, block), block):
                if self.holds_late(position, reading):
                    yield position

    def _opened(self, reading: Reading) -> Reading:
        """The reading with everything left open that is not of the customer."""
        classes = zip(self._open_scalars, reading.classes, strict=True)
        members = zip(self._open_members, reading.members, strict=True)
        return Reading(
            reading.frame,
            [None if is_open else number for is_open, number in classes],
            [None if is_open else found for is_open, found in members],
            is_open=True,
        )

    def holds_late(self, position: int, reading: Reading) -> bool:
        """Whether what the rows do not settle of the offer's rule holds too."""
        clauses = self._clauses.get(position)
        if clauses is None:
            clauses = self._clauses[position] = json.loads(self._late[position] or "[]")
        for clause in clauses:  # noqa: SIM110 - a generator costs as much as the test
            if not self._holds(clause, reading):
                return False
        return True

    def _holds(self, clause: Clause, reading: Reading) -> bool:
        head = clause[0]
        if head.__class__ is int:
            number = reading.classes[head]
            if number is None or clause[1] >> number & 1:
                return True
            if len(clause) == 2 or not clause[2] >> number & 1:
                return False
            return self.test(clause[3], reading) in (clause[4], None)
        if head == "in":
            found = reading.members[clause[1]]
            return found is None or (clause[2] in found) is clause[3]
        if head == "is":
            return self.test(clause[1], reading) in (clause[2], None)
        settles = head == "|"
        for part in clause[1:]:
            if self._holds(part, reading) is settles:
                return settles
        return not settles

    def test(self, predicate: int, reading: Reading) -> bool | None:
        """A predicate on its own, tried once for a reading; None where that is left open."""
        if predicate not in reading.held:
            test, of_customer = self._prepared(predicate)
            left_open = reading.is_open and not of_customer
            reading.held[predicate] = None if left_open else test(reading.frame)
        return reading.held[predicate]

    def _prepared(self, predicate: int) -> tuple[Test, bool]:
        """A predicate ready to be tried, and whether it looks at the customer alone."""
        prepared = self._tests.get(predicate)
        if prepared is None:
            node = json.loads(self._predicates[predicate])
            prepared = self._tests[predicate] = prepare_test(node), _of_customer(node)
        return prepared


def _of_customer(node: Any) -> bool:
    """Whether a value or condition looks at the customer and the clock, and at nothing else."""
    if isinstance(node, list):
        return all(map(_of_customer, node))
    if not isinstance(node, dict):
        return True
    path = node.get("read", ("customer",))
    known = path[0] not in ("context", "request", "moment") or path[1] in ("at", "time")
    return known and all(map(_of_customer, node.get("args") or node.get("list") or ()))


def positions(bits: int, block: Block) -> Iterator[int]:
    """The positions whose bits are set, in order."""
    words = memoryview(bits.to_bytes(-(-block.length // 64) * 8, "little")).cast("Q")
    for number, word in enumerate(words):
        while word:
            low = word & -word
            yield block.first + number * 64 + low.bit_length() - 1
            word ^= low


def _blocks(
    sections: Sections,
    places: Iterable[tuple[int, int]],
    told: Sequence[dict[str, Any]],
    row_count: int,
    size: int,
) -> Iterator[Block]:
    view, at = sections.bytes_of("rows"), 0
    for first, length in places:
        wide = length // 8
        part = view[at : at + row_count * wide]
        at += row_count * wide

        scalars = tuple(Rows(part, d["row"], wide) for d in told if d["kind"] == "scalar")
        members = tuple(
            (Rows(part, d["row"], wide), Rows(part, d["row"] + len(d["elements"]), wide))
            for d in told
            if d["kind"] == "members"
        )
        yield Block(first, length, (1 << min(length, size - first)) - 1, scalars, members)


def _numbered(told: dict[str, Any]) -> dict[str, int]:
    return {element: number for number, element in enumerate(told["elements"], start=1)}


def _classes(told: dict[str, Any]) -> Classes:
    words: dict[str | bool, int] = dict(told["words"])
    return Classes(tuple(told["cuts"]), words, told["other"], told["foreign"], told["missing"])


def _class_of(value: Value, classes: Classes, frame: Frame) -> int:
    try:
        found = value(frame)
    except Undefined:
        return classes.missing
    return classes.class_of(_FOREIGN if found is None else found)


def _groups(scalars: Sequence[dict[str, Any]]) -> tuple[list[_Group], int]:
    """The dimensions that are read in groups, and how many they are: they come first."""
    made: list[_Group] = []
    grouped = 0
    while grouped < len(scalars):
        group = _group(scalars[grouped:])
        if group is None:
            break
        made.append(group)
        grouped += len(group.names)
    return made, grouped


def _group(scalars: Sequence[dict[str, Any]]) -> _Group | None:
    """As many of the first dimensions as are plain values of one root and kind."""
    root = scalars[0]["subject"].get("read", [None])[0]
    for kinds, convert, table_of in _KINDS:
        found: list[tuple[str, Any, Classes]] = []
        for told in scalars:
            classes, path = _classes(told), told["subject"].get("read", ())
            table = table_of(classes)
            if table is None or len(path) != 2 or path[0] != root:
                break
            found.append((path[1], table, classes))
        if found:
            names, tables, of = zip(*found, strict=True)
            return _Group(root, _fetch(names), names, kinds, convert, tables, of)
    return None


def _fetch(names: tuple[str, ...]) -> Callable[[dict[str, Any]], Sequence[Any]]:
    if len(names) > 1:
        return itemgetter(*names)
    [name] = names
    return lambda attributes: (attributes[name],)


def _intervals(classes: Classes) -> tuple[float, ...] | None:
    return classes.cuts if classes.cuts and not classes.words else None


def _texts(classes: Classes) -> _Words | None:
    if classes.cuts or not all(type(word) is str for word in classes.words):
        return None
    table = _Words(classes.words)
    table.other = classes.other
    return table


def _flags(classes: Classes) -> tuple[int, int] | None:
    if classes.cuts or not all(type(word) is bool for word in classes.words):
        return None
    return classes.class_of(False), classes.class_of(True)


_KINDS: Final = (
    (frozenset((int, float)), bisect_right, _intervals),
    (frozenset((str,)), getitem, _texts),
    (frozenset((bool,)), getitem, _flags),
)
