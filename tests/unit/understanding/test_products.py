"""The products that a message means, and which variant of them."""

from __future__ import annotations

import time

import pytest

from chalicelib.model import Product
from chalicelib.understanding import ProductIndex
from tests.benchmarks.understanding import LARGE, many_products

from .conftest import Ask


def product(product_id: str, title: str, **more: str) -> Product:
    return Product.model_validate({"id": product_id, "title": title, "price": "1.00 USD", **more})


@pytest.mark.parametrize(
    ("text", "meant", "slots"),
    [
        ("@retailerxyz do you have the Trailblazer GTX in a 44?", "tb-44-blue", {"size": "44"}),
        ("gtx trailblazer black 45", "tb-45-black", {"size": "45", "color": "black"}),
        ("trailblazr gtx in 42", "tb-42-blue", {"size": "42"}),
        ("got #TrailblazerGTX in size 41?", "tb-41-blue", {"size": "41"}),
        ("do you have trail blazer lows in 43", "tbl-43-grey", {"size": "43"}),
        ("any mud runners in 43", "mr-43-orange", {"size": "43"}),
        ("have you got the sumit down jaket in medium", "sdj-M-navy", {"size": "M"}),
        ("do you have the hoodie in small green", "fh-S-green", {"size": "S", "color": "green"}),
        ("do you have a canyon backpack, 45 liter", "cb-45L-olive", {"size": "45L"}),
        ("12 inch skillet in stock?", "cis-12inch", {"size": "12 inch"}),
        ("is the merino beanie in stock in gray", "mb-grey", {"color": "grey"}),
        ("do you have the strider in uk 9", "str-9-white", {"size": "9"}),
        ("do you have the strider in a nine and a half", "str-9.5-white", {"size": "9.5"}),
        ("headlamp 600 in stock?", "lh6", {}),
    ],
)
def test_names_are_matched_in_any_spelling_and_order(
    text: str, meant: str, slots: dict[str, str], ask: Ask
) -> None:
    understood = ask(text)
    assert [match.product_id for match in understood.products] == [meant]
    assert not understood.ambiguous
    assert understood.products[0].confidence >= 0.55
    assert slots.items() <= understood.slots.items()


@pytest.mark.parametrize("text", ["how much is the trailblazer", "price of the ridgeline tent?"])
def test_alike_products_are_both_returned_to_be_asked_about(text: str, ask: Ask) -> None:
    understood = ask(text)
    assert understood.ambiguous
    assert len(understood.products) == 2


def test_recent_browsing_breaks_a_tie(ask: Ask) -> None:
    understood = ask("how much is the trailblazer", viewed=("swm-blue", "tb-43-black"))
    assert [match.product_id for match in understood.products] == ["tb-43-black"]
    assert not understood.ambiguous


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("do you have it in a 43?", "tb-43-blue"),
        ("is that shoe available in black", "tb-44-black"),
        ("how much is it", "tb-44-blue"),
        ("got a 45?", "tb-45-blue"),
    ],
)
def test_it_is_the_product_looked_at_last(text: str, meant: str, ask: Ask) -> None:
    understood = ask(text, viewed=("gone", "tb-44-blue", "ds-38-tan"))
    assert understood.products[0].product_id == meant


@pytest.mark.parametrize(
    "text",
    ["when do you open", "STOP", "hi", "where is my order 10023", "do you sell bikes", "thx!", ""],
)
def test_words_that_name_nothing_match_nothing(text: str, ask: Ask) -> None:
    assert ask(text, viewed=("tb-44-blue",)).products == ()


def test_a_size_that_does_not_exist_is_kept_beside_the_best_variant(ask: Ask) -> None:
    understood = ask("do you have the trailblazer gtx in a 52 in black?")
    assert understood.products[0].product_id.endswith("-black")
    assert understood.slots["size"] == "52"


def test_two_products_named_in_full_are_both_meant(ask: Ask) -> None:
    understood = ask("what is the difference between the trailblazer gtx and trailblazer low")
    assert {m.product_id.split("-")[0] for m in understood.products} == {"tb", "tbl"}
    assert not understood.ambiguous


def test_advice_about_a_kind_of_thing_tells_the_category(ask: Ask) -> None:
    understood = ask("what would you recommend for muddy trails")
    assert understood.products == ()
    assert understood.slots["category"] == "shoes/trail"


def test_a_weak_match_is_asked_about_rather_than_taken_for_fact(ask: Ask) -> None:
    sure = ask("how much is the trailblzr gtx")
    assert sure.products
    assert not sure.ambiguous
    assert ask("how much is the trailblzr gtx", threshold=0.995).ambiguous


def test_a_changed_product_is_found_by_its_changed_words_only() -> None:
    index = ProductIndex([product("a", "Old Kettle"), product("b", "Brass Lantern")])
    index.replace(product("a", "Copper Teapot"))
    assert index.search("a copper teapot", slots={}).products[0].product_id == "a"
    assert index.search("old kettle", slots={}).products == ()


def test_a_removed_product_is_no_longer_found() -> None:
    index = ProductIndex([product("a", "Copper Teapot"), product("b", "Copper Teapot")])
    index.remove("a")
    index.remove("a")
    assert len(index) == 1
    assert [m.product_id for m in index.search("copper teapot", slots={}).products] == ["b"]
    index.remove("b")
    assert index.search("copper teapot", slots={}).products == ()
    assert index.search("coper teapott", slots={}).products == ()


def test_a_variant_that_changes_its_group_leaves_the_former() -> None:
    index = ProductIndex([product("a", "Copper Teapot", item_group_id="g", size="S")])
    index.replace(product("b", "Copper Teapot Grande", item_group_id="g", size="L"))
    index.replace(product("a", "Brass Lantern", item_group_id="h"))
    assert index.search("teapot grande", slots={}).products[0].product_id == "b"
    assert index.search("brass lantern", slots={}).products[0].product_id == "a"


def test_a_title_of_everyday_words_needs_all_of_them() -> None:
    index = ProductIndex([product("a", "Phone Case"), product("b", "Brass Lantern")])
    assert index.search("do you have a phone case", slots={}).products[0].product_id == "a"
    assert index.search("can you phone me", slots={}).products == ()


def test_products_that_read_alike_are_at_most_three() -> None:
    index = ProductIndex(product(f"p{n}", "Apple Sauce") for n in range(40))
    found = index.search("apple sauce", slots={})
    assert len(found.products) == 3
    assert found.ambiguous


def test_an_empty_index_finds_nothing() -> None:
    assert ProductIndex().search("trailblazer gtx", slots={"size": "44"}).products == ()


@pytest.mark.no_cover  # the time is to be ours, not the tracer's
def test_ninety_thousand_products_are_indexed_in_seconds_and_searched_in_milliseconds() -> None:
    products = many_products()
    began = time.process_time()
    index = ProductIndex(products)
    assert len(index) == LARGE
    assert time.process_time() - began < 15
    texts = [f"do you have the {p.title} in a {p.size}" for p in products[:: LARGE // 20]]
    began = time.process_time()
    found = [index.search(text, slots={}) for text in texts]
    assert (time.process_time() - began) / len(texts) < 0.05
    assert all(f.products for f in found)
