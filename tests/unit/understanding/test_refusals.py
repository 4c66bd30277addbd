"""Refusals in four languages, as tests/payloads/refusals.tsv has them, and in which language."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from chalicelib.model import Channel, Intent, Message, Understanding
from chalicelib.understanding import ProductIndex, understand
from chalicelib.understanding.keywords import (
    is_help_keyword,
    is_opt_in_keyword,
    is_opt_out_keyword,
)
from chalicelib.understanding.language import language

PAYLOAD = Path(__file__).parents[2] / "payloads" / "refusals.tsv"
LANGUAGES = ("en", "es", "fr", "de")


class Line(NamedTuple):
    split: str
    language: str
    refuses: bool
    channel: str
    purpose: str
    text: str


@cache
def lines() -> tuple[Line, ...]:
    rows = PAYLOAD.read_text(encoding="utf-8").splitlines()
    cells = (row.split("\t") for row in rows if not row.startswith("#"))
    return tuple(Line(c[0], c[1], c[2] == "yes", *c[3:]) for c in cells)


@cache
def read(text: str) -> Understanding:
    said = Message(channel=Channel.SMS, text=text)
    empty = ProductIndex([])
    return understand(said, empty, stores={}, recent=(), pending=None, threshold=0.55)


def is_heard(text: str) -> bool:
    """As the whole message, or beside a question that is still answered."""
    found = read(text)
    if found.intent is Intent.OPT_OUT:
        return found.confidence >= 0.55
    return "not_channel" in found.slots


def test_there_are_enough_of_each() -> None:
    for name in LANGUAGES:
        mine = [line for line in lines() if line.language == name]
        assert sum(line.refuses for line in mine) >= 60
        assert sum(not line.refuses for line in mine) >= 40


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_refusal_is_hardly_ever_missed(name: str) -> None:
    mine = [line for line in lines() if line.language == name and line.refuses]
    missed = [line.text for line in mine if not is_heard(line.text)]

    assert len(missed) <= 2, missed
    assert not [text for line in mine if line.split == "tune" and (text := line.text) in missed]


@pytest.mark.parametrize("name", LANGUAGES)
def test_what_only_looks_like_a_refusal_is_seldom_taken_for_one(name: str) -> None:
    mine = [line for line in lines() if line.language == name and not line.refuses]
    wrong = [line.text for line in mine if is_heard(line.text)]

    assert len(wrong) <= 3, wrong


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_refusal_is_as_wide_as_it_was_said(name: str) -> None:
    mine = [line for line in lines() if line.language == name and line.refuses]
    for line in (line for line in mine if is_heard(line.text)):
        slots = read(line.text).slots
        if line.channel:
            assert line.channel in (slots.get("channel"), slots.get("not_channel")), line.text
        assert slots.get("purpose") == (line.purpose or None), line.text


@pytest.mark.parametrize(
    ("words", "is_keyword"),
    [
        (
            "STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT OPT-OUT REMOVE TD ARRET ALTO"
            " BAJA PARAR DESABONNER STOPP ABMELDEN",
            is_opt_out_keyword,
        ),
        ("START UNSTOP ALTA ABONNER ANMELDEN", is_opt_in_keyword),
        ("HELP INFO AYUDA AIDE HILFE", is_help_keyword),
    ],
)
def test_a_keyword_counts_in_any_case_with_marks_wide_and_with_unseen_letters(
    words: str, is_keyword: object
) -> None:
    assert callable(is_keyword)
    for word in words.split():
        wide = "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in word)
        unseen = "\u200b".join(word) + "\u2060"
        for form in (word, word.lower(), f" «{word.title()}»!! ", wide, unseen, f"{word} 🙏"):
            assert is_keyword(form), (word, form)
    assert not is_keyword(f"{words.split()[0]} the one that I meant yesterday")


@pytest.mark.parametrize("text", ["STOP por favor", "stop svp", "bitte STOPP", "STOP, please"])
def test_a_keyword_may_be_polite(text: str) -> None:
    assert is_opt_out_keyword(text)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("BAJA", "es"), ("AYUDA", "es"), ("ALTA", "es"), ("ARRÊT", "fr"), ("AIDE", "fr"),
        ("Désabonner", "fr"), ("STOPP", "de"), ("Abmelden", "de"), ("HILFE", "de"),
        ("no me escriban más", "es"), ("ne m'écrivez plus", "fr"), ("schreibt nicht mehr", "de"),
        ("STOP", "en"), ("stop texting me", "en"),
    ],
)  # fmt: skip
def test_the_language_is_that_of_the_message(text: str, spoken: str) -> None:
    assert language(text) == spoken


def test_a_word_of_every_language_is_in_the_customer_s_own() -> None:
    assert language("STOP", "fr") == "fr"
    assert language("BAJA", "fr") == "fr" or language("BAJA por favor", "fr") == "es"


def test_a_refusal_of_offers_leaves_the_question_beside_it_to_be_answered(ask: object) -> None:
    assert callable(ask)
    found = ask("Is the Trailblazer low in 44? Also stop sending me ads.")

    assert found.intent is Intent.AVAILABILITY
    assert (found.slots["not_channel"], found.slots["purpose"]) == ("any", "marketing")
    assert found.slots["size"] == "44"


@pytest.mark.parametrize(
    "text", ["Is the Trailblazer low in 44? And stop texting me.", "Leave me alone! Is it in 44?"]
)
def test_a_refusal_of_everything_here_leaves_no_room_for_an_answer(text: str, ask: object) -> None:
    assert callable(ask)
    found = ask(text)
    assert found.intent is Intent.OPT_OUT or found.confidence < 0.55
