"""What the console serves: files of its own folder, fit for a strict content policy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chalicelib import console
from chalicelib.console import read_page
from chalicelib.errors import NotFoundError

FOLDER = Path(console.__file__).parent
PAGES = sorted(p.name for p in FOLDER.iterdir() if p.suffix in (".html", ".css", ".js"))
SCRIPTS = [name for name in PAGES if name.endswith(".js")]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_served_as_what_it_is(name: str) -> None:
    text, media_type = read_page(name)

    assert text == (FOLDER / name).read_text(encoding="utf-8")
    assert media_type == f"text/{name.rpartition('.')[2].replace('js', 'javascript')}"


@pytest.mark.parametrize(
    "name", ["__init__.py", "absent.js", "../errors.py", "../console/index.html", "..\\x.js", "js"]
)
def test_nothing_else_is_served(name: str) -> None:
    with pytest.raises(NotFoundError):
        read_page(name)


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_parses_markup_or_code(name: str) -> None:
    text, _ = read_page(name)

    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", text)
    assert not re.search(r"DOMParser|createContextualFragment|new Function|setTimeout\(\"", text)


def test_the_page_brings_nothing_inline_and_nothing_from_elsewhere() -> None:
    text, _ = read_page("index.html")

    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)
    assert re.findall(r"<script([^>]*)>", text) == [' type="module" src="console/console.js"']
    for page in PAGES:
        assert not re.search(r"(src|href)=\"(https?:)?//|@import|url\(", read_page(page)[0])


def test_the_page_and_its_scripts_name_only_what_is_there() -> None:
    index, _ = read_page("index.html")
    named = re.findall(r'(?:src|href)="console/([^"]+)"', index)
    for script in SCRIPTS:
        named += re.findall(r'from "\./([^"]+)"', read_page(script)[0])

    assert set(named) <= set(PAGES)
    assert set(SCRIPTS) <= set(named)


def test_what_the_demo_shop_is_asked_about_is_in_it() -> None:
    known = (FOLDER.parents[1] / "infra/local/shop/products.tsv").read_text(encoding="utf-8")
    shown = re.findall(r'^  \["([a-z0-9-]+)", "', read_page("people.js")[0], re.MULTILINE)

    assert len(shown) == 8
    assert all(f"\n{product_id}\t" in known for product_id in shown)
