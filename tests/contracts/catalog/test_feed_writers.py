"""Feeds as other programs write them."""

from __future__ import annotations

import csv
import io
import json
import string

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog.feed import FeedFormat, read_feed
from chalicelib.model import Product

IDS = st.text(string.ascii_letters + string.digits, min_size=1, max_size=12)
# The feed trims values, and a cell cannot tell an empty text from none.
WORDS = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
    .map(str.strip)
    .filter(bool)
)
PRICES = st.decimals(0, 10_000, places=2).map(lambda amount: f"{amount} USD")
PRODUCTS = st.builds(
    Product,
    id=IDS,
    title=WORDS,
    description=st.none() | WORDS,
    brand=st.none() | WORDS,
    price=PRICES,
    sale_price=st.none() | PRICES,
    product_type=st.none()
    | st.lists(st.sampled_from(["shoes", "trail", "été"]), min_size=1).map("/".join),
    availability=st.sampled_from(["in_stock", "out_of_stock", "preorder", "backorder"]),
    link=st.none() | IDS.map("https://shop.example/{}".format),
    image_link=st.none(),
    size=st.none() | WORDS,
    color=st.none() | WORDS,
    gender=st.none(),
    gtin=st.none(),
    item_group_id=st.none() | IDS,
    stock=st.dictionaries(IDS, st.integers(0, 10_000), max_size=3),
)
ASSORTMENTS = st.lists(PRODUCTS, min_size=1, max_size=5, unique_by=lambda product: product.id)


def cells(product: Product, separator: str) -> dict[str, str]:
    """As a shop's export writes them."""
    values = product.model_dump(exclude_none=True)
    stock = values.pop("stock")
    if values.get("product_type"):
        values["product_type"] = values["product_type"].replace("/", " > ")
    return {
        **{name.replace("_", separator): str(value) for name, value in values.items()},
        "stock": json.dumps(stock),
    }


@given(
    ASSORTMENTS, st.sampled_from([("tsv", "excel-tab"), ("csv", "excel")]), st.sampled_from(" _")
)
def test_products_survive_a_feed_that_python_wrote(
    products: list[Product], form: tuple[FeedFormat, str], separator: str
) -> None:
    rows = [cells(product, separator) for product in products]
    names = sorted({name for row in rows for name in row})
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, names, dialect=form[1])
    writer.writeheader()
    writer.writerows(rows)
    assert [r.product for r in read_feed(written.getvalue().encode(), form[0])] == products


@given(ASSORTMENTS)
def test_products_survive_json_lines_that_pydantic_wrote(products: list[Product]) -> None:
    written = "\n".join(product.model_dump_json() for product in products).encode()
    assert [row.product for row in read_feed(written, "jsonl")] == products


def test_a_feed_that_pandas_wrote_is_read() -> None:
    frame = pd.DataFrame(
        {
            "id": [1001, 1002],
            "title": ['5" bolt', "Tent\tfor two"],
            "price": ["0.40 USD", "250 USD"],
            "product type": ["Tools > Bolts", None],
            "stock": ["soho:1200", ""],
        }
    )
    first, second = (row.product for row in read_feed(frame.to_csv(sep="\t", index=False).encode()))
    assert first is not None
    assert second is not None
    assert (first.id, first.title, first.product_type) == ("1001", '5" bolt', "tools/bolts")
    assert (second.title, second.product_type, second.stock) == ("Tent\tfor two", None, {})
