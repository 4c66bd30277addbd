"""Our metric documents before AWS's specification of the format, and beside its own library.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from chalicelib import telemetry
from chalicelib.telemetry import METRICS
from tests.observed import AT, observed

NAME = {"type": "string", "minLength": 1, "maxLength": 1024}
METRIC = {
    "type": "object",
    "required": ["Name"],
    "properties": {
        "Name": NAME,
        "Unit": {"enum": [unit.value for unit in MetricUnit]},
        "StorageResolution": {"enum": [1, 60]},
    },
    "additionalProperties": False,
}
DIRECTIVE = {
    "type": "object",
    "required": ["Namespace", "Dimensions", "Metrics"],
    "properties": {
        "Namespace": NAME,
        "Dimensions": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "array", "maxItems": 30, "items": {"type": "string"}},
        },
        "Metrics": {"type": "array", "minItems": 1, "maxItems": 100, "items": METRIC},
    },
    "additionalProperties": False,
}
DOCUMENT = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer"},
                "CloudWatchMetrics": {"type": "array", "minItems": 1, "items": DIRECTIVE},
            },
        }
    },
}
LARGEST_BYTES = 256 * 1024


def written(*added: tuple[str, float, dict[str, str]]) -> list[dict[str, Any]]:
    with observed() as told, telemetry.invocation():
        for name, amount, dimension in added:
            telemetry.count(name, amount, **dimension)
    assert all(len(line.encode()) < LARGEST_BYTES for line in told.lines)
    return told.documents


def everything(values: int) -> list[tuple[str, float, dict[str, str]]]:
    """Every metric, with so many values of its dimension, or so many values of a measure."""
    return [
        (name, n, {metric.dimension.lower(): f"value-{n}"} if metric.dimension else {})
        for name, metric in METRICS.items()
        for n in range(values)
    ]


def assert_resolved(document: dict[str, Any]) -> None:
    """Each target member is there: numbers, or at most a hundred; dimensions are told as text."""
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            assert all(isinstance(document[name], str) and document[name] for name in names)
        for metric in directive["Metrics"]:
            value = document[metric["Name"]]
            values = value if isinstance(value, list) else [value]
            assert 0 < len(values) <= 100
            assert all(isinstance(v, int | float) for v in values)


@pytest.mark.parametrize("values", [1, 3, 150])
def test_every_document_is_of_the_specified_form(values: int) -> None:
    documents = written(*everything(values))

    assert documents
    for document in documents:
        Draft202012Validator(DOCUMENT).validate(document)
        assert_resolved(document)


def test_the_specified_form_can_be_missed() -> None:
    (document,) = written(("Deferred", 1, {}))
    document["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Unit"] = "Cats"

    assert not Draft202012Validator(DOCUMENT).is_valid(document)


@pytest.mark.parametrize(
    ("name", "dimension"), [("Deferred", {}), ("AnswerSeconds", {}), ("Sent", {"channel": "sms"})]
)
def test_powertools_states_the_same_metric_alike(
    name: str, dimension: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = EphemeralMetrics(namespace="Rejoinder")
    theirs.add_dimension("Stage", "dev")
    for key, value in dimension.items():
        theirs.add_dimensions(**{"Stage": "dev", key.capitalize(): value})
    theirs.add_metric(name, unit=METRICS[name].unit, value=2.0)
    theirs.set_timestamp(int(AT * 1000))
    stated = json.loads(json.dumps(theirs.serialize_metric_set()))

    (ours,) = written((name, 2.0, dimension))
    for document in (ours, stated):
        document.pop("service", None)
        (directive,) = document["_aws"]["CloudWatchMetrics"]
        directive["Dimensions"] = [
            [each for each in names if each != "service"] for names in directive["Dimensions"]
        ]
        document[name] = [document[name]] if isinstance(document[name], float) else document[name]
    assert ours == stated
