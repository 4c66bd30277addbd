"""What a rule may read, and of which type. Says nothing of how the values come about.

Types are written `int`, `double`, `string`, `bool`, `timestamp`, `duration`, `list(T)`, `map(T)`
with string keys, and `dyn` for a value whose type only the customer's data tells.
"""

from __future__ import annotations

from typing import Final

CUSTOMER: Final = {
    "age": "int",
    "birth_date": "timestamp",
    "first_name": "string",
    "last_name": "string",
    "gender": "string",
    "country": "string",
    "language": "string",
    "time_zone": "string",
    "postcode": "string",
    "interests": "list(string)",
    "order_count": "int",
    "spend_total": "double",
    "first_purchase_at": "timestamp",
    "last_purchase_at": "timestamp",
    "last_purchase": "map(timestamp)",
    "purchase_count": "map(int)",
    "spend": "map(double)",
    "last_product_purchase": "map(timestamp)",
    "view_count": "map(int)",
    "last_view": "map(timestamp)",
    "last_seen_at": "timestamp",
    "interaction_count": "int",
}
CONTEXT: Final = {
    "channel": "string",
    "placement": "string",
    "time": "timestamp",
    "hour": "int",
    "weekday": "string",
    "basket": "list(string)",
    "store": "string",
    "page": "string",
}
REQUEST: Final = {"intent": "string", "products": "list(string)", "categories": "list(string)"}

ROOTS: Final = {"customer": CUSTOMER, "context": CONTEXT, "request": REQUEST}
NUMBERS: Final = frozenset({"int", "double"})
ORDERED: Final = NUMBERS | {"string", "bool", "timestamp", "duration"}


def element(container: str) -> str:
    """`list(string)` and `map(string)` -> `string`; anything else -> `dyn`."""
    inner = container.partition("(")[2]
    return inner[:-1] if inner else "dyn"


def is_list(type_: str) -> bool:
    return type_.startswith("list(")


def is_map(type_: str) -> bool:
    return type_.startswith("map(")


def comparable(left: str, right: str) -> bool:
    """Whether `==` may compare them: the same type, numbers of either kind, or one not known."""
    if left == right or "dyn" in (left, right) or {left, right} <= NUMBERS:
        return True
    same_container = (is_list(left) and is_list(right)) or (is_map(left) and is_map(right))
    return same_container and comparable(element(left), element(right))


def joined(types: list[str]) -> str:
    """The one type that all of `types` are, else `dyn`."""
    return types[0] if types and len(set(types)) == 1 else "dyn"
