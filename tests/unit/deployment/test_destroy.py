"""What destroying removes, what it leaves, and what it asks before."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from infra import destroy
from infra.deployment import removal
from infra.local.template import read_template
from infra.packaging import PackagingError

pytestmark = pytest.mark.usefixtures("simulated_aws")

BUCKET = "rejoinder-dev-artifacts-123456789012"
WORDS = "delete all data of dev"


@pytest.fixture
def session(simulated_aws: None) -> Any:
    return boto3.session.Session()


@pytest.fixture
def stage(session: Any) -> None:
    """Tables, bucket, a queue, logs, a function with its role and rule; chalice's record."""
    dynamodb, s3, sqs = (session.client(name) for name in ("dynamodb", "s3", "sqs"))
    for name in removal.TABLES:
        dynamodb.create_table(
            TableName=f"rejoinder-dev-{name}",
            BillingMode="PAY_PER_REQUEST",
            DeletionProtectionEnabled=True,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    url = sqs.create_queue(QueueName="rejoinder-dev-urgent-dead")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="an opt-out")
    session.client("logs").create_log_group(logGroupName="/aws/lambda/rejoinder-dev-handle_sweep")
    session.client("logs").create_log_group(logGroupName="/aws/lambda/rejoinder-dev-eu")
    iam, functions, events = (session.client(n) for n in ("iam", "lambda", "events"))
    role = iam.create_role(RoleName="rejoinder-dev-sweep", AssumeRolePolicyDocument="{}")
    logs = {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [logs]}
    iam.put_role_policy(
        RoleName="rejoinder-dev-sweep", PolicyName="own", PolicyDocument=json.dumps(policy)
    )
    made = functions.create_function(
        FunctionName="rejoinder-dev-handle_sweep",
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="app.handle_sweep",
        Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
    )
    events.put_rule(Name="sweep", ScheduleExpression="rate(1 minute)")
    events.put_targets(Rule="sweep", Targets=[{"Id": "1", "Arn": made["FunctionArn"]}])
    api = session.client("apigateway").create_rest_api(name="rejoinder")
    put_record(
        session,
        {"name": "sweep", "resource_type": "lambda_function", "lambda_arn": made["FunctionArn"]},
        {"name": "sweep_role", "resource_type": "iam_role", "role_name": "rejoinder-dev-sweep"},
        {"name": "sweep-event", "resource_type": "cloudwatch_event", "rule_name": "sweep"},
        {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": api["id"]},
        {"name": "logs", "resource_type": "log_group", "log_group_name": "any"},
    )


def put_record(session: Any, *resources: dict[str, Any]) -> None:
    body = json.dumps({"resources": resources})
    session.client("s3").put_object(Bucket=BUCKET, Key="deployed/dev.json", Body=body)


def left(session: Any) -> dict[str, int]:
    """How many of each are there."""
    clients = {n: session.client(n) for n in ("lambda", "iam", "events", "apigateway")}
    return {
        "functions": len(clients["lambda"].list_functions()["Functions"]),
        "roles": len(clients["iam"].list_roles()["Roles"]),
        "rules": len(clients["events"].list_rules()["Rules"]),
        "apis": len(clients["apigateway"].get_rest_apis()["items"]),
        "tables": len(session.client("dynamodb").list_tables()["TableNames"]),
        "buckets": len(session.client("s3").list_buckets()["Buckets"]),
        "logs": len(session.client("logs").describe_log_groups()["logGroups"]),
    }


WHOLE = {
    **{"functions": 1, "roles": 1, "rules": 1, "apis": 1},
    **{"tables": 3, "buckets": 1, "logs": 2},
}
NO_FUNCTIONS = WHOLE | {"functions": 0, "roles": 0, "rules": 0, "apis": 0}


@pytest.mark.usefixtures("stage")
def test_by_default_only_what_answers_and_works_is_removed(
    session: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    destroy.destroy(session, "dev", with_data=False)

    assert left(session) == NO_FUNCTIONS
    told = capsys.readouterr().out
    assert "rejoinder-dev-urgent-dead holds 1 messages: nothing will work on them" in told
    assert "stays: the tables" in told
    assert 'DATA=dev SURE="delete all data of dev"' in told


@pytest.mark.usefixtures("stage")
def test_a_removal_that_stopped_halfway_goes_on_where_it_was(session: Any) -> None:
    session.client("lambda").delete_function(FunctionName="rejoinder-dev-handle_sweep")
    session.client("events").remove_targets(Rule="sweep", Ids=["1"])
    session.client("events").delete_rule(Name="sweep")

    destroy.destroy(session, "dev", with_data=False)
    destroy.destroy(session, "dev", with_data=False)

    assert left(session) == NO_FUNCTIONS


@pytest.mark.usefixtures("stage")
def test_with_the_data_nothing_of_the_stage_is_left_and_nothing_of_another_gone(
    session: Any,
) -> None:
    destroy.destroy(session, "dev", with_data=True, pause_seconds=0)
    destroy.destroy(session, "dev", with_data=True, pause_seconds=0)

    assert left(session) == dict.fromkeys(WHOLE, 0) | {"logs": 1}


@pytest.mark.usefixtures("stage")
def test_a_dry_run_names_everything_and_removes_nothing(
    session: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    destroy.destroy(session, "dev", with_data=True, dry_run=True)

    assert left(session) == WHOLE
    told = capsys.readouterr().out
    for named in (
        *("lambda function sweep", "iam role sweep_role", "rest api rest_api", f"bucket {BUCKET}"),
        *("table rejoinder-dev-customers", "log group /aws/lambda/rejoinder-dev-handle_sweep"),
    ):
        assert f"would remove {named}" in told
    assert "rejoinder-dev-eu" not in told


@pytest.mark.usefixtures("stage")
def test_functions_that_chalice_does_not_know_of_stop_it(session: Any) -> None:
    put_record(session)

    with pytest.raises(PackagingError, match="no record of rejoinder-dev-handle_sweep"):
        destroy.destroy(session, "dev", with_data=True)
    assert left(session) == WHOLE


@pytest.mark.usefixtures("stage")
def test_a_kind_of_thing_that_it_cannot_remove_stops_it_first(session: Any) -> None:
    arn = session.client("lambda").list_functions()["Functions"][0]["FunctionArn"]
    put_record(
        session,
        {"name": "sweep", "resource_type": "lambda_function", "lambda_arn": arn},
        {"name": "any", "resource_type": "websocket_api"},
    )

    with pytest.raises(PackagingError, match="websocket_api: remove it by hand"):
        destroy.destroy(session, "dev", with_data=False)
    assert left(session) == WHOLE


def test_all_that_the_stack_retains_is_known() -> None:
    names = {resource.name for resource in read_template("dev", "123456789012", "us-east-1")}
    tables = {f"rejoinder-dev-{name}" for name in removal.TABLES}
    queues = {f"rejoinder-dev-{name}{end}" for name in removal.QUEUES for end in ("", "-dead")}

    stateful = {n for n in names if n.startswith("rejoinder-dev-")}
    topics = {n for n in stateful if n.endswith(("-texts", "-mail", "-alarms"))}
    assert stateful - topics == tables | queues | {BUCKET}


@pytest.mark.parametrize(("data", "sure", "expected"), [(None, None, False), ("dev", WORDS, True)])
def test_data_goes_when_that_is_said_twice(
    data: str | None, sure: str | None, expected: bool
) -> None:
    assert destroy.is_meant("dev", data, sure, ask=None) is expected


@pytest.mark.parametrize(
    ("data", "sure", "missing"),
    [
        ("dev", None, 'SURE="delete all data of dev" is not'),
        (None, WORDS, "SURE is said, DATA is not"),
        ("prod", WORDS, "DATA=prod is another"),
        ("dev", "delete all data of prod", 'SURE="delete all data of dev" is not'),
        ("dev", "yes", 'SURE="delete all data of dev" is not'),
    ],
)
def test_said_once_or_of_another_stage_it_does_nothing(
    data: str | None, sure: str | None, missing: str
) -> None:
    with pytest.raises(PackagingError, match=f"{missing}.*nothing is done"):
        destroy.is_meant("dev", data, sure, ask=None)


def test_whoever_sits_at_a_terminal_is_asked_the_second_time() -> None:
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return WORDS if len(asked) == 1 else "no"

    assert destroy.is_meant("dev", "dev", None, ask=answer)
    with pytest.raises(PackagingError, match="nothing is done"):
        destroy.is_meant("dev", "dev", None, ask=answer)
    assert "`delete all data of dev`" in asked[0]


def test_a_dry_run_asks_nothing() -> None:
    assert destroy.is_meant("dev", "dev", None, ask=None, only_told=True)


def test_the_command_refuses_what_was_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert destroy.main(["--stage", "prod", "--sure", "delete all data of prod"]) == 1
    assert "SURE is said, DATA is not: nothing is done" in capsys.readouterr().err
