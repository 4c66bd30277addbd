"""The inbox on the site: messages kept for a browser, which asks for them by itself.

    inbox#<digest of the browser's id>  / <digest of the outbox key>   one message (TTL)

Beside the message stand `listed_at` (the page was given it), `told` (and the ledger knows),
`read_at` and `withdrawn_at`. A message is listed or withdrawn, whichever is first, and never both:
each is conditional on the other's absence. Never here: whose browser it is, or who may ask.

| what happens | result | because |
|---|---|---|
| it is stored, or was under this key | sent | a repeat finds its own item |
| DynamoDB refuses, or cannot be reached | retry | for the same reason a repeat is harmless |
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from .. import documents
from ..errors import NotFoundError, TemporaryError
from ..model import Channel, Frozen, Moment, OutboxEntry, Receipt, Reply, SendResult
from ..settings import Settings

LISTED_LIMIT = 100
"""How many of a browser's messages are looked at; there are more only where nobody asks."""

_MESSAGE_ID = re.compile("[0-9a-f]{32}")
_REFUSED = "ConditionalCheckFailedException"


class InboxMessage(Frozen):
    """What a page shows."""

    title: str
    text: str
    url: str | None = None
    sent_at: Moment


@dataclass(frozen=True, slots=True)
class Listed:
    """One message as it was given to the page; `news`: the ledger does not know of it yet."""

    id: str
    provider_id: str
    message: InboxMessage
    read: bool
    news: bool


class InboxCarrier:
    """Carries inbox; `reply.to` is the value of an `anonymous:` identity."""

    provider = "inbox"
    channels = frozenset({Channel.INBOX})

    def __init__(self, settings: Settings, *, client: Any, clock: Callable[[], datetime]) -> None:
        """`client` is a boto3 `dynamodb` client."""
        self._client = client
        self._table = settings.name("ledger")
        self._retention = timedelta(days=settings.inbox_retention_days)
        self._brand = settings.brand_name
        self._public_url = settings.public_url.rstrip("/")
        self._clock = clock

    @staticmethod
    def configured(settings: Settings) -> bool:
        """Whether messages are kept for any time."""
        return settings.inbox_retention_days > 0

    def send(self, reply: Reply, *, key: str) -> SendResult:
        """Keep the message for its browser."""
        now = self._clock()
        url = f"{self._public_url}/r/{reply.links[0].token}" if reply.links else None
        message = InboxMessage(
            title=reply.subject or self._brand, text=reply.text, url=url, sent_at=now
        )
        expires = int((now + self._retention).timestamp())
        item = documents.item(*_place(reply.to, key), message, expires_at=expires)
        try:
            with documents.aws_calls():
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except TemporaryError as error:
            if error.details.get("code") != _REFUSED:
                return SendResult(status="retry", provider=self.provider, code="not_stored")
        return SendResult(
            status="sent", provider=self.provider, provider_id=provider_id_of(reply.to, key)
        )

    def status(self, entry: OutboxEntry) -> Receipt | None:
        """What became of it, as the store has it."""
        if not isinstance(entry.body, Reply):
            return None
        found = documents.get(self._client, self._table, *_place(entry.body.to, entry.id))
        if found is None:
            return Receipt(provider=self.provider, provider_id="", status="absent")
        course = (("withdrawn_at", "failed"), ("read_at", "read"), ("listed_at", "delivered"))
        return Receipt.model_validate(
            {
                "provider": self.provider,
                "provider_id": provider_id_of(entry.body.to, entry.id),
                "status": next((status for name, status in course if name in found), "sent"),
            }
        )

    def withdraw(self, provider_id: str) -> bool:
        """Take back what nobody has been shown: True where nobody was, and nobody will be.

        The same answer when asked again. Raises TemporaryError.
        """
        return self._update(
            _split(provider_id),
            "SET withdrawn_at = :now REMOVE body",
            "attribute_exists(pk) AND attribute_not_exists(listed_at)",
        )

    def list_for(self, browser: str) -> list[Listed]:
        """The browser's messages, newest first; each is from here on listed. TemporaryError."""
        items = documents.query(self._client, self._table, _partition(browser), ConsistentRead=True)
        now = self._clock().timestamp()
        shown = [
            Listed(
                id=item["sk"]["S"],
                provider_id=f"{_digest(browser)}.{item['sk']['S']}",
                message=documents.read(InboxMessage, item),
                read="read_at" in item,
                news="told" not in item,
            )
            for item in islice(items, LISTED_LIMIT)
            if documents.number(item, "expires_at") > now and self._list(item)
        ]
        return sorted(shown, key=lambda listed: listed.message.sent_at, reverse=True)

    def note_told(self, listed: Listed) -> None:
        """The ledger knows that it was listed. Raises TemporaryError."""
        self._update(_split(listed.provider_id), "SET told = :now", "attribute_exists(pk)")

    def mark_read(self, browser: str, message_id: str) -> str:
        """Note that it was read, and answer its provider id. NotFoundError, TemporaryError."""
        place = _partition(browser), message_id
        change, listed = "SET read_at = if_not_exists(read_at, :now)", "attribute_exists(listed_at)"
        if not _MESSAGE_ID.fullmatch(message_id) or not self._update(place, change, listed):
            raise NotFoundError("there is no such message in this inbox")
        return f"{_digest(browser)}.{message_id}"

    def kept(self, entry: OutboxEntry) -> dict[str, Any] | None:
        """The item that is kept of it, if any. Raises TemporaryError."""
        if not isinstance(entry.body, Reply) or entry.body.channel is not Channel.INBOX:
            return None
        return documents.get(self._client, self._table, *_place(entry.body.to, entry.id))

    def forget(self, entry: OutboxEntry) -> int:
        """Remove what was kept of it; answers how many items. Raises TemporaryError."""
        if not isinstance(entry.body, Reply) or entry.body.channel is not Channel.INBOX:
            return 0
        pk, sk = _place(entry.body.to, entry.id)
        return documents.delete(self._client, self._table, [documents.key(pk, sk)])

    def _list(self, item: dict[str, Any]) -> bool:
        """Whether the page may have it: it was listed before, or is from here on."""
        if "withdrawn_at" in item or "listed_at" in item:
            return "withdrawn_at" not in item
        place = item["pk"]["S"], item["sk"]["S"]
        unseen = "attribute_exists(pk) AND attribute_not_exists(withdrawn_at)"
        return self._update(place, "SET listed_at = if_not_exists(listed_at, :now)", unseen)

    def _update(self, place: tuple[str, str], change: str, condition: str) -> bool:
        """Whether the condition held."""
        try:
            with documents.aws_calls():
                self._client.update_item(
                    TableName=self._table,
                    Key=documents.key(*place),
                    UpdateExpression=change,
                    ConditionExpression=condition,
                    ExpressionAttributeValues={":now": {"S": self._clock().isoformat()}},
                )
        except TemporaryError as error:
            if error.details.get("code") != _REFUSED:
                raise
            return False
        return True


def provider_id_of(browser: str, key: str) -> str:
    """The name of a message; it tells neither the browser's id nor the key."""
    return f"{_digest(browser)}.{_digest(key)}"


def _place(browser: str, key: str) -> tuple[str, str]:
    return _partition(browser), _digest(key)


def _split(provider_id: str) -> tuple[str, str]:
    browser, _, message = provider_id.partition(".")
    return f"inbox#{browser}", message


def _partition(browser: str) -> str:
    return f"inbox#{_digest(browser)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
