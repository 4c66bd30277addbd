"""The local cloud, metered, and the stand-in carriers: a process that `Recording` starts.

Lives here: what of a request and its answer is worth noting. Never here: any arithmetic of units
(`units.py`) or price. Prints its addresses as one line of JSON; ends when its standard input does.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType

from ..local.carriers import Carriers, Mailbox
from ..local.cloud import REGION, Cloud
from ..local.server import HttpRequest, HttpResponse
from .recording import TAKE, Call, Part
from .units import Index, Item, index_units, indexes_of, item_size, read_units, write_units

Found = dict[tuple[str, str], Item | None]
"""Items by table and key, in JSON."""
Look = Callable[[str, Item], Item | None]
_WRITES = ("Put", "Update", "Delete", "ConditionCheck")


class MeteredCloud(Cloud):
    """Notes every call but ReceiveMessage and DeleteMessageBatch, which are Lambda's to make."""

    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__()
        self._mailbox = mailbox
        self._told = 0
        self._calls: list[Call] = []
        self._metering = threading.Lock()

    def __enter__(self) -> MeteredCloud:
        super().__enter__()
        tables = [r for r in self.resources if r.type == "AWS::DynamoDB::Table"]
        self._indexes = {t.name: tuple(indexes_of(t.properties)) for t in tables}
        return self

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if request.target == TAKE:
            return self._taken()
        if request.target.startswith("/webhooks/"):
            return HttpResponse(200)  # A carrier's callback: the workload makes its own.
        with self._metering:
            return self._metered(request)

    def _taken(self) -> HttpResponse:
        with self._metering:
            calls, self._calls = self._calls, []
            accepted = self._mailbox.messages("sms")
        texts, self._told = accepted[self._told :], len(accepted)
        told = {"calls": [asdict(c) for c in calls], "texts": [t.provider_id for t in texts]}
        return HttpResponse(200, (("Content-Type", "application/json"),), json.dumps(told).encode())

    def _metered(self, request: HttpRequest) -> HttpResponse:
        service, _, operation = (request.header("x-amz-target") or "S3.").rpartition(".")
        is_database = service.startswith("DynamoDB")
        asked = json.loads(request.body) if is_database else {}
        written = list(_written(operation, asked))

        look = self._look
        before = [look(table, key) for table, key in written]
        answer = super()._answer(request)
        parts: list[Part] = []
        if is_database:
            told = json.loads(answer.body or b"{}")
            parts += _reads(operation, asked, told, look)
            for (table, key), old in zip(written, before, strict=True):
                new = look(table, key)
                indexes, twice = self._indexes[table], operation.startswith("Transact")
                parts.append(_write(table, key, (old, new), indexes, transactional=twice))
        names = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "S3": "s3"}
        sizes = len(request.body), len(answer.body)
        name = operation or request.method
        self._calls.append(Call(names.get(service, service), name, *sizes, tuple(parts)))
        return answer

    def _look(self, table: str, key: Item) -> Item | None:
        """What stands there, at once: a call of moto's would take as long as the one metered."""
        held = dynamodb_backends[self.account][REGION].tables[table]
        found = held.get_item(DynamoType(key["pk"]), DynamoType(key["sk"]))
        return None if found is None else found.to_json()["Attributes"]


def _written(operation: str, asked: Mapping[str, Any]) -> Iterator[tuple[str, Item]]:
    """Table and key of each item that the call writes, or checks."""
    match operation:
        case "TransactWriteItems":
            for entry in asked["TransactItems"]:
                kind = next(name for name in _WRITES if name in entry)
                yield entry[kind]["TableName"], _key(entry[kind])
        case "PutItem" | "UpdateItem" | "DeleteItem":
            yield asked["TableName"], _key(asked)
        case "BatchWriteItem":
            for table, entries in asked["RequestItems"].items():
                for entry in entries:
                    yield table, _key(next(iter(entry.values())))


def _key(write: Mapping[str, Any]) -> Item:
    held = write.get("Key") or write["Item"]
    return {"pk": held["pk"], "sk": held["sk"]}


def _reads(
    operation: str, asked: Mapping[str, Any], told: Mapping[str, Any], look: Look
) -> Iterator[Part]:
    """What each item, or page, that was read took."""
    match operation:
        case "GetItem":
            yield _read(asked["TableName"], asked["Key"], asked, look)
        case "BatchGetItem":
            for table, wanted in asked["RequestItems"].items():
                for key in wanted["Keys"]:
                    yield _read(table, key, wanted, look)
        case "Query" | "Scan":
            size = sum(item_size(item) for item in told.get("Items", ()))
            of = asked.get("IndexName") or _kind(next(iter(_values(asked)), {"S": operation}))
            consistent = bool(asked.get("ConsistentRead"))
            yield Part(
                _short(asked["TableName"]),
                f"{of} (page)",
                size,
                reads=read_units(size, consistent=consistent),
            )


def _values(asked: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    yield from asked.get("ExpressionAttributeValues", {}).values()


def _read(table: str, key: Item, options: Mapping[str, Any], look: Look) -> Part:
    found = look(table, key)
    size = item_size(found) if found else 0
    consistent = bool(options.get("ConsistentRead"))
    name = f"{_kind(key['pk'], key['sk'])}{'' if found else ' (none)'}"
    return Part(_short(table), name, size, reads=read_units(size, consistent=consistent))


def _write(
    table: str,
    key: Item,
    images: tuple[Item | None, Item | None],
    indexes: tuple[Index, ...],
    *,
    transactional: bool,
) -> Part:
    """`images` are what was there before and after."""
    before, after = images
    units = write_units(before, after, transactional=transactional)
    beside = sum(index_units(index, before, after) for index in indexes)
    size = max(item_size(item) if item else 0 for item in images)
    return Part(_short(table), _kind(key["pk"], key["sk"]), size, writes=units, index=beside)


def _short(table: str) -> str:
    return table.rpartition("-")[2]


def _kind(pk: Mapping[str, str], sk: Mapping[str, str] | None = None) -> str:
    """`customer view#activity`: what an item is, without whose."""
    parts = (sk or {"S": ""})["S"].split("#")
    told = "#".join(parts[:2]) if parts[0] == "view" else parts[0]
    return f"{pk['S'].partition('#')[0]} {told}".strip()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        mailbox = Mailbox(Path(folder) / "mailbox.jsonl")
        rng = random.Random(3)  # noqa: S311
        carriers = Carriers(mailbox, clock=lambda: datetime.now(UTC), rng=rng)
        urls = carriers.start()
        try:
            with MeteredCloud(mailbox) as cloud:
                told = {"cloud_url": cloud.url, "bucket": cloud.name("ArtifactsBucket")}
                told["account"] = cloud.account
                print(json.dumps({**told, "urls": asdict(urls)}), flush=True)
                sys.stdin.read()
        finally:
            carriers.stop()


if __name__ == "__main__":
    main()
