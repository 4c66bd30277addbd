"""Every consent and refusal that was ever heard, one item each, in the customer's partition.

    customer#<id> / consent#<when it was said>#<digest>   the word, and when it was put on record
                  / asked#<channel>                       when a double opt-in was last asked for

Lives here: those items, and which of them a change of a customer makes. An item is written once and
never again, whatever is told twice; it goes with the customer, or by TTL. Never decides what
stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from .. import documents
from ..documents import WriteItem
from ..model import Channel, Consent, Customer, Frozen, Moment
from .consents import unheeded

HEARD = "consent#"
ASK_AGAIN_AFTER = timedelta(days=1)


class Heard(Frozen):
    """One word on record. `by` names the merge by which it came to be this customer's."""

    consent: Consent
    recorded_at: Moment
    by: str | None = None


def words(before: Customer, after: Customer) -> list[Consent]:
    """What was heard between the two: what stands anew, and what did not come to stand."""
    known = {id(said) for said in unheeded(before)}
    anew = [c for c in after.consents if c not in before.consents]
    return anew + [said for said in unheeded(after) if id(said) not in known]


def heard_item(
    pk: str, said: Consent, now: datetime, expires_at: int, by: str | None = None
) -> dict[str, Any]:
    """The item of one word; the same for the same word, so that it is on record once."""
    digest = hashlib.sha256(f"{said.model_dump_json()}|{by or ''}".encode()).hexdigest()[:16]
    name = f"{HEARD}{said.at:%Y-%m-%dT%H:%M:%S.%fZ}#{digest}"
    heard = Heard(consent=said, recorded_at=now, by=by)
    return documents.item(pk, name, heard, expires_at=expires_at)


def keep(table: str, item: dict[str, Any]) -> WriteItem:
    """The write that puts the word on record, and leaves alone what is there already."""
    return {
        "Update": {
            "TableName": table,
            "Key": {"pk": item["pk"], "sk": item["sk"]},
            "UpdateExpression": "SET body = if_not_exists(body, :body), expires_at = :until",
            "ExpressionAttributeValues": {":body": item["body"], ":until": item["expires_at"]},
        }
    }


def asked(table: str, pk: str, channel: Channel, now: datetime) -> WriteItem:
    """Note that the customer is asked to confirm; refused where they were within a day."""
    until = {"expires_at": _number(now + 2 * ASK_AGAIN_AFTER)}
    item = {**documents.key(pk, f"asked#{channel.value}"), "asked_at": _number(now), **until}
    condition = "attribute_not_exists(pk) OR asked_at <= :since"
    since = int((now - ASK_AGAIN_AFTER).timestamp())
    return documents.put(table, item, condition, since=since)


def may_ask(client: Any, table: str, pk: str, channel: Channel, now: datetime) -> bool:
    """Whether the customer was not asked within a day."""
    item = documents.get(client, table, pk, f"asked#{channel.value}")
    since = int((now - ASK_AGAIN_AFTER).timestamp())
    return item is None or documents.number(item, "asked_at") <= since


def read_heard(items: Iterator[dict[str, Any]]) -> list[Heard]:
    return [documents.read(Heard, item) for item in items]


def _number(at: datetime) -> dict[str, str]:
    return {"N": str(int(at.timestamp()))}
