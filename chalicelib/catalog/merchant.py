"""The Google Merchant feed's attributes as our products, and back to one spelling of each.

Lives here: names and values of attributes. Never here: files and their rows (`feed.py`).

Source: Google Merchant Center product data specification,
https://support.google.com/merchants/answer/7052112; `stock` is ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from ..model import Product

REQUIRED = ("id", "title", "price")
REASON_LENGTH = 300


def attribute_name(header: str) -> str:
    """`Item Group ID` and `g:item_group_id` are both `item_group_id`."""
    return re.sub(r"[\s_]+", "_", header.strip().lower()).removeprefix("g:").strip("_")


def product_of(attributes: Mapping[str, Any]) -> Product:
    """The product; ValueError with a reason for its author when it is not one."""
    values = {attribute_name(name): _trimmed(value) for name, value in attributes.items()}
    values = {name: value for name, value in values.items() if name and value not in ("", None)}
    if isinstance(availability := values.get("availability"), str):
        values["availability"] = _availability(availability)
    if isinstance(product_type := values.get("product_type"), str):
        values["product_type"] = category_path(product_type)
    for name in ("price", "sale_price"):
        if isinstance(price := values.get(name), str):
            values[name] = " ".join(price.split())
    if isinstance(stock := values.get("stock"), str):
        values["stock"] = stock_of(stock)
    try:
        return Product.model_validate(values)
    except ValidationError as error:
        raise ValueError(reason_of(error)) from None


def category_path(text: str) -> str:
    """`Shoes > Trail` -> `shoes/trail`."""
    return "/".join(part.strip().lower() for part in re.split(r"[/>]", text) if part.strip())


def stock_of(text: str) -> dict[str, Any]:
    """Units per store id, from a JSON object or `broadway:3,soho:0`."""
    if text.startswith("{"):
        try:
            found = from_json(text, allow_inf_nan=False)
        except ValueError:
            raise ValueError("stock: is not a JSON object") from None
        return dict(found)
    units = dict[str, Any]()
    for part in filter(None, (p.strip() for p in text.split(","))):
        store, _, count = part.rpartition(":")
        if not store.strip() or not re.fullmatch(r"\s*[0-9]{1,9}\s*", count):
            raise ValueError('stock: is written "broadway:3,soho:0" or as a JSON object')
        units[store.strip()] = int(count)
    return units


def reason_of(error: ValidationError) -> str:
    """The failing attributes, each with what is wrong; never the values."""
    found = (
        f"{'.'.join(map(str, e['loc'])) or 'row'}: {e['msg'].removeprefix('Value error, ')}"
        for e in error.errors(include_input=False, include_url=False, include_context=False)
    )
    return "; ".join(found)[:REASON_LENGTH]


def _trimmed(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _availability(text: str) -> str:
    """`In stock`, `in_stock`, `pre-order` as the specification spells them."""
    word = re.sub(r"[\s_-]+", "_", text.lower())
    return {"pre_order": "preorder", "back_order": "backorder", "instock": "in_stock"}.get(
        word, word
    )
