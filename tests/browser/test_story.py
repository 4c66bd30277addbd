"""Joe's story as the README's picture shows it: a shop that has not yet made him an offer."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import ASKS, arrived, fact, say

pytestmark = pytest.mark.browser

PICTURE_LIMIT_BYTES = 300_000


def test_joe_tweets_the_answer_lands_on_his_phone_and_the_reason_stands_beside_it(
    tried: Page, complaints: list[str], picture: Path
) -> None:
    say(tried, ASKS)

    text = arrived(tried, "phone")
    for told in ("Joe", "Trailblazer GTX in 44", "in stock at Broadway", "129.90 USD", "10% off"):
        expect(text).to_contain_text(told)
    expect(tried.locator("#posts .post")).to_have_count(1)  # his own: nothing of ours
    expect(tried.locator("#inbox .mail")).to_have_count(0)

    expect(tried.locator("#story .state")).to_have_text("Text message, delivered.")
    expect(fact(tried, "Who")).to_contain_text("Joe")
    expect(fact(tried, "Who")).to_contain_text("3 orders")
    expect(fact(tried, "Asked")).to_contain_text("Is it in stock?")
    expect(fact(tried, "Asked")).to_contain_text("Trailblazer GTX in 44")
    offered = fact(tried, "Offered")
    expect(offered.locator(".lead")).to_have_text("10% off trail shoes")
    probability, value, weight, score = (
        float(number.rstrip(" %")) for number in offered.locator(".sum dd").all_inner_texts()
    )
    assert score == pytest.approx(probability / 100 * value * weight, abs=0.1)
    expect(offered.locator(".part").first).to_contain_text("Any offer, to begin with")
    expect(offered).to_contain_text("Chosen: ")
    expect(offered).to_contain_text("most for it: ")
    expect(offered).to_contain_text("Not offered:")
    expect(offered.locator("details .others").first).to_be_hidden()
    sent = fact(tried, "Sent by")
    expect(sent.locator(".lead")).to_have_text("Text message")
    expect(sent.locator(".refused")).to_contain_text("they have not agreed to be reached there")
    expect(sent.locator(".refused")).to_contain_text("Direct message on X: they have never")
    expect(sent.locator(".refused")).to_contain_text("Phone call")

    tried.screenshot(path=picture, animations="disabled", caret="hide")
    assert picture.stat().st_size <= PICTURE_LIMIT_BYTES
    assert complaints == []
