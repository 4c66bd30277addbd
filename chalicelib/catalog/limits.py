"""Contact limits across the catalog, as operators edit them: a draft, live once published.

It is `pk=catalog`, `sk=limits`. Never here: what a limit does (`decisioning`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .. import documents
from ..assortment import normalise_category
from ..documents import aws_calls
from ..model import ContactLimits


class LimitStore:
    """Raises TemporaryError when DynamoDB cannot be reached."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def get(self) -> ContactLimits:
        """The draft; without one, nothing is limited."""
        stored = documents.get(self._client, self._table, "catalog", "limits")
        return documents.read(ContactLimits, stored) if stored else ContactLimits()

    def put(self, limits: ContactLimits) -> None:
        """Keep the draft."""
        item = documents.item("catalog", "limits", limits)
        with aws_calls():
            self._client.put_item(TableName=self._table, Item=item)


def limit_warnings(limits: ContactLimits, categories: Collection[str]) -> tuple[str, ...]:
    """Product groups that no product is in."""
    return tuple(
        f"limits: no product is in the category {name}"
        for name in limits.groups
        if normalise_category(name) not in categories
    )
