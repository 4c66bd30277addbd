"""Which products belong together, without walking all of them."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from chalicelib.assortment import Assortment, Kinds
from chalicelib.model import Product
from tests.stage import PRODUCTS, a_shoe


def ids(products: Iterable[Product]) -> list[str]:
    return [p.id for p in products]


SHOP = Assortment.of([*PRODUCTS, a_shoe(id="lone", item_group_id=None, product_type=None)])


def test_variants_are_those_of_the_group() -> None:
    assert ids(SHOP.variants(PRODUCTS[1])) == ["tb-gtx-43", "tb-gtx-44"]
    assert ids(SHOP.variants(SHOP.products["lone"])) == ["lone"]


@pytest.mark.parametrize("category", ["shoes", "Shoes > Trail", "shoes/trail", "Trail", " trail "])
def test_a_category_is_a_path_its_start_or_a_word_of_it(category: str) -> None:
    assert ids(SHOP.of_category(category)) == ["rr-gtx-44", "tb-gtx-43", "tb-gtx-44"]


@pytest.mark.parametrize("category", ["", "sho", "trail/shoes", "tents"])
def test_what_is_no_category_has_no_products(category: str) -> None:
    assert ids(SHOP.of_category(category)) == []


def test_a_product_that_moves_leaves_where_it_was() -> None:
    before = SHOP.kinds
    after = before.updated([a_shoe("44", product_type="outlet", item_group_id="old")])

    assert after.groups["tb"] == {"tb-gtx-43"}
    assert after.groups["old"] == after.categories["outlet"] == {"tb-gtx-44"}
    assert "tb-gtx-44" in before.categories["trail"]
    assert "tb-gtx-44" not in after.categories["trail"]


def test_a_change_of_stock_moves_nothing() -> None:
    assert SHOP.kinds.updated([a_shoe("44", stock={"soho": 9})]) is SHOP.kinds
    assert Kinds().updated([]) == Kinds()
