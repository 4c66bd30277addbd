"""Lengths, judged by published libraries: gsm0338, sms-toolkit, twitter-text-parser."""

from __future__ import annotations

import warnings

import gsm0338  # type: ignore[import-untyped]  # noqa: F401 - registers the codec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sms_toolkit.messages.profiling import profile_message  # type: ignore[import-untyped]

from chalicelib.replies.plain import clean
from chalicelib.replies.sms import BASIC, EXTENSION, is_gsm, segments, to_gsm
from chalicelib.replies.x_text import weighted_length

with warnings.catch_warnings():
    # It reads its emoji table through pkg_resources, which setuptools has deprecated.
    warnings.simplefilter("ignore")
    from twitter_text import parse_tweet

GSM = "".join(sorted(BASIC | EXTENSION))
ANYTHING = GSM + "ëç字😀かя\u2018\u201c\u2013\u2026"

texts = st.one_of(
    st.text(max_size=400),
    st.text(alphabet=GSM, max_size=500),
    st.text(alphabet=ANYTHING, max_size=300),
)


def test_the_alphabet_is_that_of_the_gsm0338_codec() -> None:
    def encodes(character: str) -> bool:
        try:
            character.encode("gsm03.38")
        except UnicodeEncodeError:
            return False
        return True

    codes = [c for c in range(0x3000) if c != 0x1B]  # the escape is no character of its own
    assert {chr(c) for c in codes if encodes(chr(c))} == BASIC | EXTENSION
    assert all(len(c.encode("gsm03.38")) == 2 for c in EXTENSION)


@given(texts)
@example("a" * 152 + "€" + "b" * 152)
@example("😀" * 67)
def test_segments_are_those_that_sms_toolkit_counts(text: str) -> None:
    sent = clean(text)
    assert segments(sent) == max(1, profile_message(sent)["num_segments"])


@given(texts)
def test_gsm_text_encodes_to_its_septets(text: str) -> None:
    sent = to_gsm(text)
    if is_gsm(sent):
        septets = sent.encode("gsm03.38")
        assert (len(septets) <= 160) == (segments(sent) == 1)


@given(texts)
@example("Booking.com and http://foo.com/" + "a" * 300)
@example("日本.jp日本.com,a.co")
@example("™©®‼✔")
@example("👩\u200d👧\u200d👦 ❤\ufe0f 🇫🇷 1\ufe0f\u20e3 👍🏽")
def test_x_never_counts_more_than_we_do(text: str) -> None:
    sent = clean(text)
    assert parse_tweet(sent).weightedLength <= weighted_length(sent)


@given(st.text(alphabet=ANYTHING.replace(".", ""), max_size=200))
def test_without_domains_x_counts_what_we_do(text: str) -> None:
    sent = clean(text)
    assert parse_tweet(sent).weightedLength == weighted_length(sent)


@pytest.mark.parametrize(
    "url",
    [
        "https://rjdr.co/r/Ab3dE9x1",
        "https://go.retailer.shop/r/Ab3dE9x1",
        "http://127.0.0.1:8000/r/Ab3dE9x1",
        "http://localhost:8000/r/Ab3dE9x1",
        "https://shop.example/r/Ab3dE9x1",
    ],
)
def test_a_link_of_ours_weighs_what_x_says(url: str) -> None:
    text = f"In stock at 129.90 USD. {url}"
    assert weighted_length(text, [url]) == parse_tweet(text).weightedLength
