"""What a refused or half-done call to DynamoDB means."""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib import documents
from chalicelib.documents import BODY_BYTES, PACKED_FROM_BYTES, Cancelled
from chalicelib.errors import PermanentError, TemporaryError, TooLargeError
from chalicelib.ledger import Ledger, Refused
from chalicelib.model import Frozen
from tests.search import found_in, legible
from tests.stage import Aws

TABLE = "rejoinder-dev-ledger"


class Note(Frozen):
    """A document of any length."""

    words: str


class Scripted:
    """A DynamoDB client that answers from a list, raising what is an error."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            self.asked.append(request)
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def cancelled(*codes: str) -> ClientError:
    response: Any = {
        "Error": {"Code": "TransactionCanceledException"},
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    return ClientError(response, "TransactWriteItems")


def test_a_failed_condition_tells_its_position() -> None:
    client = Scripted(cancelled("None", "ConditionalCheckFailed", "TransactionConflict"))
    with pytest.raises(Cancelled) as refusal:
        documents.transact(client, [{}, {}, {}])
    assert refusal.value.failed == {1}


def test_meeting_another_transaction_says_nothing_about_any_condition() -> None:
    ledger = Ledger(Scripted(cancelled("TransactionConflict")), "t", 1)
    with pytest.raises(Refused) as refusal:
        ledger.commit([("interaction", {})])
    assert refusal.value.names == frozenset()


@pytest.mark.parametrize(
    "failure",
    [
        cancelled("ThrottlingError"),
        ClientError({"Error": {"Code": "InternalServerError"}}, "TransactWriteItems"),
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
    ],
)
@pytest.mark.parametrize("writes", [[{}, {}], [documents.put(TABLE, {})]])
def test_what_passes_is_to_be_tried_again(failure: Exception, writes: list[Any]) -> None:
    with pytest.raises(TemporaryError) as error:
        documents.transact(Scripted(failure), writes)
    assert set(error.value.details) == {"code"}


def test_what_a_batch_left_out_is_asked_for_again() -> None:
    left = {"t": {"Keys": [documents.key("b", "b")]}}
    client = Scripted(
        {"Responses": {"t": [{"pk": "a"}]}, "UnprocessedKeys": left},
        {"Responses": {"t": [{"pk": "b"}]}},
    )
    wanted = {"t": [documents.key("a", "a"), documents.key("b", "b")], "u": []}

    assert documents.batch_get(client, wanted) == {"t": [{"pk": "a"}, {"pk": "b"}], "u": []}
    assert client.asked[1]["RequestItems"] == left


def test_what_a_batch_did_not_write_is_written_again() -> None:
    client = Scripted({"UnprocessedItems": {"t": ["left"]}}, {}, {})

    assert documents.batch_write(client, "t", ({"pk": n} for n in range(26))) == 26
    assert client.asked[1]["RequestItems"] == {"t": ["left"]}


def test_a_query_goes_on_where_the_page_ended() -> None:
    first, second = {"pk": "1"}, {"pk": "2"}
    client = Scripted({"Items": [first], "LastEvaluatedKey": "k"}, {"Items": [second]})

    assert list(documents.query(client, "t", "p")) == [first, second]
    assert client.asked[1]["ExclusiveStartKey"] == "k"


# --- how a body is kept ---------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 780, 790, 100_000])
def test_a_document_reads_as_it_was_written(length: int, aws: Aws) -> None:
    note = Note(words="é“" + "x" * length)
    documents.transact(aws.dynamodb, [documents.put(TABLE, documents.item("a", "b", note))])
    stored = documents.get(aws.dynamodb, TABLE, "a", "b")

    assert stored is not None
    assert documents.read(Note, stored) == note
    assert documents.text(stored) == note.model_dump_json()


def test_a_short_document_is_kept_as_text_and_a_long_one_packed() -> None:
    around = len(Note(words="").model_dump_json())
    short = Note(words="x" * (PACKED_FROM_BYTES - around - 1))
    long = Note(words="x" * (PACKED_FROM_BYTES - around))

    assert documents.item("a", "b", short)["body"] == {"S": short.model_dump_json()}
    packed = documents.item("a", "b", long)["body"]
    assert zlib.decompress(packed["B"]) == long.model_dump_json().encode()
    assert len(packed["B"]) < 100


def test_what_was_stored_as_text_is_still_read_however_long() -> None:
    long = Note(words="x" * 100_000)
    stored = {**documents.key("a", "b"), "body": {"S": long.model_dump_json()}}

    assert documents.read(Note, stored) == long
    assert documents.text(stored) == long.model_dump_json()


def test_the_same_document_makes_the_same_item() -> None:
    notes = [Note(words="".join(map(str, range(2_000)))) for _ in range(2)]

    assert documents.item("a", "b", notes[0]) == documents.item("a", "b", notes[1])


def test_who_searches_tables_for_traces_sees_into_what_is_packed() -> None:
    item = documents.item("a", "b", Note(words="zanzibar “44?” " + "x" * 5_000))
    assert "zanzibar" not in repr(item)

    assert "zanzibar" in legible([item])
    on_disk = json.dumps(item, default=lambda packed: b64encode(packed).decode()).encode()
    assert found_in({"disk": [on_disk]}, ["zanzibar", "“44?”"]) == {
        "zanzibar": {"disk"},
        "“44?”": {"disk"},
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no zlib",
        zlib.compress(b'{"words":"cut off"}')[:-5],
        zlib.compress(b'{"words":"' + b"x" * BODY_BYTES + b'"}'),
    ],
    ids=["empty", "no zlib", "cut off", "endless"],
)
def test_a_damaged_or_endless_body_is_refused(body: bytes) -> None:
    stored = {**documents.key("a", "b"), "body": {"B": body}}
    for read in (lambda: documents.read(Note, stored), lambda: documents.text(stored)):
        with pytest.raises(PermanentError):
            read()


def test_no_document_is_written_that_could_not_be_read() -> None:
    around = len(Note(words="").model_dump_json())
    longest = Note(words="x" * (BODY_BYTES - around))

    assert documents.read(Note, documents.item("a", "b", longest)) == longest
    with pytest.raises(TooLargeError):
        documents.item("a", "b", Note(words="x" * (BODY_BYTES - around + 1)))


# --- a lone write ---------------------------------------------------------------------------------


def a_claim(words: str = "hers") -> documents.WriteItem:
    return documents.put(
        TABLE, documents.item("a", "b", Note(words=words)), "attribute_not_exists(pk)"
    )


@contextmanager
def losing_the_first_answer(client: Any, meanwhile: Callable[[], None]) -> Iterator[None]:
    """The first answer never arrives, whatever was done; botocore then asks again."""
    lost = list[int]()

    def again(attempts: int, **_: Any) -> float | None:
        if lost:
            return None
        lost.append(attempts)
        meanwhile()
        return 0

    client.meta.events.register_first("needs-retry.dynamodb.PutItem", again)
    try:
        yield
    finally:
        client.meta.events.unregister("needs-retry.dynamodb.PutItem", again)
    assert lost


def test_a_lone_put_is_no_transaction_and_others_are(aws: Aws) -> None:
    with aws.watched() as calls:
        documents.transact(aws.dynamodb, [a_claim()])
        documents.transact(aws.dynamodb, [documents.put(TABLE, documents.key("c", "d"))])
        documents.transact(
            aws.dynamodb, [{"Delete": {"TableName": TABLE, "Key": documents.key("c", "d")}}]
        )
    assert calls == ["PutItem", "PutItem", "TransactWriteItems"]


def test_a_lone_put_whose_condition_fails_is_refused_like_a_transaction(aws: Aws) -> None:
    documents.transact(aws.dynamodb, [a_claim()])
    for words in ("hers", "his"):
        with pytest.raises(Cancelled) as refusal:
            documents.transact(aws.dynamodb, [a_claim(words)])
        assert refusal.value.failed == {0}


def test_a_lone_put_that_meets_a_transaction_says_nothing_about_its_condition() -> None:
    met = ClientError({"Error": {"Code": "TransactionConflictException"}}, "PutItem")
    with pytest.raises(Cancelled) as refusal:
        documents.transact(Scripted(met), [a_claim()])
    assert refusal.value.failed == frozenset()


def test_a_lone_put_that_was_made_is_not_refused_because_its_answer_was_lost(aws: Aws) -> None:
    with losing_the_first_answer(aws.dynamodb, lambda: None):
        documents.transact(aws.dynamodb, [a_claim("x" * 5_000)])


def test_a_lone_put_is_refused_where_another_came_between_its_attempts(aws: Aws) -> None:
    other = documents.item("a", "b", Note(words="his"))
    with (
        losing_the_first_answer(
            aws.dynamodb, lambda: aws.dynamodb.put_item(TableName=TABLE, Item=other)
        ),
        pytest.raises(Cancelled) as refusal,
    ):
        documents.transact(aws.dynamodb, [a_claim("hers")])
    assert refusal.value.failed == {0}
