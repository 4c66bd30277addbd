"""Patterns that are compiled when a text may hold what they look for, and not before.

Lives here: the one class for it. Never here: wording, or what a match means.
Compiling some hundred patterns takes as long as importing boto3, and most messages match none of
them. needed.py has, for each pattern, sets of words of which any match holds at least one each: a
text without them cannot match, so the pattern is neither compiled nor searched. That table is
worked out from the patterns by `python -m tests.unit.understanding.necessity`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

_WORD = re.compile(r"\w+")


def spaced(said: str) -> str:
    """The words of a text with one space before and after each, and then the text itself.

    In it, ` stop ` is a whole word, ` stop` the beginning of one, `stop` any part; a sign such as
    `%` is found in the text.
    """
    return f" {' '.join(_WORD.findall(said))} {said}"


class _Needed(NamedTuple):
    """For each pattern its sets of words; the words of the sets by `_beginning`; and by word of a
    first set the patterns of it, by the empty word those that need none."""

    sets: list[tuple[frozenset[str], ...]]
    words: dict[str, list[str]]
    patterns: dict[str, list[int]]


def _beginning(word: str) -> str:
    """By which a needed word is looked up: what the word of a text begins with, if it tells."""
    return word[:3] if word.startswith(" ") and len(word) > 2 else ""


class Phrases:
    """Patterns in their order; together they mean what they would mean joined by `|`.

    `compiled` are those that a text has needed so far, by place. Two threads may compile one twice,
    to the same end.
    """

    def __init__(self, name: str, patterns: Sequence[str]) -> None:
        self.name = name
        self.patterns = patterns
        self.compiled: dict[int, re.Pattern[str]] = {}

    def matches(self, said: str) -> Iterator[tuple[int, re.Match[str]]]:
        """The first match of each pattern that has one, with the pattern's place in the order."""
        for at in self.possible(said):
            if match := self._pattern(at).search(said):
                yield at, match

    def found(self, said: str) -> bool:
        """Whether any of the patterns matches."""
        return any(True for _ in self.matches(said))

    def blanked(self, said: str) -> str:
        """The text with a space in place of each match, as `re.sub` of all joined by `|`."""
        patterns = [self._pattern(at) for at in self.possible(said)]
        kept, end = [], 0
        while matches := [m for pattern in patterns if (m := pattern.search(said, end))]:
            match = min(matches, key=re.Match.start)
            kept.append(said[end : match.start()])
            end = match.end()
        return " ".join([*kept, said[end:]])

    def possible(self, said: str) -> list[int]:
        """The places of the patterns that the text, as it is searched, holds the words of."""
        sets, words, patterns = self._needed
        heard = spaced(said)
        begun = {"", *(f" {word} "[:3] for word in heard.split())}
        held = {word for start in begun for word in words.get(start, ()) if word in heard}
        likely = {at for word in ("", *held) for at in patterns.get(word, ())}
        return sorted(at for at in likely if not any(map(held.isdisjoint, sets[at])))

    @cached_property
    def _needed(self) -> _Needed:
        from .needed import NEEDED

        rows = NEEDED[self.name]
        if len(rows) != len(self.patterns):
            raise ValueError(f"needed.py is not of these patterns: {self.name}")
        read = {words: frozenset(words.split("|")) for row in rows for words in row}
        needed = _Needed([tuple(read[words] for words in row) for row in rows], {}, {})
        for word in frozenset[str]().union(*read.values()):
            needed.words.setdefault(_beginning(word), []).append(word)
        for at, sets in enumerate(needed.sets):
            for word in sets[0] if sets else ("",):
                needed.patterns.setdefault(word, []).append(at)
        return needed

    def _pattern(self, at: int) -> re.Pattern[str]:
        if at not in self.compiled:
            self.compiled[at] = re.compile(self.patterns[at])
        return self.compiled[at]
