"""Lays out, for every class of every dimension, which offers it leaves possible: done at publish.

    dimension   a subject (or the validity dates, or the purposes) with its classes of values
    slot        the place of a dimension in a reading; sets have places of their own, and number
                their elements from 1
    row         one bit per offer, by position: what a class leaves possible
    block       a stretch of positions; blocks double in size, so that few decisions need a second

An offer's rule is a conjunction of clauses. A clause about one dimension alone is settled by its
rows; what is left of the rule is kept beside the offer and judged late, for few offers. Never here:
reading a customer, or the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .blocks import blocks
from .dimensions import Classes, Mask, Verdict, classify, verdict
from .eligibility import Node
from .predicates import Formula, Junction, Leaf, Predicates, without_text

MOST_DIMENSIONS: Final = 160
_SELDOM: Final = 400
"""A dimension is laid out when at least one offer in so many has a clause about it alone."""

Bits = NDArray[np.uint8]


class Layout(NamedTuple):
    """What `lay_out` made: `dimensions` and `predicates` as JSON, the rows block by block, and of
    each offer the late clauses as JSON (`index.Clause`)."""

    dimensions: list[dict[str, Any]]
    predicates: list[Any]
    rows: bytes
    row_count: int
    late: list[list[Any]]


def clauses_of(formula: Formula) -> tuple[Formula, ...]:
    """The parts that must all hold."""
    if isinstance(formula, Junction) and formula.every:
        return formula.parts
    return (formula,)


def leaves_of(formula: Formula) -> Iterator[Leaf]:
    if isinstance(formula, Leaf):
        yield formula
    else:
        yield from chain.from_iterable(map(leaves_of, formula.parts))


class _Scalar:
    """A dimension of single values, and what each offer's clauses about it leave possible."""

    slot = 0

    def __init__(self, subject: str, numbers: Sequence[int], p: Predicates) -> None:
        self.subject = subject
        self.subject_node = p.subjects[subject]
        self.classes: Classes = classify([p.all[n] for n in numbers])
        self._verdicts = {n: verdict(p.all[n], self.classes) for n in numbers}
        self._known: dict[Formula, Verdict] = {}
        self.allowed: dict[int, Mask] = {}

    def verdict(self, formula: Formula) -> Verdict:
        """For which classes the formula, about this dimension alone, holds."""
        known = self._known.get(formula)
        if known is None:
            known = self._known[formula] = self._verdict(formula)
        return known

    def _verdict(self, formula: Formula) -> Verdict:
        everything = self.classes.all
        if isinstance(formula, Leaf):
            yes, maybe = self._verdicts[formula.predicate]
            if formula.wanted:
                return Verdict(yes, maybe)
            return Verdict(everything & ~maybe, everything & ~yes)
        yes, maybe = (everything, everything) if formula.every else (0, 0)
        for part in map(self.verdict, formula.parts):
            if formula.every:
                yes, maybe = yes & part.yes, maybe & part.maybe
            else:
                yes, maybe = yes | part.yes, maybe | part.maybe
        return Verdict(yes, maybe)

    def rows(self, size: int) -> Bits:
        """Shape (classes, size), 1 where the class leaves the offer possible."""
        masks = [self.classes.all, *set(self.allowed.values())]
        numbered = {mask: n for n, mask in enumerate(masks)}
        which = np.zeros(size, dtype=np.int32)
        which[list(self.allowed)] = [numbered[mask] for mask in self.allowed.values()]
        count = self.classes.missing + 1
        table = np.array([[mask >> c & 1 for mask in masks] for c in range(count)], dtype=np.uint8)
        return table[:, which]

    def told(self, row: int) -> dict[str, Any]:
        c = self.classes
        words = [[word, number] for word, number in c.words.items()]
        return {
            "kind": "scalar", "row": row, "subject": self.subject_node, "cuts": c.cuts,
            "words": words, "other": c.other, "foreign": c.foreign, "missing": c.missing,
        }  # fmt: skip


class _Members:
    """A dimension of sets: by element, the offers that need it (or another), and those that do not
    bear it. Its rows: the offers that need nothing, then for each element both kinds."""

    slot = 0

    def __init__(self, subject: Node) -> None:
        self.subject = subject
        self.elements: dict[str, int] = {}
        self.needs: dict[int, tuple[str, ...]] = {}
        self.bears_not: dict[int, list[str]] = {}

    def rows(self, size: int) -> Bits:
        """Shape (1 + 2 x elements, size)."""
        count = len(self.elements)
        found = np.zeros((1 + 2 * count, size), dtype=np.uint8)
        found[0] = 1
        found[1 + count :] = 1
        for position, elements in self.needs.items():
            found[0, position] = 0
            for element in elements:
                found[self.elements[element], position] = 1
        for position, unborne in self.bears_not.items():
            for element in unborne:
                found[count + self.elements[element], position] = 0
        return found

    def told(self, row: int) -> dict[str, Any]:
        return {
            "kind": "members", "row": row, "subject": self.subject, "elements": list(self.elements)
        }  # fmt: skip


def lay_out(rules: Sequence[Formula], predicates: Predicates, alone: dict[int, int]) -> Layout:
    """The index of these rules; a rule's place in the sequence is its offer's position.

    `alone` numbers the predicates that are to be tried on their own; more are added.
    """
    return _Laying(rules, predicates, alone).finish()


class _Laying:
    def __init__(
        self, rules: Sequence[Formula], predicates: Predicates, alone: dict[int, int]
    ) -> None:
        self._rules = rules
        self._predicates = predicates
        self._subjects: dict[Formula, str | None] = {}
        self._scalars: dict[str, _Scalar] = {}
        self._members: dict[str, _Members] = {}
        self._make_dimensions()
        self._alone = alone
        self._late = [self._place(n, clauses_of(rule)) for n, rule in enumerate(rules)]

    def finish(self) -> Layout:
        size, row = len(self._rules), 0
        told, rows = list[dict[str, Any]](), list[Bits]()
        laid: list[_Scalar | _Members] = [*self._scalars.values(), *self._members.values()]
        for dimension in laid:
            bits = dimension.rows(size)
            told.append(dimension.told(row))
            rows.append(np.packbits(bits, axis=1, bitorder="little"))
            row += len(bits)
        packed = np.concatenate(rows) if rows else np.zeros((0, -(-size // 8)), dtype=np.uint8)
        stretches = [
            packed[:, first // 8 : (first + length) // 8].tobytes()
            for first, length in blocks(size)
        ]
        nodes = [without_text(self._predicates.all[number].node) for number in self._alone]
        return Layout(told, nodes, b"".join(stretches), row, self._late)

    def _make_dimensions(self) -> None:
        wanted = Counter(
            subject
            for rule in self._rules
            for clause in clauses_of(rule)
            if (subject := self._subject_of(clause)) is not None
        )
        least = max(len(self._rules) // _SELDOM, 1)
        chosen = {s for s, count in wanted.most_common(MOST_DIMENSIONS) if count >= least}
        by_subject: dict[str, list[int]] = {}
        # In the order of the offers, so that equal catalogs are laid out alike.
        leaves = chain.from_iterable(map(leaves_of, self._rules))
        for number in dict.fromkeys(leaf.predicate for leaf in leaves):
            predicate, key = self._predicates.all[number], self._key(number)
            if key not in chosen:
                continue
            if predicate.op == "member":
                node = self._predicates.subjects[predicate.subject]
                members = self._members.setdefault(key, _Members(node))
                members.elements.setdefault(predicate.constants[0], len(members.elements) + 1)
            else:
                by_subject.setdefault(key, []).append(number)
        made = [_Scalar(s, numbers, self._predicates) for s, numbers in by_subject.items()]
        for slot, scalar in enumerate(sorted(made, key=_kind)):
            scalar.slot = slot
            self._scalars[scalar.subject] = scalar
        for slot, members in enumerate(self._members.values()):
            members.slot = slot

    def _key(self, number: int) -> str:
        predicate = self._predicates.all[number]
        return f"in {predicate.subject}" if predicate.op == "member" else predicate.subject

    def _subject_of(self, clause: Formula) -> str | None:
        """The one dimension that a clause is about, if its rows can settle it."""
        if clause not in self._subjects:
            leaves = list(leaves_of(clause))
            keys = {self._key(leaf.predicate) for leaf in leaves}
            key = keys.pop() if len(keys) == 1 else None
            if key is not None and key.startswith("in ") and not _by_members(clause, leaves):
                key = None
            self._subjects[clause] = key
        return self._subjects[clause]

    def _place(self, position: int, clauses: tuple[Formula, ...]) -> list[Any]:
        """Enters the clauses in the rows; those that the rows do not settle, as JSON."""
        late = list[Any]()
        for clause in clauses:
            key = self._subject_of(clause)
            if key in self._scalars:
                scalar = self._scalars[key]
                found = scalar.verdict(clause)
                before = scalar.allowed.get(position, scalar.classes.all)
                scalar.allowed[position] = before & found.maybe
                if found.yes == found.maybe:
                    continue
            elif key in self._members and self._enter(position, self._members[key], clause):
                continue
            late.append(self._told(clause))
        return late

    def _enter(self, position: int, members: _Members, clause: Formula) -> bool:
        leaves = list(leaves_of(clause))
        elements = tuple(self._predicates.all[leaf.predicate].constants[0] for leaf in leaves)
        if not leaves[0].wanted:
            members.bears_not.setdefault(position, []).append(elements[0])
            return True
        return members.needs.setdefault(position, elements) == elements

    def _told(self, formula: Formula) -> list[Any]:
        if isinstance(formula, Junction):
            return ["&" if formula.every else "|", *map(self._told, formula.parts)]
        predicate = self._predicates.all[formula.predicate]
        key = self._key(formula.predicate)
        if predicate.op == "member" and key in self._members:
            members = self._members[key]
            return ["in", members.slot, members.elements[predicate.constants[0]], formula.wanted]
        if key in self._scalars:
            scalar = self._scalars[key]
            yes, maybe = scalar.verdict(formula)
            if yes == maybe:
                return [scalar.slot, yes]
            return [scalar.slot, yes, maybe, self._number(formula), formula.wanted]
        return ["is", self._number(formula), formula.wanted]

    def _number(self, leaf: Leaf) -> int:
        """The predicate's place among those that are tried on their own."""
        return self._alone.setdefault(leaf.predicate, len(self._alone))


def _kind(scalar: _Scalar) -> tuple[str, int]:
    """A reader takes plain values of a root and kind together: numbers, texts, flags."""
    words, numeric = scalar.classes.words, bool(scalar.classes.cuts)
    path = scalar.subject_node.get("read", ())
    if len(path) != 2 or (numeric and words):
        return "~", 3
    if numeric:
        return path[0], 0
    texts = all(type(word) is str for word in words)
    if not texts and not all(type(word) is bool for word in words):
        return "~", 3
    return path[0], 1 if texts else 2


def _by_members(clause: Formula, leaves: Sequence[Leaf]) -> bool:
    """One element that is not to be there, or any of some that are."""
    any_of = not isinstance(clause, Junction) or all(isinstance(p, Leaf) for p in clause.parts)
    if not leaves or not any_of or (isinstance(clause, Junction) and clause.every):
        return False
    return all(leaf.wanted for leaf in leaves) or len(leaves) == 1
