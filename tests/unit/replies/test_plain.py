"""What others wrote, made safe."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.replies.plain import clean, clean_lines, clip, greeting_name, plain


@pytest.mark.parametrize(
    "name",
    ["Joe", "Zoë", "O'Brien", "O\u2019Brien", "Anne-Marie", "J. R.", "李", "Nguyễn", "José María"],
)
def test_a_name_is_greeted(name: str) -> None:
    assert greeting_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        " ",
        "evil.com",
        "https://evil.com",
        "{{ 7 * 7 }}",
        "{% raw %}",
        "Call 555 1234",
        "@joe",
        "<b>Joe</b>",
        "J" * 41,
        "-Joe",
    ],
)
def test_what_is_no_name_is_not_greeted(name: str | None) -> None:
    assert greeting_name(name) is None


def test_invisible_and_control_characters_do_not_survive() -> None:
    assert clean(" Joe\r\nReply\tYES\u202e\u200b\x00 now\ufeff ") == "Joe Reply YES now"


def test_joiners_that_shape_emoji_stay() -> None:
    assert clean("👩\u200d🚒") == "👩\u200d🚒"


def test_paragraphs_stay_where_a_channel_has_them() -> None:
    assert clean_lines("  one \n\n\n\n two\x07 ") == "one\n\ntwo"


def test_a_clipped_text_ends_with_a_word() -> None:
    assert clip("Trailblazer GTX Mid Waterproof", 20) == "Trailblazer GTX Mid…"
    assert clip("Trailblazer", 20) == "Trailblazer"


def test_one_endless_word_is_clipped_between_characters() -> None:
    assert clip("x" * 30, 10) == "x" * 9 + "…"
    assert clip("😀" * 30, 10) == "😀" * 4 + "…"


def test_facts_are_cleaned_all_the_way_down() -> None:
    facts = {"a": "x\ny", "b": ["\x00z", 3], "c": {"d": None, "e": "long words here"}}
    expected = {"a": "x y", "b": ("z", 3), "c": {"d": None, "e": "long…"}}
    assert plain(facts, 8) == expected


@given(st.text(max_size=80), st.integers(min_value=2, max_value=60))
def test_clean_text_is_one_line_and_clips_to_its_length(text: str, longest: int) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in cleaned)
    assert len(clip(cleaned, longest).encode("utf-16-le")) // 2 <= longest
