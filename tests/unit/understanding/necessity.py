"""Which words a text must hold for a pattern to match it: worked out from the pattern itself.

`python -m tests.unit.understanding.necessity` writes chalicelib/understanding/needed.py.
Words are those of `phrases.spaced`, where a space is the edge of a word: whatever the pattern says
of an edge (`\\b`, a sign, white space, the beginning, the end) is one space here, and two meet as
one. A pattern is walked from left to right with the *runs* that its part so far may end in; where
that is no longer known, the runs so far are one set of words of which a match holds one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.understanding.language import plain
from chalicelib.understanding.phrases import Phrases, spaced

op, parser = import_module("re._constants"), import_module("re._parser")
"""Python's own reading of patterns: private, and in tests only."""

ROOT = Path(__file__).parents[3]
TABLE = ROOT / "chalicelib" / "understanding" / "needed.py"
MODULES = ("withdrawal", "refusals", "hours", "contact", "intent")

MOST_JOINED = 12
MOST_EITHER = 400
MOST_CHARACTERS = 12
MOST_SETS = 3
ONE_MESSAGE_IN = 10
SEARCHED = 5
"""A message that is searched costs as much as so many words to look for."""

Part = tuple[Any, Any]
Words = frozenset[str]
_NOTHING: Words = frozenset([""])
_EDGE: Words = frozenset([" "])
_NO_WORDS: Words = frozenset()
_BOUNDARY: Part = (op.AT, op.AT_BOUNDARY)
_EDGES = {op.AT_BEGINNING, op.AT_BEGINNING_STRING, op.AT_BOUNDARY, op.AT_END, op.AT_END_STRING}
_REPEATS = {op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT}
_NO_LETTERS = {op.CATEGORY_SPACE, op.CATEGORY_NOT_WORD}


class Read(NamedTuple):
    """What is known when part of a pattern has been read: sets of words of which the text so far
    holds one each, the runs that it may end in, and whether those are all that the part matches.
    """

    sets: tuple[Words, ...]
    runs: Words
    whole: bool = True


def groups() -> dict[str, Phrases]:
    """Every `Phrases` of the room by name."""
    modules = [import_module(f"chalicelib.understanding.{name}") for name in MODULES]
    held = (value for module in modules for value in vars(module).values())
    return {value.name: value for value in held if isinstance(value, Phrases)}


def needs(pattern: str) -> tuple[Words, ...]:
    """At most three sets of words; every match of the pattern holds at least one of each."""
    tree = parser.parse(pattern)
    if tree.state.flags != re.UNICODE:
        raise ValueError("a flag changes what a pattern means")
    read = _sequence(list(tree), _NOTHING)
    return _rarest([*read.sets, *_told(read.runs)])


# --- reading a pattern -------------------------------------------------------------------------


def _sequence(items: Sequence[Part], runs: Words) -> Read:
    read = Read((), runs)
    for at, (kind, value) in enumerate(items):
        if kind is op.BRANCH and list(items[at + 1 : at + 2]) == [_BOUNDARY]:
            value = None, [[*alternative, _BOUNDARY] for alternative in value[1]]
        part = _part(kind, value, read.runs)
        read = Read(read.sets + part.sets, part.runs, read.whole and part.whole)
    return read


def _part(kind: Any, value: Any, runs: Words) -> Read:
    if kind is op.LITERAL:
        return _one_of([chr(value)], runs)
    if kind is op.IN:
        return _one_of(_characters(value), runs)
    if kind is op.AT:
        return _joined(runs, _EDGE) if value in _EDGES else Read((), runs)
    if kind in (op.ASSERT, op.ASSERT_NOT):
        return Read((), runs)
    if kind is op.BRANCH:
        return _either([list(part) for part in value[1]], runs)
    if kind is op.SUBPATTERN:
        if value[1] or value[2]:
            raise ValueError("a flag changes what a part means")
        return _sequence(value[3], runs)
    if kind is op.ATOMIC_GROUP:
        return _sequence(value, runs)
    if kind in _REPEATS:
        return _repeated(value[0], value[1], list(value[2]), runs)
    return Read(_told(runs), _NOTHING, whole=False)


def _characters(members: Sequence[Part]) -> list[str] | None:
    """The characters of a set; None if they are many, or not all known."""
    found: list[str] = []
    for kind, value in members:
        if kind is op.LITERAL:
            found.append(chr(value))
        elif kind is op.RANGE:
            found += map(chr, range(value[0], min(value[1], value[0] + MOST_CHARACTERS) + 1))
        elif kind is op.CATEGORY and value in _NO_LETTERS:
            found.append(" ")
        else:
            return None
    return found if len(found) <= MOST_CHARACTERS else None


def _one_of(characters: list[str] | None, runs: Words) -> Read:
    """Signs are edges of words in the runs, and words of their own beside them."""
    if characters is None:
        return Read(_told(runs), _NOTHING, whole=False)
    read = _joined(runs, frozenset(c if _is_of_word(c) else " " for c in characters))
    if any(_is_of_word(c) or c.isspace() for c in characters):
        return read
    return read._replace(sets=(*read.sets, frozenset(characters)))


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _joined(runs: Words, tails: Words) -> Read:
    if len(tails) > 1 and len(runs) * len(tails) > MOST_JOINED:
        return Read(_told(runs), _join(_edge(runs), tails), whole=False)
    return Read((), _join(runs, tails))


def _join(runs: Words, tails: Words) -> Words:
    return frozenset(
        run + (tail[1:] if run.endswith(" ") and tail.startswith(" ") else tail)
        for run, tail in product(runs, tails)
    )


def _edge(runs: Words) -> Words:
    """What is left to go on with where the runs grow too many: whether a word ended."""
    return _EDGE if all(run.endswith(" ") for run in runs) else _NOTHING


def _told(runs: Words) -> tuple[Words, ...]:
    return (_fewest(runs),) if all(run.strip() for run in runs) else ()


def _fewest(words: Words) -> Words:
    """Without words that hold another of them."""
    return frozenset(w for w in words if not any(o in w for o in words if o != w))


def _either(parts: list[list[Part]], runs: Words) -> Read:
    read = [_sequence(part, runs) for part in parts]
    ends = frozenset(run for one in read for run in one.runs)
    if runs not in (_NOTHING, _EDGE) and len(ends) > MOST_JOINED:
        apart = _either(parts, _edge(runs))
        return Read(_told(runs) + apart.sets, apart.runs, whole=False)
    whole = len(ends) <= MOST_EITHER and all(one.whole for one in read)
    if whole and _told(ends):
        return Read(_of_any([one.sets for one in read]), ends)
    known = _of_any([one.sets + _told(one.runs) for one in read])
    return Read(known, ends if whole else _edge(ends), whole)


def _of_any(known: list[tuple[Words, ...]]) -> tuple[Words, ...]:
    """Of each alternative its rarest set, and its next, in one: a match holds a word of each."""
    if not all(known):
        return ()
    ranked = [sorted(sets, key=_cost) for sets in known]
    return tuple(
        _fewest(_NO_WORDS.union(*(sets[min(at, len(sets) - 1)] for sets in ranked)))
        for at in range(min(MOST_SETS, max(map(len, ranked))))
    )


def _repeated(least: int, most: Any, part: list[Part], runs: Words) -> Read:
    if (least, most) == (0, 1):
        return _either([part, []], runs)
    alone = _sequence(part, _NOTHING)
    if alone.whole and alone.runs == _EDGE:
        return _either([part, []] if least == 0 else [part], runs)
    once = _sequence(part, runs) if least else Read((), runs)
    if (least, most) == (1, 1):
        return once
    return Read(once.sets + _told(once.runs), _edge(runs | alone.runs), whole=False)


# --- choosing ----------------------------------------------------------------------------------


@cache
def _messages() -> tuple[str, ...]:
    files = (ROOT / "tests" / "payloads" / f"{name}.tsv" for name in ("refusals", "utterances"))
    rows = [row for file in files for row in file.read_text(encoding="utf-8").splitlines()]
    return tuple(spaced(plain(row.split("\t")[-1])) for row in rows[::ONE_MESSAGE_IN])


@cache
def _heard(word: str) -> int:
    """The labelled messages that hold a word, a bit each."""
    return sum(1 << at for at, message in enumerate(_messages()) if word in message)


@cache
def _heard_any(words: Words) -> int:
    heard = 0
    for word in words:
        heard |= _heard(word)
    return heard


def _cost(words: Words, among: int = -1) -> tuple[int, list[str]]:
    """What a set costs: messages that are searched for all that, and words to look for."""
    return SEARCHED * (_heard_any(words) & among).bit_count() + len(words), sorted(words)


def _rarest(sets: Sequence[Words]) -> tuple[Words, ...]:
    """The set that few messages hold a word of, then those that leave fewer, if worth it."""
    left = (1 << len(_messages())) - 1
    chosen: list[Words] = []
    while sets and len(chosen) < MOST_SETS:
        best = min(sets, key=lambda words: _cost(words, left))
        if _cost(best, left)[0] >= SEARCHED * left.bit_count():
            break
        chosen.append(best)
        left &= _heard_any(best)
    return tuple(chosen)


# --- writing -----------------------------------------------------------------------------------

_HEAD = '''"""Which words a text must hold for a pattern of ours to match it, by group of patterns.

Written by `python -m tests.unit.understanding.necessity`, which says how; never by hand. Each row
is one pattern, in order: its sets of words, joined by `|`, of which every match holds one each.
"""
# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from typing import Final

NEEDED: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
'''


def written() -> str:
    """needed.py as it must be."""
    return _HEAD + "".join(_lines()) + "}\n"


def _lines() -> Iterator[str]:
    for name, phrases in sorted(groups().items()):
        yield f'    "{name}": (\n'
        for pattern in phrases.patterns:
            row = ["|".join(sorted(words)) for words in needs(pattern)]
            yield f"        {tuple(row)!r},\n"
        yield "    ),\n"


if __name__ == "__main__":
    TABLE.write_text(written(), encoding="utf-8")
