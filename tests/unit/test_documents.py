"""What a refused or half-done call to DynamoDB means."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib import documents
from chalicelib.documents import Cancelled
from chalicelib.errors import TemporaryError
from chalicelib.ledger import Ledger, Refused


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
        documents.transact(client, [{}])
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
def test_what_passes_is_to_be_tried_again(failure: Exception) -> None:
    with pytest.raises(TemporaryError) as error:
        documents.transact(Scripted(failure), [{}])
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
