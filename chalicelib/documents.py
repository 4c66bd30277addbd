"""How we keep things in DynamoDB: one JSON document an item, beside its keys and a few attributes.

Lives here: the item form, and what a refused transaction means. Never here: which tables, keys or
documents there are; each room that stores something knows its own.

An item is `{pk, sk, body, ...}`: `body` is the document as JSON (compact, exact), a short one as
text that can be read in the AWS console, a long one as zlib, since every KB written is paid for;
beside it stands only what DynamoDB itself must see (`version`, `expires_at`, index keys).
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from .errors import PermanentError, TemporaryError, TooLargeError

WriteItem = dict[str, Any]
"""One entry of TransactWriteItems: `{"Put": …}`, `{"Update": …}`, `{"Delete": …}`."""

Model = TypeVar("Model", bound=BaseModel)

PARTITION_KEY_BYTES = 2048
BATCH_GET_LIMIT = 100
BATCH_WRITE_LIMIT = 25
TRANSACTION_LIMIT = 100

PACKED_FROM_BYTES = 800
"""A shorter body makes an item of 1 KB, DynamoDB's unit of writing, as it is."""

BODY_BYTES = 4_000_000
"""No body is longer before it is packed; DynamoDB refuses items over 400 KB after it."""

ATTEMPTS = 16
"""How often work is done afresh when others were first. Of sixteen at once on one customer none
needs more than 12, at a tenth of a second for each transaction (tests/races)."""

_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.02, 0.8


def key(pk: str, sk: str) -> dict[str, Any]:
    """The primary key in DynamoDB's attribute form."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def item(
    pk: str,
    sk: str,
    document: BaseModel,
    only: set[str] | None = None,
    **attributes: str | int | float | None,
) -> dict[str, Any]:
    """A whole item: keys, the document (or `only` some fields of it), and plain attributes.

    Raises TooLargeError for a document that could not be read again.
    """
    plain = {n: _attribute(v) for n, v in attributes.items() if v is not None}
    body = document.model_dump_json(include=only, exclude_none=True)
    return {**key(pk, sk), "body": _packed(body), **plain}


def read(model: type[Model], stored: Mapping[str, Any]) -> Model:
    """The document of a stored item. Raises PermanentError where it was damaged."""
    return model.model_validate_json(_body(stored))


def text(stored: Mapping[str, Any]) -> str:
    """The document of a stored item as JSON. Raises PermanentError where it was damaged."""
    body = _body(stored)
    return body if isinstance(body, str) else body.decode()


def _body(stored: Mapping[str, Any]) -> str | bytes:
    """The JSON as it is kept: a short one's text, a long one's UTF-8."""
    held: Mapping[str, Any] = stored["body"]
    text_of: str | None = held.get("S")
    return _unpacked(held["B"]) if text_of is None else text_of


def _packed(body: str) -> dict[str, Any]:
    """A document's JSON as the attribute that holds it."""
    whole = body.encode()
    if len(whole) > BODY_BYTES:
        raise TooLargeError("it is too large to keep")
    if len(whole) < PACKED_FROM_BYTES:
        return {"S": body}
    return {"B": zlib.compress(whole)}


def _unpacked(packed: bytes) -> bytes:
    """What was packed, and never more than BODY_BYTES."""
    unpacking = zlib.decompressobj()
    try:
        whole = unpacking.decompress(packed, BODY_BYTES)
    except zlib.error:
        whole = b""
    if not unpacking.eof:
        raise PermanentError("a stored document was damaged")
    return whole


def number(stored: dict[str, Any], attribute: str, default: int = 0) -> int:
    """A whole-number attribute of a stored item."""
    return int(stored[attribute]["N"]) if attribute in stored else default


def put(
    table: str, stored: dict[str, Any], condition: str | None = None, **values: Any
) -> WriteItem:
    """A transaction's Put; `values` fill the condition's `:names`."""
    write: dict[str, Any] = {"TableName": table, "Item": stored}
    if condition:
        write["ConditionExpression"] = condition
    if values:
        write["ExpressionAttributeValues"] = {f":{n}": _attribute(v) for n, v in values.items()}
    return {"Put": write}


class Cancelled(Exception):
    """A transaction was refused: somebody else was first.

    `failed` holds the positions whose condition did not hold; it is empty where the transaction
    only met another one on its way, which says nothing about any condition.
    """

    def __init__(self, failed: frozenset[int] = frozenset()) -> None:
        super().__init__(f"conditions failed at {sorted(failed)}")
        self.failed = failed


class Patience:
    """Attempts at what others may be first at, and random, ever longer waits between them.

    Those who met once do not meet again: "full jitter" of
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    def __init__(self, rng: random.Random, pause: Callable[[float], None]) -> None:
        self._rng = rng
        self._pause = pause

    def attempts(self) -> Iterator[int]:
        """How many were lost before each attempt, until there have been ATTEMPTS."""
        for lost in range(ATTEMPTS):
            if lost:
                longest = min(_LONGEST_SECONDS, _SHORTEST_SECONDS * 2 ** (lost - 1))
                self._pause(self._rng.uniform(0, longest))
            yield lost


def transact(client: Any, writes: Sequence[WriteItem]) -> None:
    """All of `writes` or none. Raises Cancelled when somebody was first, TemporaryError to retry.

    A lone Put needs no transaction, which costs twice as much. A lone Update or Delete stays one:
    botocore repeats a call whose answer was lost, and only a transaction is known by its token to
    have been made already; an Update would count twice.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    if len(writes) == 1 and "Put" in writes[0]:
        _put_alone(client, writes[0]["Put"])
        return
    try:
        with aws_calls():
            client.transact_write_items(TransactItems=list(writes))
    except TemporaryError as error:
        if not isinstance(error.__cause__, ClientError):
            raise
        reasons = error.__cause__.response.get("CancellationReasons") or []
        codes = [reason.get("Code") for reason in reasons]
        failed = frozenset(n for n, code in enumerate(codes) if code == "ConditionalCheckFailed")
        if failed or "TransactionConflict" in codes:
            raise Cancelled(failed) from None
        raise


def _put_alone(client: Any, write: Mapping[str, Any]) -> None:
    """One Put, and the same refusals as a transaction's.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
    """
    told = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    try:
        with aws_calls():
            client.put_item(**write, **(told if "ConditionExpression" in write else {}))
    except TemporaryError as error:
        code = error.details["code"]
        if code == "ConditionalCheckFailedException":
            if _was_written(error.__cause__, write["Item"]):
                return
            raise Cancelled(frozenset({0})) from None
        if code == "TransactionConflictException":
            raise Cancelled from None
        raise


def _was_written(refusal: Any, item: Mapping[str, Any]) -> bool:
    """Whether a condition failed on what this very call had written before its answer was lost.

    Who was refused at the first attempt was not first, however alike the other's item is.
    """
    answer = refusal.response
    repeated = answer.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
    return repeated and bool(answer.get("Item") == item)


def get(client: Any, table: str, pk: str, sk: str) -> dict[str, Any] | None:
    """One item, consistently read; None when there is none, or can be none under such a key."""
    if len(pk.encode()) > PARTITION_KEY_BYTES:
        return None
    with aws_calls():
        answer = client.get_item(TableName=table, Key=key(pk, sk), ConsistentRead=True)
    found: dict[str, Any] | None = answer.get("Item")
    return found


def batch_get(
    client: Any, wanted: dict[str, list[dict[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    """One consistent BatchGetItem over several tables: {table: keys} -> {table: items found}."""
    request = {t: {"Keys": keys, "ConsistentRead": True} for t, keys in wanted.items() if keys}
    found: dict[str, list[dict[str, Any]]] = {t: [] for t in wanted}
    while request:
        with aws_calls():
            answer = client.batch_get_item(RequestItems=request)
        for table, items in answer["Responses"].items():
            found[table].extend(items)
        request = answer.get("UnprocessedKeys") or {}
    return found


def query(
    client: Any, table: str, pk: str, prefix: str = "", **options: Any
) -> Iterator[dict[str, Any]]:
    """The items of one partition whose sort key starts with `prefix`, in order, page by page."""
    condition, values = "pk = :pk", {":pk": {"S": pk}}
    if prefix:
        condition = "pk = :pk AND begins_with(sk, :prefix)"
        values = {**values, ":prefix": {"S": prefix}}
    request: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": values,
        **options,
    }
    while True:
        with aws_calls():
            answer = client.query(**request)
        yield from answer["Items"]
        if not (last := answer.get("LastEvaluatedKey")):
            return
        request["ExclusiveStartKey"] = last


def delete(client: Any, table: str, items: Iterable[dict[str, Any]]) -> int:
    """Delete items by their keys, one by one; answers how many. Safe to repeat."""
    count = 0
    for stored in items:
        with aws_calls():
            client.delete_item(TableName=table, Key={"pk": stored["pk"], "sk": stored["sk"]})
        count += 1
    return count


def batch_write(client: Any, table: str, puts: Iterable[dict[str, Any]]) -> int:
    """Put many items, 25 a call, unprocessed ones again; returns how many. For imports only."""
    count, chunk = 0, list[dict[str, Any]]()
    for stored in puts:
        chunk.append({"PutRequest": {"Item": stored}})
        count += 1
        if len(chunk) == BATCH_WRITE_LIMIT:
            _write_chunk(client, table, chunk)
            chunk = []
    if chunk:
        _write_chunk(client, table, chunk)
    return count


def _write_chunk(client: Any, table: str, chunk: list[dict[str, Any]]) -> None:
    request: Any = {table: chunk}
    while request:
        with aws_calls():
            request = client.batch_write_item(RequestItems=request).get("UnprocessedItems")


@contextmanager
def aws_calls() -> Iterator[None]:
    """Whatever AWS's client raises inside becomes a TemporaryError with its code alone."""
    try:
        yield
    except ClientError as error:
        raise refused(error.response["Error"].get("Code", "?")) from error
    except BotoCoreError as error:
        raise TemporaryError("AWS could not be reached", code=type(error).__name__) from error


def refused(code: str) -> TemporaryError:
    """AWS said no, with this code."""
    return TemporaryError("AWS refused the call", code=code)


def _attribute(value: str | int | float) -> dict[str, str]:
    return {"S": value} if isinstance(value, str) else {"N": str(value)}
