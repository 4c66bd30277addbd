"""Offer budgets that everyone shares, without a key that everyone writes.

    budget#<offer_id>#<shard> / taken    `taken` of that shard's part of the budget

The budget is split over shards, each under a partition key of its own; taking one unit is a
conditional write on one shard, part of the message's own transaction, so a budget is never
overspent, not by one.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from .. import documents
from ..documents import WriteItem

SHARDS = 16
FORGET_AFTER = timedelta(seconds=30)
"""How long a container believes that a shard is spent, in case the budget is raised."""


def share(budget: int, shard: int) -> int:
    """The part of the budget that one shard holds; the parts add up to the budget."""
    return budget // SHARDS + (shard < budget % SHARDS)


class Budgets:
    """Takes units of offers' budgets; remembers for a short time which shards were spent."""

    def __init__(self, table: str, rng: random.Random) -> None:
        self._table = table
        self._rng = rng
        self._spent: dict[tuple[str, int], datetime] = {}

    def pick(self, offer_id: str, budget: int, now: datetime) -> int | None:
        """A shard that may have a unit left; None when all are known to be spent."""
        open_shards = [
            s for s in range(SHARDS) if share(budget, s) and not self._is_spent((offer_id, s), now)
        ]
        return self._rng.choice(open_shards) if open_shards else None

    def take(self, offer_id: str, budget: int, shard: int) -> WriteItem:
        """One unit of the shard; the transaction is refused when it has none left."""
        return {
            "Update": {
                "TableName": self._table,
                "Key": _key(offer_id, shard),
                "UpdateExpression": "ADD taken :one",
                "ConditionExpression": "attribute_not_exists(taken) OR taken < :share",
                "ExpressionAttributeValues": {
                    ":one": {"N": "1"},
                    ":share": {"N": str(share(budget, shard))},
                },
            }
        }

    def note_spent(self, offer_id: str, shard: int, now: datetime) -> None:
        """The transaction was refused for this shard."""
        self._spent[offer_id, shard] = now

    def look(self, client: Any, offer_id: str, budget: int, now: datetime) -> None:
        """Learn in one read which shards are spent, rather than by a refusal for each."""
        for shard, taken in self._taken(client, offer_id).items():
            if taken >= share(budget, shard):
                self.note_spent(offer_id, shard, now)

    def used(self, client: Any, offer_id: str) -> int:
        """Units taken so far, over all shards; for operators, not on the message path."""
        return sum(self._taken(client, offer_id).values())

    def _taken(self, client: Any, offer_id: str) -> dict[int, int]:
        """Units taken, by shard."""
        keys = [_key(offer_id, shard) for shard in range(SHARDS)]
        found = documents.batch_get(client, {self._table: keys})[self._table]
        return {int(i["pk"]["S"].rpartition("#")[2]): documents.number(i, "taken") for i in found}

    def _is_spent(self, shard: tuple[str, int], now: datetime) -> bool:
        at = self._spent.get(shard)
        return at is not None and now - at < FORGET_AFTER


def _key(offer_id: str, shard: int) -> dict[str, Any]:
    return documents.key(f"budget#{offer_id}#{shard}", "taken")
