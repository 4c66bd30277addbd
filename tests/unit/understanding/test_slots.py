"""Sizes, colours, orders, stores and channels, read from the words."""

from __future__ import annotations

import pytest

from chalicelib.model import Store
from chalicelib.understanding import slots
from chalicelib.understanding.language import plain
from tests.benchmarks import assortment


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("do you have it in a 44?", "44"),
        ("size 10.5", "10.5"),
        ("size 10 1/2", "10.5"),
        ("a 10½ please", "10.5"),
        ("UK 9", "uk 9"),
        ("9 uk", "uk 9"),
        ("EU44", "eu 44"),
        ("in 10.5 wide??", "10.5 wide"),
        ("10w left?", "10 wide"),
        ("in a medium", "m"),
        ("in XL", "xl"),
        ("an extra large", "xl"),
        ("2XL", "xxl"),
        ("summit, navy, M??", "m"),
        ("a size ten", "10"),
        ("nine and a half in size nine and a half", "9.5"),
        ("jeans 32x34", "32x34"),
        ("w32 l34", "32x34"),
        ("talla 43", "43"),
        ("in 10 minutes", None),
        ("in 2 days", None),
        ("20% off", None),
        ("when do you open", None),
        ("a large order", None),
    ],
)
def test_sizes(text: str, size: str | None) -> None:
    assert slots.sizes(plain(text)) == size


@pytest.mark.parametrize(
    ("one", "other"),
    [("Medium", "M"), ("EU 44", "44"), ("10,5", "10.5"), ("45 Liter", "45L"), ('12"', "12 inch"),
     ("10.5W", "10.5 wide"), ("9.0", "9")],
)  # fmt: skip
def test_spellings_of_one_size_compare_equal(one: str, other: str) -> None:
    assert slots.size_key(one) == slots.size_key(other)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("wheres my order 10023", "10023"),
        ("order no. A-20311?", "A-20311"),
        ("order number is RX-10023", "RX-10023"),
        ("#77120?", "77120"),
        ("10567 where is it", "10567"),
        ("ordered on the 3rd", None),
        ("order from 2025", None),
        ("size 44", None),
        ("call me on +15551230001", None),
        ("is it $12000", None),
    ],
)
def test_orders(text: str, order: str | None) -> None:
    assert slots.orders(plain(text)) == order


@pytest.mark.parametrize(
    ("text", "store"),
    [
        ("is it in stock at Broadway?", "broadway"),
        ("when does the SoHo shop close", "soho"),
        ("the one on prince street", "soho"),
        ("in stock at brodway", "broadway"),
        ("union square hours", "union-sq"),
        ("do you have a store in boston", "harbor"),
        ("any in new york", None),
        ("when do you open", None),
        ("broadway or soho?", None),
    ],
)
def test_stores(text: str, store: str | None) -> None:
    assert slots.stores(plain(text), assortment.stores()) == store


def test_a_single_store_is_found_and_none_where_there_are_none() -> None:
    only = {"s1": Store(id="s1", name="Main Street")}
    assert slots.stores(plain("are you at Main Street"), only) == "s1"
    assert slots.stores("broadway", {}) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("text me instead", {"channel": "sms"}),
        ("email is better", {"channel": "email"}),
        ("don't call me, text me", {"channel": "sms", "not_channel": "voice"}),
        ("email instead of texts please", {"channel": "email", "not_channel": "sms"}),
        ("whatsapp please", {"channel": "whatsapp"}),
        ("DM me", {"channel": "x_dm"}),
        ("please never call", {"not_channel": "voice"}),
        ("hello", {}),
    ],
)
def test_channels(text: str, found: dict[str, str]) -> None:
    assert slots.channels(plain(text)) == found


def test_colours_and_days() -> None:
    assert slots.colours("gray, azul and navy") == ("grey", "blue", "navy")
    assert slots.day("when do you close on sunday") == "sun"
    assert slots.day("open tonight") == "today"
    assert slots.day("open") is None
