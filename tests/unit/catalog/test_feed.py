"""Feeds, row by row."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog.feed import (
    MAX_ROW_CHARACTERS,
    FeedFormat,
    FeedRow,
    feed_format,
    read_feed,
    read_stores,
)
from chalicelib.catalog.merchant import attribute_name, category_path, stock_of
from chalicelib.errors import PayloadError, RejectedInput
from chalicelib.model import Product


def tsv(*rows: str, header: str = "id\ttitle\tprice") -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def only(source: bytes, form: FeedFormat = "tsv") -> FeedRow:
    (row,) = read_feed(source, form)
    return row


def read(**attributes: str) -> Product:
    """The product of a one-row TSV feed with these attributes besides the required ones."""
    values = {"id": "a", "title": "A", "price": "5 USD", **attributes}
    row = only(tsv("\t".join(values.values()), header="\t".join(values)))
    assert row.product is not None, row.reason
    return row.product


def test_a_google_merchant_feed_is_read() -> None:
    header = (
        "id\ttitle\tdescription\tlink\timage link\tavailability\tprice\tsale price\tbrand"
        "\titem group id\tproduct type\tsize\tcolor\tstock\tcustom label 0"
    )
    row = only(
        tsv(
            "tb-gtx\tTrailblazer GTX\tDry feet\thttps://shop.example/p\thttps://shop.example/i\t"
            "In stock\t129.90 USD\t99.00  USD\tFjord\ttb\tShoes > Trail\t44\tblue\t"
            "broadway:3,soho:0\tautumn",
            header=header,
        )
    )
    assert row.line == 2
    assert row.product is not None
    assert row.product.model_dump(exclude_none=True) == {
        "id": "tb-gtx",
        "title": "Trailblazer GTX",
        "description": "Dry feet",
        "link": "https://shop.example/p",
        "image_link": "https://shop.example/i",
        "availability": "in_stock",
        "price": "129.90 USD",
        "sale_price": "99.00 USD",
        "brand": "Fjord",
        "item_group_id": "tb",
        "product_type": "shoes/trail",
        "size": "44",
        "color": "blue",
        "stock": {"broadway": 3, "soho": 0},
        "custom_label_0": "autumn",
    }


@pytest.mark.parametrize(
    "name", ["item group id", "item_group_id", "Item  Group ID", "g:item_group_id"]
)
def test_attribute_names_have_one_spelling(name: str) -> None:
    assert attribute_name(name) == "item_group_id"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("in stock", "in_stock"),
        ("In_Stock", "in_stock"),
        ("out of stock", "out_of_stock"),
        ("Pre-order", "preorder"),
        ("backorder", "backorder"),
    ],
)
def test_availability_has_one_spelling(written: str, meant: str) -> None:
    assert read(availability=written).availability == meant


@pytest.mark.parametrize("written", ["Shoes > Trail", "shoes/trail", " SHOES>trail > "])
def test_categories_have_one_spelling(written: str) -> None:
    assert category_path(written) == "shoes/trail"


@pytest.mark.parametrize("written", ['{"broadway": 3, "soho": 0}', "broadway:3, soho:0,"])
def test_stock_per_store_has_two_spellings(written: str) -> None:
    assert stock_of(written) == {"broadway": 3, "soho": 0}


@pytest.mark.parametrize("written", ["3", "soho:", ":3", "soho:-1", "soho:x", "{bad", "{}x"])
def test_stock_that_is_neither_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="stock"):
        stock_of(written)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a\t\t5 USD", "title: Field required"),
        ("a\tA\t", "price: Field required"),
        ("a\tA", "price: Field required"),
        ("a\tA\tcheap", 'price: a price is written "129.90 USD"'),
        ("a\tA\t5 dollars", "price"),
        ("a b\tA\t5 USD", "id: String should match pattern"),
        ("a\tA\t5 USD\tx", "row: 4 columns, the header has 3"),
        ("a\tA\0\t5 USD", "row: holds a NUL byte"),
        (f"a\t{'A' * MAX_ROW_CHARACTERS}\t5 USD", "row: over 65536 characters"),
        (f"a\t{'A' * 200_000}\t5 USD", "row: field larger than field limit"),
        (f"a\t{'A' * 501}\t5 USD", "title: String should have at most 500 characters"),
    ],
)
def test_a_bad_row_is_named_and_the_good_ones_kept(row: str, reason: str) -> None:
    first, bad, last = read_feed(tsv("x\tX\t1 USD", row, "y\tY\t2 USD"))
    assert first.product is not None
    assert last.product is not None
    assert (bad.line, bad.product) == (3, None)
    assert bad.reason is not None
    assert bad.reason.startswith(reason)


def test_a_row_that_is_not_utf8_costs_itself_only() -> None:
    bad, good = read_feed(b"id\ttitle\tprice\na\tcaf\xe9\t1 USD\nb\tcaf\xc3\xa9\t1 USD\n")
    assert bad.reason == "row: is not UTF-8"
    assert good.product is not None
    assert good.product.title == "café"


def test_the_second_of_two_equal_ids_is_refused() -> None:
    first, second = read_feed(tsv("a\tA\t1 USD", "a\tB\t1 USD"))
    assert first.product is not None
    assert second.reason == "id: stands on line 2 already"


def test_a_quoted_value_may_hold_tabs_and_lines_and_keeps_the_count() -> None:
    first, second = read_feed(tsv('a\t"A\tlong\ntitle"\t1 USD', "b\tB\t1 USD"))
    assert first.product is not None
    assert first.product.title == "A\tlong\ntitle"
    assert (first.line, second.line) == (2, 4)


def test_blank_lines_trailing_tabs_and_a_byte_order_mark_do_no_harm() -> None:
    source = b"\xef\xbb\xbf" + tsv("", "a\tA\t1 USD\t\t", " \t ").replace(b"\n", b"\r\n")
    assert only(source).product is not None


def test_a_repeated_attribute_keeps_its_first_value() -> None:
    row = only(tsv("a\tA\t1 USD\t\tred\tblue", header="id\ttitle\tprice\tcolor\tcolor\tcolor"))
    assert row.product is not None
    assert row.product.color == "red"


def test_text_lines_are_read_as_well_as_bytes() -> None:
    (row,) = read_feed(["\ufeffid\ttitle\tprice\n", "a\tA\t1 USD\n"])
    assert row.product is not None


@pytest.mark.parametrize(
    ("source", "form", "said"),
    [
        (b"", "tsv", "lacks attributes"),
        ([], "tsv", "empty"),
        (b"id\ttitle\n", "tsv", "lacks attributes"),
        (b"id\ttitle\tprice\tx\0\n", "tsv", "not text"),
        (b"a\rb\n", "tsv", "header cannot be read"),
        (b"{}", "json", "not a JSON list"),
        (b"[", "json", "not JSON"),
        (b"\xff", "json", "not JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(
    source: Any, form: FeedFormat, said: str
) -> None:
    with pytest.raises(PayloadError, match=said):
        list(read_feed(source, form))


def test_comma_separated_feeds_are_read() -> None:
    row = only(b'id,title,price\na,"A, B",1 USD\n', "csv")
    assert row.product is not None
    assert row.product.title == "A, B"


def test_json_lines_are_read_with_their_reasons() -> None:
    lines = [
        '{"id": "a", "title": "A", "price": "1 USD", "stock": {"s": 2}, "product type": "X > Y"}',
        "",
        "[]",
        "{",
        '{"id": "b", "title": "B", "price": 5}',
        '{"id": "c", "title": "C", "price": "1 USD", "weight": NaN}',
        '{"id": "d", "title": "D", "price": "1 USD", "note": "\\ud800"}',
        "[" * 60_000,
        " " * 10 + "x" * MAX_ROW_CHARACTERS,
    ]
    rows = list(read_feed("\n".join(lines).encode(), "jsonl"))
    assert [r.line for r in rows] == [1, 3, 4, 5, 6, 7, 8, 9]
    assert rows[0].product is not None
    assert rows[0].product.product_type == "x/y"
    assert all(r.product is None and r.reason for r in rows[1:])


def test_a_json_list_is_read_by_position() -> None:
    good, bad, large = read_feed(
        json.dumps(
            [
                {"id": "a", "title": "A", "price": "1 USD"},
                3,
                {"id": "b", "title": "B", "price": "1 USD", "manual": "x" * MAX_ROW_CHARACTERS},
            ]
        ).encode(),
        "json",
    )
    assert good.product is not None
    assert (bad.line, bad.reason) == (2, "row: is not a JSON object")
    assert large.reason == "row: over 65536 characters"


def test_a_reason_never_repeats_the_value() -> None:
    row = only(tsv("a\tA\tsecret-4711"))
    assert row.reason is not None
    assert "4711" not in row.reason


def test_stores_are_read() -> None:
    source = b'{"id":"soho","name":"Soho"}\n{"id":"x"}\n{"id":"soho","name":"Again"}\n'
    good, bad, double = read_stores(source)
    assert good.store is not None
    assert bad.reason == "name: Field required"
    assert double.reason == "id: stands on line 1 already"


def test_stores_come_as_json_only() -> None:
    with pytest.raises(PayloadError):
        list(read_stores(b"id\tname\n", "tsv"))


@pytest.mark.parametrize(
    ("content_type", "name", "form"),
    [
        ("text/tab-separated-values; charset=utf-8", None, "tsv"),
        (None, "feed.TSV", "tsv"),
        ("application/octet-stream", "feed.csv", "csv"),
        ("application/x-ndjson", None, "jsonl"),
        ("application/json", None, "json"),
    ],
)
def test_the_format_shows_in_name_or_type(
    content_type: str | None, name: str | None, form: FeedFormat
) -> None:
    assert feed_format(content_type, name) == form


def test_another_format_is_refused() -> None:
    with pytest.raises(PayloadError):
        feed_format("application/xml", "feed.xml")


ANYTHING = st.one_of(
    st.binary(max_size=300),
    st.lists(
        st.sampled_from(
            b'id|title|price|stock|\t|,|\n|\r|{|}|[|]|:|\0|\xff|1 USD|a|"|"id"|1|\\ud800'.split(
                b"|"
            )
        ),
        max_size=60,
    ).map(b"".join),
    st.binary(max_size=300).map(lambda tail: b"id\ttitle\tprice\tstock\n" + tail),
)


@given(source=ANYTHING, form=st.sampled_from(["tsv", "csv", "jsonl", "json"]))
def test_any_bytes_are_read_or_refused(source: bytes, form: FeedFormat) -> None:
    """Every row is a product or a reason, and what is kept can be stored."""
    try:
        rows = list(read_feed(source, form))
    except RejectedInput:
        return
    for row in rows:
        assert (row.product is None) != (row.reason is None)
        if row.product is not None:
            row.product.model_dump_json()


VALUES = st.one_of(st.none(), st.text(max_size=20), st.integers(), st.lists(st.text(max_size=5)))
NAMES = st.sampled_from([*Product.model_fields, *dir(Product), "g:", "product type", ""])


@given(st.dictionaries(NAMES, VALUES))
def test_any_attributes_make_a_product_or_a_reason(found: dict[str, Any]) -> None:
    source = json.dumps({"id": "a", "title": "A", "price": "1 USD", **found}).encode()
    row = only(source, "jsonl")
    assert (row.product is None) != (row.reason is None)
    if row.product is not None:
        assert row.product.current_price.currency
        assert Product.model_validate_json(row.product.model_dump_json()) == row.product
