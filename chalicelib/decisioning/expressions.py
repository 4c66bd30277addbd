"""Rules as Python functions: the quickest way to try a single rule on a customer.

A rule is kept in the artifact as *steps*, JSON in which plain attributes are numbered by kind:

    ["n", i, op, number]  ["N", i, [numbers]]   number i compares so, or is one of these
    ["t", i, [texts]]                           text i is one of these
    ["d", i, text, p]                           text i differs; unknown where it is no text: ask p
    ["f", i, true or false]                     flag i is so
    ["e", i, text]                              set i has this element
    ["s", [texts]]  ["a", op, number]           the purposes served; the moment of decision
    ["p", p]                                    predicate p, tried on its own
    ["!", step]  ["&", ...]  ["|", ...]

and made into source text here, of numbers, operators and `repr` of literals alone. A missing number
is NaN, which compares false with everything, a missing text or flag None, a missing set empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

from .kinds import KINDS, TYPES, ByKind
from .predicates import Formula, Leaf, Predicates
from .selectivity import Selectivity, Worth

Steps = list[Any]
Holds = Callable[[int], bool]
"""Tries a predicate on its own."""
_TAIL: Final = ("served", "at")

Values = tuple[Any, ...]
"""What compiled rules look at: the attributes by kind and number, then what `_TAIL` names."""


class Reader:
    """Reads the numbered attributes of one catalog's rules, and knows their places."""

    def __init__(self, names: Mapping[str, list[str]]) -> None:
        self.names = names
        self._fetch = [(kind, _fetch(tuple(names[kind]))) for kind in KINDS]
        self.places: dict[str, int] = {}
        place = 0
        for kind in KINDS:
            self.places[kind] = place
            place += len(names[kind])
        self.places.update({name: place + n for n, name in enumerate(_TAIL)})

    def read(self, by_kind: ByKind, moment: Mapping[str, Any]) -> Values:
        """What rules look at."""
        values = [value for kind, fetch in self._fetch for value in fetch(by_kind[kind])]
        return (*values, moment["purposes"], moment["at"])


def _fetch(names: tuple[str, ...]) -> Callable[[Any], Sequence[Any]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda of: tuple(of[name] for name in names)


class _Written(NamedTuple):
    """Steps, and whether they are worth trying early."""

    steps: Steps
    worth: Worth


class Numbering:
    """Numbers attributes and predicates while rules are written as steps.

    In which order conditions are tried changes no verdict, for none has an effect or fails: what
    settles the most for the least is tried first.
    """

    def __init__(self, predicates: Predicates) -> None:
        """`predicates` has those of all rules."""
        self._predicates = predicates
        self._selectivity = Selectivity(predicates)
        self.names: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
        self.alone: dict[int, int] = {}

    def steps(self, formula: Formula) -> Steps:
        """The formula as steps."""
        return self._written(formula).steps

    def _written(self, formula: Formula) -> _Written:
        if isinstance(formula, Leaf):
            step = self._step(formula)
            steps = step if formula.wanted else ["!", step]
            return _Written(steps, self._selectivity.worth(formula, step[0]))
        every = formula.every
        parts = [self._written(part) for part in formula.parts]
        parts.sort(key=lambda part: part.worth.price(every))
        steps = ["&" if every else "|", *(part.steps for part in parts)]
        return _Written(steps, Worth.joined(every, [part.worth for part in parts]))

    def _step(self, leaf: Leaf) -> Steps:
        predicate = self._predicates.all[leaf.predicate]
        op, constants = predicate.op, predicate.constants
        path = self._predicates.subjects[predicate.subject].get("read", ())
        if list(path) == ["moment", "purposes"]:
            return ["s", list(constants)]
        if list(path) == ["moment", "at"] and op in (">=", "<"):
            return ["a", op, constants[0]]
        if len(path) != 2 or path[0] != "customer":
            return self._alone(leaf)
        return self._plain(leaf, path[1], op, constants)

    def _plain(self, leaf: Leaf, name: str, op: str, constants: tuple[Any, ...]) -> Steps:
        kinds = {TYPES[type(constant)] for constant in constants}
        if op == "member":
            return ["e", self._number("e", name), constants[0]]
        if op == "is" or (op == "==" and kinds == {"f"}):
            return ["f", self._number("f", name), op == "is" or constants[0]]
        if kinds == {"n"} and op != "!=":
            number = self._number("n", name)
            return ["N", number, list(constants)] if op == "in" else ["n", number, op, *constants]
        if kinds == {"t"} and op in ("==", "in"):
            return ["t", self._number("t", name), list(constants)]
        if kinds == {"t"} and op == "!=":
            return ["d", self._number("t", name), constants[0], self._alone(leaf)[1]]
        return self._alone(leaf)

    def _alone(self, leaf: Leaf) -> Steps:
        return ["p", self.alone.setdefault(leaf.predicate, len(self.alone))]

    def _number(self, kind: str, name: str) -> int:
        return self.names[kind].setdefault(name, len(self.names[kind]))


class Names:
    """How an expression calls the values."""

    def __init__(self, form: str, places: Mapping[str, int]) -> None:
        """`form` takes a value's `place` among all."""
        self._form = form
        self._places = places

    def __call__(self, kind: str, number: int = 0) -> str:
        return self._form.format(place=self._places[kind] + number)


def source_of(steps: Steps, names: Names) -> str:
    """The steps as a Python expression."""
    return _SOURCES[steps[0]](steps, names)


def _joined(word: str, empty: str) -> Callable[[Steps, Names], str]:
    def source(steps: Steps, names: Names) -> str:
        parts = [source_of(step, names) for step in steps[1:]]
        return f"({f' {word} '.join(parts)})" if parts else empty

    return source


def _one_of(values: Sequence[Any]) -> str:
    if len(values) == 1:
        return f"== {values[0]!r}"
    return f"in {{{', '.join(map(repr, values))}}}" if values else "in ()"


def _differs(steps: Steps, names: Names) -> str:
    _, number, text, alone = steps
    value = names("t", number)
    return f"({value} != {text!r} and ({value} is not None or holds({alone})))"


_SOURCES: Final[dict[str, Callable[[Steps, Names], str]]] = {
    "n": lambda s, of: f"{of('n', s[1])} {s[2]} {float(s[3])!r}",
    "N": lambda s, of: f"{of('n', s[1])} {_one_of([float(number) for number in s[2]])}",
    "t": lambda s, of: f"{of('t', s[1])} {_one_of(s[2])}",
    "d": _differs,
    "f": lambda s, of: of("f", s[1]) if s[2] else f"{of('f', s[1])} is False",
    "e": lambda s, of: f"{s[2]!r} in {of('e', s[1])}",
    "s": lambda s, of: f"{of('served')} {_one_of(s[1])}",
    "a": lambda s, of: f"{of('at')} {s[1]} {s[2]!r}",
    "p": lambda s, of: f"holds({s[1]})",
    "!": lambda s, of: f"(not {source_of(s[1], of)})",
    "&": _joined("and", "True"),
    "|": _joined("or", "False"),
}


Try = Callable[[Values, Holds], bool]
Walk = Callable[[Values, Holds], list[int]]


def compile_rule(steps: Steps, places: Mapping[str, int]) -> Try:
    """A function of the values, and of what tries a predicate on its own, that says whether the
    rule holds."""
    source = source_of(steps, Names("x[{place}]", places))
    # Written by source_of, of numbers, operators and literals alone.
    found: Try = eval(f"lambda x, holds: {source}", dict(_NO_NAMES))  # noqa: S307
    return found


def compile_walk(rules: Sequence[Steps], first: int, places: Mapping[str, int]) -> Walk:
    """A function that gives the positions of those rules that hold, the first being `first`, in
    whatever order.

    Rules that begin alike are tried one after the other: the processor foresees more of it.
    """
    names = Names("x{place}", places)
    values = "".join(f"x{place}, " for place in range(places[_TAIL[-1]] + 1))
    tests = sorted((source_of(rule, names), place) for place, rule in enumerate(rules, first))
    lines = [
        "def walk(values, holds):",
        f" {values} = values",  # one after the other they are quicker to look at
        " found = []; take = found.append",
        *(f" if {test}: take({place})" for test, place in tests),
        " return found",
    ]
    scope: dict[str, Any] = dict(_NO_NAMES)
    exec("\n".join(lines), scope)  # noqa: S102
    walk: Walk = scope["walk"]
    return walk


_NO_NAMES: Final[dict[str, Any]] = {"__builtins__": {}}
