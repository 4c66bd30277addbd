"""Custom metrics in log lines, in CloudWatch's embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Metric = tuple[str, str, tuple[tuple[str, str], ...]]
"""Namespace, name, and the values of its dimensions: what is paid for by the month."""


def told_in(log: str) -> set[Metric]:
    """Each metric that the lines tell a value of."""
    return {metric for line in log.splitlines() for metric in _of(line)}


def _of(line: str) -> Iterator[Metric]:
    try:
        document = json.loads(line)
    except ValueError:
        return
    if not isinstance(document, dict) or "_aws" not in document:
        return
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for dimensions in directive["Dimensions"]:
            yield from _named(directive, tuple(dimensions), document)


def _named(
    directive: dict[str, Any], dimensions: tuple[str, ...], document: dict[str, Any]
) -> Iterator[Metric]:
    values = tuple((name, str(document[name])) for name in sorted(dimensions))
    for metric in directive["Metrics"]:
        yield directive["Namespace"], metric["Name"], values
