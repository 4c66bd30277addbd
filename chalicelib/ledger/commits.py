"""Committing a message in one transaction, and reading back what was committed.

    interaction#<id> / record      the interaction, what became of it; its Put claims the id
    decision#<id>    / record      the decision; `inputs`: what it was made from, as zlib
                     / outcome     what counting it changes: see statistics.py
    link#<token>     / record      where a tracked link leads, and whose it is

A transaction's writes are named, so that a refusal says what was lost: the claim of the interaction
(a duplicate), the customer's version (somebody was first), an identity, or an offer's budget.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from .. import documents, telemetry
from ..documents import WriteItem
from ..errors import PermanentError
from ..model import (
    Decision,
    DecisionInputs,
    InteractionRecord,
    Message,
    TrackedLink,
)
from .statistics import OUTCOME, awaited

NamedWrite = tuple[str, WriteItem]

_QUICK = 1
"""The zlib level: a third of the time of the usual one, for about a tenth more bytes."""
_RECORD = "record"


class Refused(Exception):
    """The transaction was refused; `names` says which writes' conditions did not hold."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__(f"refused: {sorted(names)}")
        self.names = names


class Ledger:
    """Interactions, decisions and links, in the `ledger` table of one stage."""

    def __init__(
        self, client: Any, table: str, retention_days: int, attribution_hours: float = 72
    ) -> None:
        """`attribution_hours`: how long after a decision its outcome is due to be counted."""
        self.table = table
        self._client = client
        self._retention = timedelta(days=retention_days)
        self._attribution = timedelta(hours=attribution_hours)

    @telemetry.step("commit")
    def commit(self, writes: Sequence[NamedWrite]) -> None:
        """All of it or nothing. Raises Refused, or TemporaryError when AWS would not."""
        try:
            documents.transact(self._client, [write for _, write in writes])
        except documents.Cancelled as cancelled:
            raise Refused(frozenset(writes[n][0] for n in cancelled.failed)) from None

    def expiry(self, now: datetime) -> int:
        """When what is written at `now` may go, in epoch seconds."""
        return int((now + self._retention).timestamp())

    def interaction_key(self, interaction_id: str) -> dict[str, Any]:
        """The key to read to learn whether an interaction has been dealt with already."""
        return documents.key(f"interaction#{interaction_id}", _RECORD)

    def claim(self, record: InteractionRecord, now: datetime) -> WriteItem:
        """Record the interaction; refused when it is on record, which makes it a duplicate."""
        item = self._item("interaction", record.interaction.id, record, now)
        return documents.put(self.table, item, "attribute_not_exists(pk)")

    def keep_decision(self, decision: Decision, inputs: bytes, now: datetime) -> list[WriteItem]:
        """Record the decision beside its inputs, JSON whose digest the decision holds, and by
        itself what counting will change."""
        item = self._item("decision", decision.id, decision, now)
        packed = {"inputs": {"B": zlib.compress(inputs, _QUICK)}}
        due = awaited(decision, self._attribution, self.expiry(now))
        return [documents.put(self.table, each) for each in ({**item, **packed}, due) if each]

    def keep_link(self, link: TrackedLink, now: datetime) -> WriteItem:
        return documents.put(self.table, self._item("link", link.token, link, now))

    def interaction(self, interaction_id: str) -> InteractionRecord | None:
        item = self._get(f"interaction#{interaction_id}")
        return documents.read(InteractionRecord, item) if item else None

    def decision(self, decision_id: str) -> Decision | None:
        item = self._get(f"decision#{decision_id}")
        return documents.read(Decision, item) if item else None

    def decision_with_inputs(self, decision_id: str) -> tuple[Decision, DecisionInputs] | None:
        """A decision and what it was made from, to the byte.

        Raises PermanentError where what is stored is not what was decided on.
        """
        item = self._get(f"decision#{decision_id}")
        if item is None:
            return None
        return open_decision(item)

    def link(self, token: str) -> TrackedLink | None:
        item = self._get(f"link#{token}")
        return documents.read(TrackedLink, item) if item else None

    def forget_text(self, record: InteractionRecord, now: datetime) -> None:
        """Take the words out of a message on record, and whose they were: it was deleted."""
        if not isinstance(record.interaction.body, Message):
            return
        body = record.interaction.body.model_copy(update={"text": "", "reply_to": None})
        silent = record.interaction.model_copy(update={"body": body, "identities": ()})
        forgotten = record.model_copy(update={"interaction": silent})
        item = self._item("interaction", record.interaction.id, forgotten, now)
        # What was erased meanwhile does not come back.
        known = documents.put(self.table, item, "attribute_exists(pk)")
        documents.transact(self._client, [known])

    def items(self, pk: str) -> list[dict[str, Any]]:
        """The stored items under one partition key, consistently read, a decision's as the one that
        they tell of; none for one that is too long to be a key."""
        if len(pk.encode()) > documents.PARTITION_KEY_BYTES:
            return []
        items = list(documents.query(self._client, self.table, pk, ConsistentRead=True))
        if [item["sk"]["S"] for item in items] == [OUTCOME, _RECORD]:
            return [{**items[1], **{n: v for n, v in items[0].items() if n not in items[1]}}]
        return items

    def discard(self, item: dict[str, Any]) -> int:
        """Delete what was told as one item; answers 1."""
        beside = {**item, "sk": {"S": OUTCOME}}
        # Before the record, without which nothing is counted.
        parts = [beside, item] if item["pk"]["S"].startswith("decision#") else [item]
        documents.delete(self._client, self.table, parts)
        return 1

    def remove(self, pk: str) -> int:
        """Delete every item under one partition key; answers how many."""
        items = list(documents.query(self._client, self.table, pk))
        return documents.delete(self._client, self.table, items)

    def _item(self, kind: str, name: str, document: Any, now: datetime) -> dict[str, Any]:
        return documents.item(f"{kind}#{name}", _RECORD, document, expires_at=self.expiry(now))

    def _get(self, pk: str) -> dict[str, Any] | None:
        return documents.get(self._client, self.table, pk, _RECORD)


def open_decision(item: dict[str, Any]) -> tuple[Decision, DecisionInputs]:
    """A decision's stored item as what it holds. Raises PermanentError where it was damaged."""
    decision = documents.read(Decision, item)
    inputs = _unpacked(bytes(item["inputs"]["B"]))
    if hashlib.sha256(inputs).hexdigest() != decision.inputs_digest:
        raise PermanentError(
            "the recorded inputs are not those that were decided on: the record was damaged",
            decision_id=decision.id,
        )
    return decision, DecisionInputs.model_validate_json(inputs)


def _unpacked(packed: bytes) -> bytes:
    """What was packed; nothing where it was damaged, which no digest is of."""
    try:
        return zlib.decompress(packed)
    except zlib.error:
        return b""
