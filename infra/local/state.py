"""What the local cloud holds, as records: what changed since last asked, all of it, and back again.

Lives here: the records' meaning, and the only hands on moto's models beside `tables.py`. Never
here: files, HTTP, locks. A record states what *is* (this item, this message), never what was done,
so that reading it twice does no harm and the newest one wins:

    ["item", table, {attribute: {type: value}}]         ["gone", table, {key attributes}]
    ["message", queue, id, body, sent_at, count, {…}]   ["done", queue, id]
    ["object", bucket, key, base64, {metadata}]         ["absent", bucket, key]

Tables, queues and buckets go by their logical ids in the template. A queue's messages come back
visible: whoever had received them is gone. Of an object only its current version comes back.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from moto.core.utils import unix_time_millis
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.s3.models import FakeBucket, FakeKey, s3_backends
from moto.sns.models import Topic, sns_backends
from moto.sqs.models import Message, Queue, sqs_backends

from .journal import Record
from .tables import LocalTable, open_tables
from .template import Resource

_MODELS: dict[str, Any] = {
    "AWS::DynamoDB::Table": Table,
    "AWS::SQS::Queue": Queue,
    "AWS::S3::Bucket": FakeBucket,
    "AWS::SNS::Topic": Topic,
}
_PARTITION = "aws"


class CloudState:
    """The tables, queues, topics and buckets of one account in moto."""

    def __init__(self, resources: Sequence[Resource], account: str, region: str) -> None:
        """Make them, empty, through the hooks that moto's CloudFormation calls."""
        self._account, self._region = account, region
        # A queue finds its dead-letter queue only once that exists.
        for resource in sorted(resources, key=lambda r: "RedrivePolicy" in r.properties):
            if model := _MODELS.get(resource.type):
                # Encryption at rest would have moto make RSA keys for half a second.
                stated = {k: v for k, v in resource.properties.items() if k != "SSESpecification"}
                model.create_from_cloudformation_json(
                    resource.name, {"Properties": stated}, account, region
                )
        ids = {resource.name: resource.id for resource in resources}
        database = open_tables(account, region)
        self._tables: dict[str, LocalTable] = {
            ids[name]: database.table(name) for name in database.tables
        }
        queues = sqs_backends[account][region].queues
        self._queues: dict[str, Queue] = {ids[name]: queue for name, queue in queues.items()}
        buckets = s3_backends[account][_PARTITION].buckets
        self._buckets: dict[str, Any] = {ids[name]: bucket for name, bucket in buckets.items()}
        self._known_messages: dict[tuple[str, str], int] = {}
        self._known_objects: dict[tuple[str, str], str] = {}
        self.unknown = 0
        """Records of a table, queue or bucket that the template no longer has."""

    def close(self) -> None:
        """Forget all of it: moto's models are global to the process."""
        accounts = (s3_backends, sqs_backends, sns_backends)
        for backend in (account[self._account] for account in accounts):
            backend.reset()
        self._tables.clear()
        open_tables(self._account, self._region).reset()

    def has_visible(self, queue_name: str) -> bool:
        """May a message of the queue be received? False for a queue that is not there."""
        found = [queue for queue in self._queues.values() if queue.name == queue_name]
        return any(m.visible and not m.delayed for queue in found for m in queue._messages)

    def messages(self) -> set[tuple[str, str]]:
        """Queue and id of every message, as of the last look at what changed."""
        return set(self._known_messages)

    # --- what changed since the last call ---

    def changed_items(self) -> Iterator[Record]:
        for name, table in self._tables.items():
            changed, table.changed = table.changed, set()
            for hash_key, range_key in changed:
                item = table.get_item(hash_key, range_key)
                if item is not None:
                    yield ["item", name, _plain(item.attrs)]
                else:
                    keys = dict(zip(table.table_key_attrs, (hash_key, range_key), strict=True))
                    yield ["gone", name, _plain(keys)]

    def changed_messages(self) -> Iterator[Record]:
        held = {
            (name, message.id): (queue, message)
            for name, queue in self._queues.items()
            for message in queue._messages
        }
        for (name, message_id), (_, message) in held.items():
            count = message.approximate_receive_count
            if self._known_messages.get((name, message_id)) != count:
                self._known_messages[name, message_id] = count
                yield _message_record(name, message)
        for name, message_id in [key for key in self._known_messages if key not in held]:
            del self._known_messages[name, message_id]
            yield ["done", name, message_id]

    def changed_objects(self) -> Iterator[Record]:
        held = {(name, k.name): k for name, b in self._buckets.items() for k in _objects(b)}
        for key, stored in held.items():
            if self._known_objects.get(key) != stored.etag:
                self._known_objects[key] = stored.etag
                yield _object_record(key[0], stored)
        for key in [key for key in self._known_objects if key not in held]:
            del self._known_objects[key]
            yield ["absent", *key]

    # --- all of it ---

    def __len__(self) -> int:
        items = sum(len(p) for table in self._tables.values() for p in table.items.values())
        return items + len(self._known_messages) + len(self._known_objects)

    def records(self) -> Iterator[Record]:
        """Everything, as it is."""
        for name, table in self._tables.items():
            for item in table.each_item():
                yield ["item", name, _plain(item.attrs)]
        for name, queue in self._queues.items():
            for message in queue._messages:
                yield _message_record(name, message)
        for name, bucket in self._buckets.items():
            for stored in _objects(bucket):
                yield _object_record(name, stored)

    # --- and back ---

    def restore(self, record: Record) -> None:
        """Make it so; after the last one, call `restored`."""
        kind, name, *rest = record
        holder = self._tables.get(name) or self._queues.get(name) or self._buckets.get(name)
        if holder is None:
            self.unknown += 1
            return
        _RESTORERS[kind](holder, *rest)

    def restored(self) -> None:
        """All has been read back: build the indexes, and know it all."""
        for table in self._tables.values():
            table.prepare()
        for _ in (*self.changed_messages(), *self.changed_objects()):
            pass


def _message_record(queue: str, message: Message) -> Record:
    attributes = {
        name: value | {"BinaryValue": base64.b64encode(value["BinaryValue"]).decode()}
        if isinstance(value.get("BinaryValue"), bytes)
        else value
        for name, value in message.message_attributes.items()
    }
    return [
        "message",
        queue,
        message.id,
        message.body,
        message.sent_timestamp,
        message.approximate_receive_count,
        attributes,
    ]


def _object_record(bucket: str, stored: FakeKey) -> Record:
    body = base64.b64encode(stored.value).decode()
    return ["object", bucket, stored.name, body, dict(stored.metadata)]


def _objects(bucket: FakeBucket) -> Iterator[FakeKey]:
    """The current version of each object."""
    return (key for key in bucket.keys.values() if isinstance(key, FakeKey))


def _restore_item(table: LocalTable, attributes: dict[str, Any]) -> None:
    item = cast(Item, Item.__new__(Item))
    item.attrs = LimitedSizeDict.__new__(LimitedSizeDict)
    for name, value in attributes.items():
        # Past moto's check of the item's size, which it passed when it was first put.
        dict.__setitem__(item.attrs, name, DynamoType(_typed(value)))
    hash_key, range_key = (item.attrs[name] for name in table.table_key_attrs)
    item.hash_key, item.range_key = hash_key, range_key
    table.items[hash_key][range_key] = item


def _restore_gone(table: LocalTable, keys: dict[str, Any]) -> None:
    hash_key, range_key = (DynamoType(_typed(keys[name])) for name in table.table_key_attrs)
    if hash_key in table.items:
        table.items[hash_key].pop(range_key, None)


def _restore_message(
    queue: Queue, message_id: str, body: str, sent_at: int, count: int, attributes: dict[str, Any]
) -> None:
    _restore_done(queue, message_id)
    message = Message(message_id, body)
    message.sent_timestamp = sent_at  # type: ignore[assignment]
    message.approximate_receive_count = count
    if count:
        message.approximate_first_receive_timestamp = int(unix_time_millis())
    for name, value in attributes.items():
        binary = value.get("BinaryValue")
        decoded = {"BinaryValue": base64.b64decode(binary)} if binary else {}
        message.message_attributes[name] = {**value, **decoded}
    queue._messages.append(message)


def _restore_done(queue: Queue, message_id: str) -> None:
    queue._messages = [m for m in queue._messages if m.id != message_id]


def _restore_object(bucket: FakeBucket, key: str, body: str, metadata: dict[str, str]) -> None:
    stored = s3_backends[bucket.account_id][bucket.partition].put_object(
        bucket.name, key, base64.b64decode(body), disable_notification=True
    )
    stored.set_metadata(metadata, replace=True)


def _restore_absent(bucket: FakeBucket, key: str) -> None:
    if key in bucket.keys:
        bucket.keys.pop(key)


_RESTORERS: dict[str, Callable[..., None]] = {
    "item": _restore_item,
    "gone": _restore_gone,
    "message": _restore_message,
    "done": _restore_done,
    "object": _restore_object,
    "absent": _restore_absent,
}


def _plain(value: Any) -> Any:
    """Attributes as DynamoDB's JSON: `{"S": …}`, binary as base64."""
    if isinstance(value, DynamoType):
        return {value.type: _plain(value.value)}
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | set | tuple):
        return [_plain(entry) for entry in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _typed(value: dict[str, Any]) -> dict[str, Any]:
    """The reverse of `_plain`, down to bytes."""
    kind, content = next(iter(value.items()))
    if kind == "B":
        content = base64.b64decode(content)
    elif kind == "BS":
        content = [base64.b64decode(entry) for entry in content]
    elif kind == "M":
        content = {name: _typed(entry) for name, entry in content.items()}
    elif kind == "L":
        content = [_typed(entry) for entry in content]
    return {kind: content}
