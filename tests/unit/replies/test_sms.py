"""Septets, units and segments of a text message."""

from __future__ import annotations

import pytest

from chalicelib.replies.sms import BASIC, is_gsm, segments, to_gsm


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "b" * 152, 3),  # the escape pair is not split: 152 + 153 + 1
        ("ë" * 70, 1),
        ("ë" * 71, 2),
        ("ë" * 134, 2),
        ("ë" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 67, 3),  # 33 surrogate pairs a segment, never half of one
    ],
)
def test_segments_are_counted_as_the_carrier_counts_them(text: str, expected: int) -> None:
    assert segments(text) == expected


def test_typography_becomes_gsm_where_that_loses_nothing() -> None:
    assert to_gsm("“It\u2019s here” \u2013 now…") == '"It\'s here" - now...'


def test_typography_stays_where_a_letter_keeps_the_text_out_of_gsm() -> None:
    assert to_gsm("Zoë\u2019s shoes") == "Zoë\u2019s shoes"


def test_the_alphabet_has_its_127_characters_without_the_escape() -> None:
    assert len(BASIC) == 127
    assert is_gsm("Año [€] £5 ~ Ç")
    assert not is_gsm("ç")
