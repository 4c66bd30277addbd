"""The links of one reply, and what loading this room costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from chalicelib import replies
from chalicelib.model import TrackedLink
from chalicelib.replies.links import Links

from .shop import link_maker


def test_one_target_has_one_link() -> None:
    links = Links(link_maker(), "https://rjdr.co/", "d1")
    assert links.to("https://shop.example/a") == "https://rjdr.co/r/tok0000001"
    assert links.to("https://shop.example/a") == "https://rjdr.co/r/tok0000001"
    assert links.to("https://shop.example/a", "trail-10") == "https://rjdr.co/r/tok0000002"


def test_only_links_that_stand_in_the_text_are_the_replys() -> None:
    links = Links(link_maker(), "https://rjdr.co", "d1")
    text = links.to("https://shop.example/a")
    links.to("https://shop.example/b")
    assert [link.url for link in links.used_in(text)] == ["https://shop.example/a"]


def test_a_decision_that_the_maker_knows_is_kept() -> None:
    def make_link(url: str, offer_id: str | None) -> TrackedLink:
        return TrackedLink(token="t", url=url, customer_id="joe", decision_id="known")

    links = Links(make_link, "https://rjdr.co", "d1")
    assert links.used_in(links.to("https://shop.example/a"))[0].decision_id == "known"


def test_jinja_is_loaded_only_to_word_something() -> None:
    code = "import sys, chalicelib.replies; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_room_exports_what_it_says() -> None:
    assert all(callable(getattr(replies, name)) for name in replies.__all__)
    with pytest.raises(AttributeError):
        _ = replies.nothing
