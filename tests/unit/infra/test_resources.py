"""The template of what holds state, and of what watches over it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws

from chalicelib.settings import Settings
from chalicelib.telemetry import METRICS
from infra.deployment import stack
from infra.local.template import Resource, read_template
from infra.packaging import ROOT

STAGE = "prod"
RUNBOOK = ROOT / "infra" / "runbook"
CONFIG: Mapping[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_text("utf-8"))

OURS = {
    "AWS/SQS": "QueueName",
    "AWS/DynamoDB": "TableName",
    "AWS/Lambda": "FunctionName",
    "Rejoinder": "Stage",
}
"""By namespace, the dimension that keeps one stage's metrics apart from another's."""

POLICIES = {
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::S3::BucketPolicy": "Bucket",
}
"""What each kind of policy says whose it is by."""


class _Loader(yaml.SafeLoader):
    """Reads `!Sub` and its like as the text beside them, for the stage prod."""


def _argument(loader: _Loader, _tag: str, node: yaml.Node) -> str:
    text = str(loader.construct_scalar(node)) if isinstance(node, yaml.ScalarNode) else ""
    return STAGE if text == "Stage" else text.replace("${Stage}", STAGE)


_Loader.add_multi_constructor("!", _argument)


@pytest.fixture(scope="module")
def template() -> Mapping[str, Any]:
    text = stack.TEMPLATE.read_text("utf-8")
    read: Mapping[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    return read


@pytest.fixture(scope="module")
def alarms(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = template["Resources"].values()
    return [r for r in found if r["Type"] == "AWS::CloudWatch::Alarm"]


@pytest.fixture(scope="module")
def dashboard(template: Mapping[str, Any]) -> Any:
    return json.loads(template["Resources"]["Dashboard"]["Properties"]["DashboardBody"])


def what(alarm: Mapping[str, Any]) -> str:
    return str(alarm["Properties"]["AlarmName"]).removeprefix(f"rejoinder-{STAGE}-")


def watched(alarm: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The metrics of an alarm, each with its statistic and period."""
    properties = alarm["Properties"]
    if "Metrics" not in properties:
        return [properties]
    stats = [m["MetricStat"] for m in properties["Metrics"] if "MetricStat" in m]
    return [
        {**stat["Metric"], "Period": stat["Period"], "Statistic": stat["Stat"]} for stat in stats
    ]


def graphed(dashboard: Any) -> Iterator[tuple[str, str, str, str]]:
    """(namespace, metric, dimension, its value) of every line of the dashboard, searches apart."""
    for widget in dashboard["widgets"]:
        first: list[str] = []
        for line in widget["properties"].get("metrics", ()):
            if isinstance(line[0], dict):
                continue
            named = [part for part in line if isinstance(part, str)]
            first = [*first[:-1], named[1]] if named[0] == "..." else named
            yield first[0], first[1], first[2], first[3]


def searched(dashboard: Any) -> Iterator[str]:
    for widget in dashboard["widgets"]:
        for line in widget["properties"].get("metrics", ()):
            if isinstance(line[0], dict):
                yield line[0]["expression"]


def functions(stage: str = STAGE) -> dict[str, int]:
    """The time-out of each function, in seconds, by the name that Chalice gives it."""
    stated = CONFIG["stages"][stage]["lambda_functions"]
    return {
        f"rejoinder-{stage}" if handler == "api_handler" else f"rejoinder-{stage}-{handler}": int(
            entry.get("lambda_timeout", CONFIG["lambda_timeout"])
        )
        for handler, entry in stated.items()
    }


@cache
def stated() -> tuple[Resource, ...]:
    """What holds state, and the topics."""
    return read_template(STAGE, "1", "us-east-1")


def names() -> dict[str, set[str]]:
    """What may stand in each dimension."""
    by_type = {r.type: {s.name for s in stated() if s.type == r.type} for r in stated()}
    return {
        "QueueName": by_type["AWS::SQS::Queue"],
        "TableName": by_type["AWS::DynamoDB::Table"],
        "FunctionName": set(functions()),
        "Stage": {STAGE},
    }


# moto makes no alarms and no budgets.
@pytest.mark.filterwarnings("ignore:Tried to parse AWS..(CloudWatch..Alarm|Budgets..Budget)")
@pytest.mark.parametrize(("stage", "dashboards"), [("prod", ["rejoinder-prod"]), ("dev", [])])
def test_the_stack_stands_and_is_watched_in_production_alone(
    stage: str, dashboards: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judged by moto's CloudFormation, which is slow to start."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    with mock_aws():
        client = boto3.client("cloudformation", region_name="us-east-1")

        outputs = stack.apply(client, stage, pause_seconds=0)

        assert outputs["AlarmsTopicArn"].endswith(f":rejoinder-{stage}-alarms")
        watching = boto3.client("cloudwatch", region_name="us-east-1")
        found = watching.list_dashboards()["DashboardEntries"]
        assert [entry["DashboardName"] for entry in found] == dashboards


def test_resources_are_named_as_settings_name_them() -> None:
    settings = Settings(stage=STAGE)
    found = {resource.name for resource in stated()}

    queues = ("interactions", "urgent", "learning", "notices")
    expected = {"customers", "catalog", "ledger", "texts", "mail", "alarms", "artifacts-1"}
    expected |= {*queues, *(f"{queue}-dead" for queue in queues)}
    assert found == {settings.name(name) for name in expected}


def test_the_template_can_be_sent_whole() -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    assert len(stack.TEMPLATE.read_bytes()) <= 51_200


def test_stages_in_one_account_share_no_metric(
    alarms: list[dict[str, Any]], dashboard: Any
) -> None:
    known = names()
    seen = [
        (metric["Namespace"], each["Name"], each["Value"])
        for alarm in alarms
        for metric in watched(alarm)
        for each in metric["Dimensions"][:1]
    ]
    seen += [(namespace, dimension, value) for namespace, _, dimension, value in graphed(dashboard)]

    for namespace, dimension, value in seen:
        assert dimension == OURS[namespace]
        assert value in known[dimension], f"{namespace} {value}"
    for search in searched(dashboard):
        assert f'Stage="{STAGE}"' in search or f'"rejoinder-{STAGE}-"' in search


def test_the_errors_of_every_function_are_watched(alarms: list[dict[str, Any]]) -> None:
    seen = {
        metric["Dimensions"][0]["Value"]
        for alarm in alarms
        for metric in watched(alarm)
        if metric["MetricName"] == "Errors"
    }

    assert seen == set(functions())


def test_metrics_of_ours_are_those_that_are_counted(
    alarms: list[dict[str, Any]], dashboard: Any
) -> None:
    alarmed = {m["MetricName"] for a in alarms for m in watched(a) if m["Namespace"] == "Rejoinder"}
    lines = {metric for namespace, metric, *_ in graphed(dashboard) if namespace == "Rejoinder"}
    by_dimension = {
        (found[2], found[1])
        for search in searched(dashboard)
        if (found := re.search(r'\{Rejoinder,Stage,(\w+)\} MetricName="(\w+)"', search))
    }

    assert alarmed <= set(METRICS)
    assert lines | {name for name, _ in by_dimension} == set(METRICS)
    for name, dimension in by_dimension:
        assert METRICS[name].dimension == dimension


def test_each_alarm_has_its_page_and_each_page_its_alarm(alarms: list[dict[str, Any]]) -> None:
    pages = {path.stem for path in RUNBOOK.glob("*.md")} - {"README"}

    assert pages == {what(alarm) for alarm in alarms} | {"budget"}
    index = (RUNBOOK / "README.md").read_text("utf-8")
    for alarm in alarms:
        assert alarm["Properties"]["AlarmDescription"].endswith(f" infra/runbook/{what(alarm)}.md")
        assert f"]({what(alarm)}.md)" in index


def test_an_idle_stage_raises_no_alarm_but_a_dead_one_does(alarms: list[dict[str, Any]]) -> None:
    missing = {what(alarm): alarm["Properties"]["TreatMissingData"] for alarm in alarms}

    assert missing.pop("heartbeat") == "breaching"
    assert set(missing.values()) == {"notBreaching"}


def test_alarms_keep_to_what_cloudwatch_takes(alarms: list[dict[str, Any]]) -> None:
    for alarm in alarms:
        metrics, properties = watched(alarm), alarm["Properties"]
        assert len(metrics) <= 10
        assert len({metric["Period"] for metric in metrics}) == 1
        # The age of a queue is told each minute; an expression over it needs the same period.
        assert metrics[0]["Period"] * properties["EvaluationPeriods"] <= 86_400
        assert properties["AlarmActions"] == ["AlarmsTopic"]
        ids = {m["Id"] for m in properties.get("Metrics", ()) if "MetricStat" in m}
        for line in properties.get("Metrics", ()):
            used = set(re.findall(r"\b[a-z_]+\b", line.get("Expression", "")))
            assert used <= ids
            assert not used or used == ids


def test_what_is_free_looks_at_ten_metrics(alarms: list[dict[str, Any]]) -> None:
    free = [m for a in alarms if a["Condition"] == "Watched" for m in watched(a)]
    paid = [m for a in alarms if a["Condition"] == "WatchedClosely" for m in watched(a)]

    assert len(free) == 10
    text = stack.TEMPLATE.read_text("utf-8")
    assert f"the rest cost ${len(paid) / 10:.2f}." in text


def test_an_alarm_on_durations_knows_the_time_outs(alarms: list[dict[str, Any]]) -> None:
    slow = next(alarm for alarm in alarms if what(alarm) == "functions-slow")
    times = {functions()[m["Dimensions"][0]["Value"]] for m in watched(slow)}

    assert times == {60}
    assert slow["Properties"]["Threshold"] == 0.8 * 60 * 1000


def test_dead_letters_outlive_the_queue_that_they_come_from() -> None:
    by_name = {resource.name: resource.properties for resource in stated()}
    for name, properties in by_name.items():
        if dead := by_name.get(f"{name}-dead"):
            assert (
                dead["MessageRetentionPeriod"] == 1_209_600 > properties["MessageRetentionPeriod"]
            )
            assert properties["RedrivePolicy"]["maxReceiveCount"] == 5


def test_nothing_is_kept_in_the_clear_or_without_a_way_back() -> None:
    for resource in stated():
        properties = resource.properties
        if resource.type == "AWS::DynamoDB::Table":
            assert properties["SSESpecification"]["SSEEnabled"]
            assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
            assert properties["DeletionProtectionEnabled"]
        if resource.type == "AWS::SQS::Queue":
            assert properties["SqsManagedSseEnabled"]


def test_nothing_of_ours_takes_a_call_without_tls(template: Mapping[str, Any]) -> None:
    resources = template["Resources"]
    guarded: list[str] = []
    for resource in resources.values():
        if resource["Type"] not in POLICIES:
            continue
        properties = resource["Properties"]
        for statement in properties["PolicyDocument"]["Statement"]:
            if statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}:
                assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
                subject = properties[POLICIES[resource["Type"]]]
                guarded += [subject] if isinstance(subject, str) else subject

    kinds = {name.removesuffix("Policy") for name in POLICIES}
    assert sorted(guarded) == sorted(k for k, r in resources.items() if r["Type"] in kinds)


def test_what_is_published_is_never_expired(template: Mapping[str, Any]) -> None:
    bucket = template["Resources"]["ArtifactsBucket"]["Properties"]
    rules = bucket["LifecycleConfiguration"]["Rules"]

    # A decision of 400 days ago is replayed with the catalog and the model of its day.
    assert not any("ExpirationInDays" in rule or "Expiration" in rule for rule in rules)
    assert any("NoncurrentVersionExpiration" in rule for rule in rules)
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)


def test_the_runbook_names_nothing_that_is_not_there() -> None:
    known = names()
    for page in sorted(RUNBOOK.glob("*.md")):
        text = page.read_text("utf-8")
        for named in re.findall(r"rejoinder-\$STAGE(?:-[a-z_]+)*", text):
            name = named.replace("$STAGE", STAGE)
            alarm = (RUNBOOK / f"{name.removeprefix(f'rejoinder-{STAGE}-')}.md").exists()
            assert alarm or any(name in values for values in known.values()), (
                f"{page.name}: {named}"
            )
        for link in re.findall(r"\]\(([^)#]+)", text):
            if not link.startswith("http"):
                assert (page.parent / link).exists(), f"{page.name}: {link}"
