"""Which permission each of our calls needs, and that the proof's cloud refuses without it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.packaging.cloud import PolicedCloud
from infra.packaging.permissions import Call, UnknownCallError, allows, needed, read_call

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/rejoinder-dev-ledger"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:rejoinder-dev-interactions"


def call(
    service: str, target: str = "", body: str = "", *, method: str = "POST", path: str = "/"
) -> Call:
    return Call("AKIAFUNCTION", service, target, method, path, body.encode())


@pytest.mark.parametrize(
    ("made", "permissions"),
    [
        (
            call("dynamodb", "DynamoDB_20120810.GetItem", '{"TableName": "rejoinder-dev-ledger"}'),
            [("dynamodb:GetItem", TABLE)],
        ),
        (
            call(
                "dynamodb",
                "DynamoDB_20120810.Query",
                '{"TableName": "rejoinder-dev-ledger", "IndexName": "due"}',
            ),
            [("dynamodb:Query", f"{TABLE}/index/due")],
        ),
        (
            call(
                "dynamodb",
                "DynamoDB_20120810.BatchGetItem",
                '{"RequestItems": {"rejoinder-dev-ledger": {}}}',
            ),
            [("dynamodb:BatchGetItem", TABLE)],
        ),
        (
            call(
                "dynamodb",
                "DynamoDB_20120810.TransactWriteItems",
                '{"TransactItems": [{"Put": {"TableName": "rejoinder-dev-ledger"}},'
                ' {"ConditionCheck": {"TableName": "rejoinder-dev-ledger"}}]}',
            ),
            [("dynamodb:PutItem", TABLE), ("dynamodb:ConditionCheckItem", TABLE)],
        ),
        (
            call("sqs", "AmazonSQS.GetQueueUrl", '{"QueueName": "rejoinder-dev-interactions"}'),
            [("sqs:GetQueueUrl", QUEUE)],
        ),
        (
            call(
                "sqs",
                "AmazonSQS.SendMessageBatch",
                '{"QueueUrl": "http://127.0.0.1:1/123456789012/rejoinder-dev-interactions"}',
            ),
            [("sqs:SendMessage", QUEUE)],
        ),
        (
            call("s3", method="PUT", path="/bucket/catalogs/1%3A2.json.gz"),
            [("s3:PutObject", "arn:aws:s3:::bucket/catalogs/1:2.json.gz")],
        ),
        (
            call("ssm", "AmazonSSM.GetParametersByPath", '{"Path": "/rejoinder/dev/"}'),
            [
                (
                    "ssm:GetParametersByPath",
                    "arn:aws:ssm:us-east-1:123456789012:parameter/rejoinder/dev",
                )
            ],
        ),
        (
            call("ses", body='{"FromEmailAddress": "a@b.c"}', path="/v2/email/outbound-emails"),
            [("ses:SendEmail", "arn:aws:ses:us-east-1:123456789012:identity/a@b.c")],
        ),
        (
            call(
                "ses",
                body='{"FromEmailAddress": "a@b.c", "ConfigurationSetName": "events"}',
                path="/v2/email/outbound-emails",
            ),
            [
                ("ses:SendEmail", "arn:aws:ses:us-east-1:123456789012:identity/a@b.c"),
                ("ses:SendEmail", "arn:aws:ses:us-east-1:123456789012:configuration-set/events"),
            ],
        ),
    ],
)
def test_a_call_needs(made: Call, permissions: list[tuple[str, str]]) -> None:
    assert list(needed(made)) == permissions


@pytest.mark.parametrize(
    "made",
    [call("iam", path="/?Action=CreateUser"), call("sqs", "AmazonSQS.PurgeQueue", "{}")],
)
def test_a_call_that_we_do_not_make_is_unknown(made: Call) -> None:
    with pytest.raises(UnknownCallError):
        list(needed(made))


def test_an_unsigned_request_is_no_call() -> None:
    assert read_call("", "", "GET", "/", b"") is None


def test_a_statement_must_name_both_action_and_resource() -> None:
    policy = {
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["dynamodb:GetItem"],
                "Resource": ["arn:aws:dynamodb:*:*:table/rejoinder-dev-ledger"],
            },
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE},
        ]
    }

    assert allows(policy, ("dynamodb:GetItem", TABLE))
    assert not allows(policy, ("dynamodb:PutItem", TABLE))
    assert not allows(policy, ("dynamodb:Query", f"{TABLE}/index/due"))
    assert allows(policy, ("sqs:SendMessage", QUEUE))
    assert not allows(policy, ("sqs:SendMessage", f"{QUEUE}-dead"))


@pytest.fixture(scope="module")
def cloud() -> Iterator[PolicedCloud]:
    with PolicedCloud() as running:
        yield running


def client(cloud: PolicedCloud, service: str, principal: str) -> Any:
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=cloud.url,
        aws_access_key_id=principal,
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_a_function_may_do_what_its_policy_says_and_no_more(cloud: PolicedCloud) -> None:
    client(cloud, "sqs", "administrator").create_queue(QueueName="rejoinder-dev-interactions")
    cloud.hold(
        "AKIAFUNCTION",
        {"Statement": [{"Effect": "Allow", "Action": ["sqs:GetQueueUrl"], "Resource": [QUEUE]}]},
    )
    sqs = client(cloud, "sqs", "AKIAFUNCTION")

    url = sqs.get_queue_url(QueueName="rejoinder-dev-interactions")["QueueUrl"]
    with pytest.raises(ClientError, match="may not sqs:SendMessage on"):
        sqs.send_message(QueueUrl=url, MessageBody="[]")
    with pytest.raises(ClientError, match="unknown permission: sqs PurgeQueue"):
        sqs.purge_queue(QueueUrl=url)

    assert ("AKIAFUNCTION", ("sqs:GetQueueUrl", QUEUE)) in cloud.used
    assert len(cloud.refused) == 2
