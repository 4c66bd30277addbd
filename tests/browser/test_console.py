"""The console's Try it view in a real browser, over the whole of Rejoinder on this machine."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect

from infra.local.machine import LocalCloud
from tests.browser.acting import ASKS, arrived, as_a_stranger, choose, fact, say
from tests.browser.conftest import EVENING, TOKEN

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="document.title=1">'


def widths(page: Page) -> tuple[int, int]:
    """How wide the content is, and how wide the window."""
    scroll, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return scroll, window


@pytest.mark.parametrize("width", [320, 375, 768, 1024])
def test_no_window_is_too_narrow(tried: Page, width: int) -> None:
    tried.set_viewport_size({"width": width, "height": 800})
    say(tried, ASKS)
    expect(fact(tried, "Sent by")).to_be_visible()

    scroll, window = widths(tried)
    assert scroll == window == width


def test_it_can_be_used_by_keyboard_alone(tried: Page) -> None:
    tried.locator(".wordmark").click()
    for _ in range(8):
        tried.keyboard.press("Tab")
        if tried.locator("#words:focus").count():
            break
    expect(tried.locator("#words")).to_be_focused()
    tried.keyboard.press("Control+a")
    tried.keyboard.type("what does the Tempo 5 cost?")
    tried.keyboard.press("Enter")

    expect(fact(tried, "Asked")).to_contain_text("What does it cost?")
    tried.locator("#phone .why[aria-pressed=true]").focus()
    tried.keyboard.press("Enter")
    expect(fact(tried, "Asked")).to_contain_text("What does it cost?")


def test_what_is_written_stays_text(tried: Page, complaints: list[str]) -> None:
    say(tried, f"can I talk to a real person? {HOSTILE}")

    expect(tried.locator("#posts .post").last).to_contain_text(HOSTILE)
    expect(tried.locator("#desk .handover").last).to_contain_text(HOSTILE)
    expect(tried.locator("img")).to_have_count(0)
    expect(tried).to_have_title("Try it · Rejoinder")
    assert complaints == []


def test_what_the_api_says_stays_text(
    page: Page, machine: LocalCloud, complaints: list[str]
) -> None:
    """Every text of every answer is markup."""

    def poison(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=json.dumps(poisoned(answer.json())))

    def poisoned(value: object) -> object:
        if isinstance(value, dict):
            return {name: poisoned(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [poisoned(inner) for inner in value]
        return f"{value}{HOSTILE}" if isinstance(value, str) and " " in value else value

    page.route(re.compile(r"/(local/messages|interactions|decisions|offers|products)"), poison)
    page.goto(f"{machine.url}/console#token={TOKEN}")
    say(page, ASKS)

    expect(arrived(page, "phone").last).to_contain_text(HOSTILE)
    expect(fact(page, "Sent by")).to_contain_text(HOSTILE)
    expect(fact(page, "Offered")).to_contain_text(HOSTILE)
    expect(page.locator("img")).to_have_count(0)
    assert complaints == []


def test_a_stranger_is_answered_in_public_and_the_reason_says_so(tried: Page) -> None:
    as_a_stranger(tried)
    say(tried, ASKS)

    expect(arrived(tried, "posts")).to_contain_text("in stock at 129.90 USD")
    expect(tried.locator("#phone .bubble")).to_have_count(0)
    expect(fact(tried, "Who")).to_contain_text("Somebody new")
    expect(fact(tried, "Offered").locator(".lead")).to_have_text("No offer")
    expect(fact(tried, "Sent by").locator(".lead")).to_have_text("Public reply on X")


def test_what_was_not_offered_comes_a_page_at_a_time(tried: Page) -> None:
    def in_fives(route: Route) -> None:
        url = route.request.url
        route.continue_(url=f"{url}{'&' if '?' in url else '?'}limit=5")

    tried.route(re.compile(r"/decisions/[^/]+$"), in_fives)
    as_a_stranger(tried)
    say(tried, ASKS)
    offered = fact(tried, "Offered")
    expect(offered.locator("h4")).to_contain_text("of 40 in all")
    offered.locator("summary").filter(has_text=re.compile("^3 more$")).click()
    expect(offered.locator(".others li")).to_have_count(5)
    offered.get_by_role("button", name="35 more").click()
    expect(offered.locator(".others li")).to_have_count(10)
    expect(offered.get_by_role("button", name="30 more")).to_be_visible()

    field = offered.get_by_label("Why not the offer")
    field.fill("nothing-of-the-kind")
    field.press("Enter")
    expect(offered.locator(".search")).to_contain_text("had no such offer")


def test_where_nothing_is_sent_the_page_says_why(tried: Page) -> None:
    as_a_stranger(tried)
    say(tried, "STOP", way="Text")
    expect(arrived(tried, "phone")).to_have_count(1)
    say(tried, "STOP", way="Text")

    expect(tried.locator("#story .state")).to_have_text("Nothing was sent: answered already.")
    expect(arrived(tried, "phone")).to_have_count(1)


def test_a_click_is_taken_note_of(tried: Page) -> None:
    choose(tried, "Click")
    tried.get_by_label("In the demo shop").select_option("Ridge Vest 8, M")
    tried.get_by_role("button", name="Do it").click()

    expect(tried.locator("#story .state")).to_contain_text("Taken note of")
    expect(fact(tried, "Who")).to_contain_text("looked at the Ridge Vest 8 in M, just now")


def test_at_night_the_answer_goes_out_without_what_advertises(
    tried: Page, machine: LocalCloud
) -> None:
    try:
        tried.get_by_role("button", name="Night").click()
        expect(tried.locator("#time")).to_have_text(re.compile("^23:0"))
        say(tried, ASKS)

        expect(arrived(tried, "phone").last).to_contain_text("in stock at Broadway")
        expect(fact(tried, "Offered")).to_contain_text("outside contact hours for them")
    finally:
        machine.clock.set(EVENING)


def test_the_token_leaves_the_address_bar_and_stays_with_the_tab(tried: Page) -> None:
    assert TOKEN not in tried.url
    tried.reload()
    say(tried, ASKS)
    expect(fact(tried, "Sent by")).to_be_visible()


def test_without_a_token_the_page_asks_for_it(page: Page, machine: LocalCloud) -> None:
    page.goto(f"{machine.url}/console")
    say(page, ASKS)
    asked = page.locator("#token")
    expect(asked).to_be_visible()
    expect(arrived(page, "phone").last).to_contain_text("Trailblazer")  # needs none

    asked.fill("wrong")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("That token was not accepted.")).to_be_visible()
    asked.fill(TOKEN)
    page.get_by_role("button", name="Open").click()
    expect(fact(page, "Sent by")).to_be_visible()
    assert TOKEN not in page.content()


def test_when_nothing_answers_any_more_the_page_says_so(tried: Page) -> None:
    tried.route("**/local/**", lambda route: route.abort())

    expect(tried.get_by_role("alert")).to_contain_text("Nothing answers at this address")
    say(tried, ASKS)
    expect(tried.locator("#posts .note.wrong")).to_have_text("Not delivered")
    tried.unroute("**/local/**")
    expect(tried.locator("#trouble")).to_be_hidden()


def test_in_the_cloud_the_page_is_only_a_shell(page: Page, machine: LocalCloud) -> None:
    def refuse(route: Route) -> None:
        # https://repost.aws/knowledge-center/api-gateway-authentication-token-errors
        route.fulfill(status=403, json={"message": "Missing Authentication Token"})

    page.route("**/local/**", refuse)
    page.goto(f"{machine.url}/console")

    expect(page.get_by_role("heading", name="Nothing to play with here.")).to_be_visible()
    expect(page.locator("#stage")).to_be_hidden()


def test_it_is_drawn_in_the_dark_too(tried: Page) -> None:
    light = tried.evaluate("getComputedStyle(document.body).backgroundColor")
    tried.emulate_media(color_scheme="dark")
    dark = tried.evaluate("getComputedStyle(document.body).backgroundColor")

    assert (light, dark) == ("rgb(243, 245, 243)", "rgb(13, 18, 16)")
