from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
import urllib3
from botocore.exceptions import ClientError

from infra.local.cloud import Cloud

LEDGER = "rejoinder-local-ledger"
QUEUE = "rejoinder-local-interactions"

OpenCloud = Callable[[], Cloud]
ClientOf = Callable[[Cloud, str], Any]

ITEM = {
    "pk": {"S": "A"},
    "sk": {"S": "é\n"},
    "body": {"S": '{"text": "ü"}'},
    "n": {"N": "12.50"},
    "raw": {"B": b"\x00\xff"},
    "raws": {"BS": [b"\x01"]},
    "names": {"SS": ["x"]},
    "deep": {"M": {"l": {"L": [{"N": "1"}, {"B": b"\x02"}, {"NULL": True}]}}},
    "yes": {"BOOL": True},
}


def url_of(sqs: Any, name: str = QUEUE) -> str:
    return str(sqs.get_queue_url(QueueName=name)["QueueUrl"])


def receive(sqs: Any, name: str = QUEUE, **options: Any) -> list[dict[str, Any]]:
    request = {"MaxNumberOfMessages": 10, "MessageSystemAttributeNames": ["All"], **options}
    answer = sqs.receive_message(
        QueueUrl=url_of(sqs, name), MessageAttributeNames=["All"], **request
    )
    return list(answer.get("Messages", []))


def test_items_come_back_as_they_were(open_cloud: OpenCloud, client_of: ClientOf) -> None:
    dynamodb = client_of(open_cloud(), "dynamodb")
    dynamodb.put_item(TableName=LEDGER, Item=ITEM)
    gone = {"pk": {"S": "A"}, "sk": {"S": "gone"}}
    dynamodb.put_item(TableName=LEDGER, Item=gone)
    dynamodb.delete_item(TableName=LEDGER, Key=gone)
    due = {**gone, "sk": {"S": "due"}, "due_shard": {"S": "1"}, "due_at": {"S": "1"}}
    dynamodb.batch_write_item(RequestItems={LEDGER: [{"PutRequest": {"Item": due}}]})

    again = open_cloud()

    dynamodb = client_of(again, "dynamodb")
    assert not again.was_empty
    assert dynamodb.scan(TableName=LEDGER)["Items"] == [due, ITEM]
    by_index = dynamodb.query(
        TableName=LEDGER,
        IndexName="due",
        KeyConditionExpression="due_shard = :s",
        ExpressionAttributeValues={":s": {"S": "1"}},
    )
    assert by_index["Items"] == [due]


def test_what_a_refused_transaction_touched_comes_back_untouched(
    open_cloud: OpenCloud, client_of: ClientOf
) -> None:
    dynamodb = client_of(open_cloud(), "dynamodb")
    written = {"pk": {"S": "A"}, "sk": {"S": "1"}}
    with pytest.raises(ClientError):
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": LEDGER, "Item": written}},
                {
                    "ConditionCheck": {
                        "TableName": LEDGER,
                        "Key": {**written, "sk": {"S": "2"}},
                        "ConditionExpression": "attribute_exists(pk)",
                    }
                },
            ]
        )

    assert client_of(open_cloud(), "dynamodb").scan(TableName=LEDGER)["Items"] == []


def test_messages_come_back_with_all_they_carried(
    open_cloud: OpenCloud, client_of: ClientOf
) -> None:
    """The one in a worker's hands too, visible and with its count; the finished one does not."""
    sqs = client_of(open_cloud(), "sqs")
    attributes = {
        "kind": {"DataType": "String", "StringValue": "x"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    for body in ("finished", "in hand"):
        sqs.send_message(QueueUrl=url_of(sqs), MessageBody=body)
    for message in receive(sqs):
        if message["Body"] == "finished":
            sqs.delete_message(QueueUrl=url_of(sqs), ReceiptHandle=message["ReceiptHandle"])
    sqs.send_message(QueueUrl=url_of(sqs), MessageBody="new", MessageAttributes=attributes)

    found = {m["Body"]: m for m in receive(client_of(open_cloud(), "sqs"))}

    assert set(found) == {"in hand", "new"}
    assert found["in hand"]["Attributes"]["ApproximateReceiveCount"] == "2"
    assert found["new"]["MessageAttributes"] == attributes


def test_objects_come_back_with_their_type(open_cloud: OpenCloud, client_of: ClientOf) -> None:
    cloud = open_cloud()
    s3, bucket = client_of(cloud, "s3"), cloud.name("ArtifactsBucket")
    for body in (b"old", b"\x00new"):
        s3.put_object(
            Bucket=bucket, Key="a b/é", Body=body, ContentType="text/x", Metadata={"v": "1"}
        )
    s3.put_object(Bucket=bucket, Key="gone", Body=b"")
    s3.delete_object(Bucket=bucket, Key="gone")

    cloud = open_cloud()

    s3, bucket = client_of(cloud, "s3"), cloud.name("ArtifactsBucket")
    found = s3.get_object(Bucket=bucket, Key="a b/é")
    assert found["Body"].read() == b"\x00new"
    assert (found["ContentType"], found["Metadata"]) == ("text/x", {"v": "1"})
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["a b/é"]


def test_a_long_journal_is_compacted_at_the_start(
    open_cloud: OpenCloud, client_of: ClientOf, tmp_path: Path
) -> None:
    cloud = open_cloud()
    sqs, s3, dynamodb = (client_of(cloud, name) for name in ("sqs", "s3", "dynamodb"))
    sqs.send_message(QueueUrl=url_of(sqs), MessageBody="kept")
    s3.put_object(Bucket=cloud.name("ArtifactsBucket"), Key="kept", Body=b"x")
    dynamodb.put_item(TableName=LEDGER, Item=ITEM)
    journal = tmp_path / "journal.jsonl"
    with journal.open("ab") as file:
        file.write(b'[["done","InteractionsQueue","nothing"]]\n' * 1100)
    before = journal.stat().st_size

    open_cloud()
    assert journal.stat().st_size < before / 10

    cloud = open_cloud()
    assert [m["Body"] for m in receive(client_of(cloud, "sqs"))] == ["kept"]
    assert client_of(cloud, "dynamodb").scan(TableName=LEDGER)["Items"] == [ITEM]
    found = client_of(cloud, "s3").get_object(Bucket=cloud.name("ArtifactsBucket"), Key="kept")
    assert found["Body"].read() == b"x"


def test_a_torn_tail_and_what_the_template_lost_do_not_keep_it_from_starting(
    open_cloud: OpenCloud, client_of: ClientOf, tmp_path: Path
) -> None:
    client_of(open_cloud(), "dynamodb").put_item(TableName=LEDGER, Item=ITEM)
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(b'[["item","DroppedTable",{"pk":{"S":"A"}}]]\n[["item","LedgerTab')

    cloud = open_cloud()

    assert (cloud.damaged, cloud.unknown) == (1, 1)
    assert client_of(cloud, "dynamodb").scan(TableName=LEDGER)["Items"] == [ITEM]


def test_a_message_that_fails_five_times_is_dead_lettered_whole(
    open_cloud: OpenCloud, client_of: ClientOf
) -> None:
    sqs = client_of(open_cloud(), "sqs")
    sqs.send_message(QueueUrl=url_of(sqs), MessageBody="poison ü")
    for _ in range(5):
        assert len(receive(sqs, VisibilityTimeout=0)) == 1
    assert receive(sqs, VisibilityTimeout=0) == []

    again = client_of(open_cloud(), "sqs")

    assert receive(again) == []
    assert [m["Body"] for m in receive(again, f"{QUEUE}-dead")] == ["poison ü"]


def test_a_long_poll_ends_when_a_message_comes_and_keeps_nobody_waiting(
    cloud: Cloud, client_of: ClientOf
) -> None:
    sqs = client_of(cloud, "sqs")
    url, got = url_of(sqs), list[Any]()
    poll = threading.Thread(target=lambda: got.extend(receive(sqs, WaitTimeSeconds=20)))
    begun = time.monotonic()
    poll.start()
    client_of(cloud, "dynamodb").put_item(TableName=LEDGER, Item=ITEM)
    sqs.send_message(QueueUrl=url, MessageBody="news")
    poll.join()

    assert [m["Body"] for m in got] == ["news"]
    assert time.monotonic() - begun < 10


def test_a_long_poll_ends_in_time_and_at_once_when_we_stop(
    cloud: Cloud, client_of: ClientOf
) -> None:
    sqs = client_of(cloud, "sqs")
    begun = time.monotonic()

    assert receive(sqs, WaitTimeSeconds=1) == []
    assert 0.9 < time.monotonic() - begun < 10
    cloud.release_polls()
    assert receive(sqs, WaitTimeSeconds=20) == []
    assert time.monotonic() - begun < 10


def test_two_clouds_of_one_process_know_nothing_of_each_other(
    cloud: Cloud, client_of: ClientOf
) -> None:
    client_of(cloud, "dynamodb").put_item(TableName=LEDGER, Item=ITEM)

    with Cloud() as other:
        assert other.account != cloud.account
        assert client_of(other, "dynamodb").scan(TableName=LEDGER)["Items"] == []

    assert len(client_of(cloud, "dynamodb").scan(TableName=LEDGER)["Items"]) == 1


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}],
)
def test_web_pages_are_kept_out(headers: dict[str, str], cloud: Cloud) -> None:
    answer = urllib3.request("POST", cloud.url, headers=headers, body=b"{}")

    assert answer.status == 403


def test_what_moto_cannot_do_is_an_error_and_no_end(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = {
        "X-Amz-Target": "AmazonSQS.StartMessageMoveTask",
        "Content-Type": "application/x-amz-json-1.0",
    }
    key = "AWS4-HMAC-SHA256 Credential=local/20261118/us-east-1/sqs/aws4_request, x"
    answer = urllib3.request(
        "POST", cloud.url, headers={**headers, "Authorization": key}, body=b"{}"
    )

    assert answer.status == 500
    assert "cannot do this" in json.loads(answer.data)["message"]
    assert "in moto" in capsys.readouterr().err
    malformed = urllib3.request(
        "POST",
        cloud.url,
        headers={**headers, "X-Amz-Target": "AmazonSQS.ReceiveMessage", "Authorization": key},
        body=b"[",
    )
    assert malformed.status >= 400


def test_it_keeps_nothing_without_a_journal(tmp_path: Path) -> None:
    with Cloud() as cloud:
        client = boto3.client(
            "dynamodb",
            endpoint_url=cloud.url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        client.put_item(TableName=LEDGER, Item=ITEM)
        client.close()

    assert list(tmp_path.iterdir()) == []


def test_what_is_gone_is_gone_from_the_disk_when_it_is_to_be_forgotten(
    open_cloud: OpenCloud, client_of: ClientOf, tmp_path: Path
) -> None:
    def held() -> int:
        return (tmp_path / "journal.jsonl").read_bytes().count(b"zanzibar")

    cloud = open_cloud()
    dynamodb, sqs = client_of(cloud, "dynamodb"), client_of(cloud, "sqs")
    key = {"pk": {"S": "zanzibar"}, "sk": {"S": "1"}}
    dynamodb.put_item(TableName=LEDGER, Item=key)
    sqs.send_message(QueueUrl=url_of(sqs), MessageBody="zanzibar too")
    dynamodb.delete_item(TableName=LEDGER, Key=key)
    assert held() == 3
    cloud.forget()
    assert held() == 1

    (message,) = receive(sqs)
    sqs.delete_message(QueueUrl=url_of(sqs), ReceiptHandle=message["ReceiptHandle"])
    # A poll that finds nothing has time for it.
    receive(sqs, WaitTimeSeconds=1)
    assert held() == 0
    again = open_cloud()
    assert (again.damaged, again.unknown) == (0, 0)
