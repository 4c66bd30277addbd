"""What a person does on the Try it view, and what they see there."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

ASKS = "do you have the Trailblazer GTX in a 44?"


def say(page: Page, text: str, way: str = "Tweet") -> None:
    choose(page, way)
    page.locator("#words").fill(text)
    page.get_by_role("button", name="Send").click()


def choose(page: Page, way: str) -> None:
    page.locator(".ways").get_by_text(way, exact=True).click()


def as_a_stranger(page: Page) -> None:
    page.get_by_label("as somebody we do not know").check()


def arrived(page: Page, device: str) -> Locator:
    """What the brand sent to that device, not what was written here."""
    return page.locator(f"#{device} .thread > :has(.why)")


def fact(page: Page, title: str) -> Locator:
    heading = page.get_by_role("heading", name=title, exact=True)
    return page.locator("#story .fact").filter(has=heading)
