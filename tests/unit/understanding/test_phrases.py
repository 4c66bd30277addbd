"""What is left unsearched cannot match: the needed words are of the patterns, and lose nothing.

Slower than most, a second or two: all five hundred patterns are read, and compiled.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from chalicelib.understanding import is_withdrawal
from chalicelib.understanding.contact import wished
from chalicelib.understanding.language import plain
from chalicelib.understanding.phrases import Phrases

from . import necessity

op, parser = import_module("re._constants"), import_module("re._parser")
"""Python's own reading of patterns: private, and in tests only."""

QUESTION = "do you have the Trailblazer GTX in a 44?"
GROUPS = necessity.groups()
PAYLOADS = Path(__file__).parents[2] / "payloads"
OF_CATEGORY = {
    **{op.CATEGORY_WORD: "wé3_", op.CATEGORY_NOT_WORD: " -.", op.CATEGORY_SPACE: " "},
    **{op.CATEGORY_NOT_SPACE: "w-", op.CATEGORY_DIGIT: "0479", op.CATEGORY_NOT_DIGIT: "w "},
}
ANYTHING = "w é3-.,' "
AROUND = ("", " ", "x", "é", "_", "! ", "so ", ". And ", "\n", "44 ")


@cache
def messages() -> tuple[str, ...]:
    rows = [
        row
        for name in ("refusals", "utterances")
        for row in (PAYLOADS / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    ]
    return tuple(plain(row.split("\t")[-1]) for row in rows if not row.startswith("#"))


@cache
def compiled(name: str) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, GROUPS[name].patterns))


def spoken(items: Any, rng: random.Random) -> str:
    """Something that a parsed pattern may well match; lookarounds and edges are left to luck."""
    return "".join(_spoken(kind, value, rng) for kind, value in items)


def _spoken(kind: Any, value: Any, rng: random.Random) -> str:
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.IN:
        return _one_of(value, rng)
    if kind is op.BRANCH:
        return spoken(rng.choice(value[1]), rng)
    if kind is op.SUBPATTERN:
        return spoken(value[3], rng)
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        times = rng.randint(value[0], min(value[1], value[0] + 2))
        return "".join(spoken(value[2], rng) for _ in range(times))
    return rng.choice(ANYTHING) if kind in (op.ANY, op.NOT_LITERAL) else ""


def _one_of(members: Any, rng: random.Random) -> str:
    if members[0][0] is op.NEGATE:
        return rng.choice("w é3-,' ")
    kind, value = rng.choice(members)
    if kind is op.RANGE:
        return chr(rng.randint(*value))
    return chr(value) if kind is op.LITERAL else rng.choice(OF_CATEGORY[value])


def test_the_needed_words_are_those_of_the_patterns() -> None:
    """Else: `python -m tests.unit.understanding.necessity`."""
    assert necessity.TABLE.read_text(encoding="utf-8") == necessity.written()


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        (r"\bquetzal\b", {" quetzal "}),
        (r"quetzals?", {"quetzal"}),
        (r"^que[tz]$", {" quet ", " quez "}),
        (r"(?:quetzal|dodo)\w*\b", {"quetzal", "dodo"}),
        (r"\b(?:quet\w*|dodo)\b", {" quet", " dodo "}),
        (r"quetzal(?! zyx)", {"quetzal"}),
        (r"(?:quetzal )*zyx", {"zyx"}),
        (r"(?:quetzal )+.zyx", {"quetzal "}),
        (r"quet-?zyx", {"quetzyx", "quet zyx"}),
        (r"quet,? +zyx", {"quet zyx"}),
        (r"\bzyx ?[🦜🦤]|[🦤🦜]", {"🦜", "🦤"}),
    ],
)
def test_a_pattern_needs_what_all_its_matches_hold(pattern: str, needed: set[str]) -> None:
    assert necessity.needs(pattern) == (frozenset(needed),)


@pytest.mark.parametrize("pattern", [r"quetzal|\w+", r"(?:quetzal)?", r"(?:quetzal )*", r"\d+", ""])
def test_a_pattern_that_may_match_without_any_word_needs_none(pattern: str) -> None:
    assert necessity.needs(pattern) == ()


def test_a_pattern_that_needs_two_things_is_searched_only_where_both_are() -> None:
    needed = necessity.needs(r"\bplease .{0,9}\bthanks\b")
    assert set(needed) == {frozenset([" please "]), frozenset([" thanks "])}


@pytest.mark.parametrize("pattern", ["(?i)stop", "(?i:stop)"])
def test_a_flag_is_refused_for_words_would_mean_something_else(pattern: str) -> None:
    with pytest.raises(ValueError, match="a flag changes"):
        necessity.needs(pattern)


@pytest.mark.parametrize("name", GROUPS)
def test_whatever_a_pattern_matches_it_is_searched_for(name: str) -> None:
    rng = random.Random(6)
    matched = 0
    for at, pattern in enumerate(compiled(name)):
        tree = parser.parse(pattern.pattern)
        for _ in range(6):
            said = rng.choice(AROUND) + spoken(tree, rng) + rng.choice(AROUND)
            if pattern.search(said):
                matched += 1
                assert at in GROUPS[name].possible(said), (pattern.pattern, said)
    assert matched >= len(compiled(name))


@pytest.mark.parametrize("name", GROUPS)
def test_messages_mean_what_all_patterns_together_say(name: str) -> None:
    rng = random.Random(len(name))
    patterns = compiled(name)
    joined = re.compile("|".join(GROUPS[name].patterns))
    for said in rng.sample(messages(), 60):
        mixed = f"{said} {spoken(parser.parse(rng.choice(patterns).pattern), rng)} {said}"
        for text in (said, mixed):
            all_matches = ((at, p.search(text)) for at, p in enumerate(patterns))
            expected = [(at, match.span()) for at, match in all_matches if match]
            assert [(at, m.span()) for at, m in GROUPS[name].matches(text)] == expected
            assert GROUPS[name].found(text) is bool(expected)
            assert GROUPS[name].blanked(text) == joined.sub(" ", text)


@pytest.mark.parametrize("name", GROUPS)
def test_no_pattern_matches_nothing_at_all(name: str) -> None:
    """`blanked` goes on after each match."""
    assert all(parser.parse(pattern).getwidth()[0] > 0 for pattern in GROUPS[name].patterns)


def test_a_plain_question_compiles_no_pattern_of_refusals_hours_or_channels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for phrases in GROUPS.values():
        monkeypatch.setattr(phrases, "compiled", {})

    assert not is_withdrawal(QUESTION)
    assert not wished(QUESTION)

    assert not [name for name, phrases in GROUPS.items() if phrases.compiled]


def test_a_refusal_compiles_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    for phrases in GROUPS.values():
        monkeypatch.setattr(phrases, "compiled", {})

    assert is_withdrawal("please stop texting me")

    assert 0 < sum(len(phrases.compiled) for phrases in GROUPS.values()) < 10


def test_who_asks_of_withdrawal_alone_loads_nothing_of_channels() -> None:
    asked = (
        "import sys; from chalicelib.understanding import is_withdrawal;"
        f"is_withdrawal({QUESTION!r});"
        "print(*(n for n in sys.modules if n.startswith('chalicelib.understanding.')))"
    )
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert {name.rpartition(".")[2] for name in run.stdout.split()} == {
        *("withdrawal", "refusals", "hours", "keywords", "language", "phrases", "needed")
    }


def test_a_table_of_other_patterns_is_refused() -> None:
    with pytest.raises(ValueError, match="firm"):
        Phrases("firm", ("one", "two")).found("one")
