"""DynamoDB Local, AWS's own engine, as one process of ours; and a client that is as strict as AWS.

The engine decides conditions and transactions as DynamoDB does, but works on one request at a time:
no transaction ever meets another on its way, and none is seen half applied. `Strict` adds both.

It is fetched by `npm ci` (its lock leaves out what only the package's own JavaScript needs), never
shipped. It listens on every interface and cannot be told otherwise, so it only starts where there
is none but loopback: `make test-races` runs in a network namespace of its own, and in a process
namespace too, so that the engine never outlives the tests.
"""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.documents import batch_get, key
from infra.local.template import read_template

EMULATOR = Path(__file__).parent / "node_modules" / "amplify-dynamodb-simulator" / "emulator"
PATIENCE_SECONDS = 60
PAGE_ITEMS = 2
"""A page of a Query ends at 1 MB; to meet what changes between pages, here it ends early."""

REGION, ACCOUNT = "us-east-1", "123456789012"
_TABLE_PROPERTIES = (
    "TableName",
    "BillingMode",
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
)

Key = tuple[str, str, str]
"""Table, partition key, sort key."""

Item = dict[str, Any]


@contextmanager
def running(log: Path) -> Iterator[Any]:
    """The engine's client, while the engine runs; what it prints goes to `log`."""
    if not EMULATOR.exists():
        raise FileNotFoundError("DynamoDB Local is not installed: make test-races")
    if [name for _, name in socket.if_nameindex()] != ["lo"]:
        raise RuntimeError("DynamoDB Local would listen to the network: make test-races")
    port = _free_port()
    command = ["java", "-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"]
    options = ["-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen([*command, *options], cwd=EMULATOR, stdout=output, stderr=output)
    client = _client(f"http://127.0.0.1:{port}")
    try:
        _wait_for(client, process, log)
        yield client
    finally:
        client.close()
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


@contextmanager
def tables(client: Any, stage: str) -> Iterator[None]:
    """The tables of infra/resources.yaml, empty, while inside."""
    made = [
        resource.properties
        for resource in read_template(stage, ACCOUNT, REGION)
        if resource.type == "AWS::DynamoDB::Table"
    ]
    for properties in made:
        client.create_table(**{n: properties[n] for n in _TABLE_PROPERTIES if n in properties})
    try:
        yield
    finally:
        for properties in made:
            client.delete_table(TableName=properties["TableName"])


class Strict:
    """A client to whom transactions are what AWS says they are, where the engine does better.

    A transaction over an item of one that is still under way is cancelled with TransactionConflict;
    and a Query is no snapshot: while a transaction is being applied it may show some of its items
    as they are, and others as they were. Here what has a condition is there first, and pages are
    short.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._under_way: set[Key] = set()
        self._as_they_were: dict[Key, Item | None] = {}
        self.conflicts = 0
        self.torn = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> Any:
        writes = [operation for write in TransactItems for operation in write.values()]
        keys = [_key_of(write) for write in writes]
        late = [k for k, w in zip(keys, writes, strict=True) if "ConditionExpression" not in w]
        self._begin(keys)
        try:
            before = self._read(late)
            answer = self._client.transact_write_items(TransactItems=TransactItems)
            with self._lock:
                self._as_they_were.update(before)
            self._client.list_tables()
            return answer
        finally:
            with self._lock:
                self._under_way.difference_update(keys)
                for each in keys:
                    self._as_they_were.pop(each, None)

    def put_item(self, **put: Any) -> Any:
        """Refused, too, on an item of a transaction that is still under way."""
        key = _key_of(put)
        with self._lock:
            met = key in self._under_way
            self.conflicts += met
        if met:
            self._client.list_tables()
            error = {"Code": "TransactionConflictException", "Message": "Transaction is ongoing"}
            raise ClientError({"Error": error}, "PutItem")
        return self._client.put_item(**put)

    def query(self, **request: Any) -> Any:
        answer = self._client.query(**{**request, "Limit": PAGE_ITEMS})
        with self._lock:
            past = dict(self._as_they_were)
        table = request["TableName"]
        keys = [(table, item["pk"]["S"], item["sk"]["S"]) for item in answer["Items"]]
        self.torn += any(each in past for each in keys)
        seen = [past.get(k, item) for k, item in zip(keys, answer["Items"], strict=True)]
        return {**answer, "Items": [item for item in seen if item is not None]}

    def _begin(self, keys: list[Key]) -> None:
        with self._lock:
            met = [each in self._under_way for each in keys]
            if not any(met):
                self._under_way.update(keys)
                return
            self.conflicts += 1
        # A refusal, too, takes a round trip.
        self._client.list_tables()
        raise _conflict(met)

    def _read(self, keys: list[Key]) -> dict[Key, Item | None]:
        """The items under these keys; None for what there is not."""
        wanted: dict[str, list[Item]] = defaultdict(list)
        for table, pk, sk in keys:
            wanted[table].append(key(pk, sk))
        found = batch_get(self._client, wanted)
        items = {(t, i["pk"]["S"], i["sk"]["S"]): i for t, each in found.items() for i in each}
        return {each: items.get(each) for each in keys}


def _key_of(write: dict[str, Any]) -> Key:
    named = write.get("Key") or write["Item"]
    return write["TableName"], named["pk"]["S"], named["sk"]["S"]


def _conflict(met: list[bool]) -> ClientError:
    error = {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"}
    reasons = [{"Code": "TransactionConflict" if it_did else "None"} for it_did in met]
    return ClientError({"Error": error, "CancellationReasons": reasons}, "TransactWriteItems")


def _client(url: str) -> Any:
    config = Config(
        max_pool_connections=64,
        connect_timeout=3,
        read_timeout=30,
        retries={"total_max_attempts": 3},
    )
    session = boto3.Session("test", "test", region_name=REGION)
    return session.client("dynamodb", endpoint_url=url, config=config)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait_for(client: Any, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            pass
        else:
            raise RuntimeError(f"DynamoDB Local ended by itself: {log.read_text()}")
        try:
            client.list_tables()
        except (BotoCoreError, ClientError):
            continue
        return
    raise TimeoutError(f"DynamoDB Local did not answer within {PATIENCE_SECONDS} s")
