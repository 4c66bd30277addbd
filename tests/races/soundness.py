"""What must hold in the customers table whatever happened at once: nothing half, nothing lost."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from chalicelib.customers.items import read_view
from chalicelib.customers.store import CustomerStore
from chalicelib.model import Customer

Item = dict[str, Any]


def faults(client: Any, store: CustomerStore) -> list[str]:
    """What does not hold; each customer's identities and their items must agree."""
    items: list[Item] = client.scan(TableName=store.table, ConsistentRead=True)["Items"]
    partitions: dict[str, list[Item]] = defaultdict(list)
    owners: dict[str, str] = {}
    for item in items:
        kind, _, name = item["pk"]["S"].partition("#")
        if kind == "customer":
            partitions[name].append(item)
        elif kind == "identity":
            owners[name] = item["customer_id"]["S"]
    views = {name: _view(found) for name, found in partitions.items()}
    living = {name: view for name, view in views.items() if view and not view.merged_into}
    held = {i: view.id for view in living.values() for i in view.identities}
    return [
        *(f"{name} has a history and no profile" for name, view in views.items() if view is None),
        *(f"{i} is owned, and its owner does not know" for i in owners.keys() - held.keys()),
        *(f"{i} is held, and nobody owns it" for i in held.keys() - owners.keys()),
        *(f"{i} is held by another" for i, owner in held.items() if owners.get(i, owner) != owner),
        *(f"a merge of {name} is unfinished" for name, found in partitions.items() if _open(found)),
    ]


def _view(items: list[Item]) -> Customer | None:
    return read_view(item for item in items if item["sk"]["S"].startswith("view#"))


def _open(items: list[Item]) -> bool:
    return any(item["sk"]["S"].startswith("merging#") for item in items)
