"""Weighted length, by the examples of twitter-text's documentation and conformance suite."""

from __future__ import annotations

import pytest

from chalicelib.replies.x_text import weighted_length


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("This is a test.", 15),
        ("のの", 4),
        ("저찀쯿쿿", 8),
        ("😀", 2),
        ("e\u0301", 1),  # counted in NFC
        ("quotes “and” dashes \u2013", 21),
        ("one\r\ntwo", 7),
        ("129.90 USD", 10),
    ],
)
def test_text_weighs_what_x_says(text: str, expected: int) -> None:
    assert weighted_length(text) == expected


def test_a_link_weighs_23_however_long_it_is() -> None:
    for url in ("https://rjdr.co/r/a", "https://rjdr.co/r/" + "a" * 90):
        assert weighted_length(f"See {url}", [url]) == 4 + 23


def test_a_link_that_x_does_not_shorten_weighs_its_characters() -> None:
    for url in ("http://127.0.0.1:8000/r/abcdefghij", "http://localhost:8000/r/abcdefghij"):
        assert weighted_length(url, [url]) == len(url)


def test_links_that_begin_alike_are_told_apart() -> None:
    short, longer = "https://rjdr.co/r/ab", "https://rjdr.co/r/abc"
    assert weighted_length(f"{longer} {short}", [short, longer]) == 47


def test_what_may_be_a_domain_weighs_at_least_a_link() -> None:
    assert weighted_length("Booking.com") >= 23
