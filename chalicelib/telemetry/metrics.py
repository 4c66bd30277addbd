"""The metrics of a stage, and how a line of log carries them: CloudWatch's embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

Every metric has the dimension `Stage`; one with a dimension of its own is also counted by that. A
name or a dimension value that nobody declared would be a metric that somebody pays for.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

NAMESPACE: Final = "Rejoinder"
MOST_VALUES: Final = 100
"""Of one metric in one document."""


class Metric:
    """What is counted or measured; `dimension` is how it is told apart besides by stage."""

    def __init__(
        self, unit: Literal["Count", "Seconds"], dimension: str | None, meaning: str
    ) -> None:
        self.unit, self.dimension, self.meaning = unit, dimension, meaning


METRICS: Final[Mapping[str, Metric]] = MappingProxyType(
    {
        "Received": Metric("Count", "Source", "interactions accepted by a webhook"),
        "Rejected": Metric("Count", "Source", "deliveries refused at the door"),
        "Sent": Metric("Count", "Channel", "messages that a carrier took"),
        "SendFailures": Metric(
            "Count", "Channel", "sends that failed, for good or to be tried again"
        ),
        "SendsUnknown": Metric("Count", "Channel", "sends that may or may not have gone out"),
        "Deferred": Metric("Count", None, "answers that wait for somebody's contact hours"),
        "HandedOver": Metric("Count", None, "interactions that a person takes over"),
        "OptOuts": Metric("Count", None, "customers' words that withdrew a consent"),
        "LeaveRefusals": Metric(
            "Count", None, "sends that were due and no longer allowed when leave was looked at"
        ),
        "ConsentCheckFailures": Metric(
            "Count", None, "consents that could not be recorded, leave that could not be looked at"
        ),
        "AnswerSeconds": Metric("Seconds", None, "from a message's arrival to the answer's send"),
        "MessagesLeft": Metric("Count", "Queue", "messages put back on a queue for another try"),
        "RouteErrors": Metric("Count", "Route", "requests answered by 500 or above"),
        "CatalogUnreadable": Metric(
            "Count", None, "published catalogs or models that could not be read"
        ),
        "Decisions": Metric("Count", None, "decisions committed"),
        "OffersMade": Metric("Count", None, "offers put to customers"),
        "Erasures": Metric("Count", None, "customers erased on request"),
    }
)


class Collected:
    """What was counted and measured in one invocation."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], list[float]] = defaultdict(list)

    def add(self, name: str, amount: float, **dimension: str) -> None:
        """Raises ValueError for a metric, or a dimension of it, that METRICS does not declare."""
        declared = METRICS.get(name)
        wanted = [declared.dimension.lower()] if declared and declared.dimension else []
        if declared is None or list(dimension) != wanted:
            raise ValueError(f"METRICS does not declare {name} by {sorted(dimension)}")
        values = self._values[name, next(iter(dimension.values()), "")]
        if declared.unit == "Count" and values:
            values[0] += amount
        else:
            values.append(amount)

    def lines(self, stage: str, now: float) -> Iterator[str]:
        """As few documents as the format allows; `now` in Unix seconds."""
        for row in self._rows():
            directives = [_directive(dimension, names) for dimension, names in row.names.items()]
            document = {
                "_aws": {"Timestamp": int(now * 1000), "CloudWatchMetrics": directives},
                "Stage": stage,
                **row.members,
            }
            yield json.dumps(document, separators=(",", ":"))

    def _rows(self) -> list[_Row]:
        """One document names one value of each dimension, and at most so many values of each
        metric: what does not fit goes into the next."""
        rows: list[_Row] = []
        for (name, value), values in sorted(self._values.items()):
            for start in range(0, len(values), MOST_VALUES):
                part = values[start : start + MOST_VALUES]
                row = next((each for each in rows if each.fits(name, value)), None)
                if row is None:
                    rows.append(row := _Row())
                row.put(name, value, part)
        return rows


class _Row:
    """One document: its members, and the metrics among them by their dimension."""

    def __init__(self) -> None:
        self.members: dict[str, Any] = {}
        self.names: dict[str | None, list[str]] = defaultdict(list)

    def fits(self, name: str, value: str) -> bool:
        dimension = METRICS[name].dimension
        taken = self.members.get(dimension, value) if dimension else value
        return name not in self.members and taken == value

    def put(self, name: str, value: str, values: list[float]) -> None:
        dimension = METRICS[name].dimension
        if dimension:
            self.members[dimension] = value
        self.members[name] = values if len(values) > 1 else values[0]
        self.names[dimension].append(name)


def _directive(dimension: str | None, names: list[str]) -> dict[str, Any]:
    return {
        "Namespace": NAMESPACE,
        "Dimensions": [["Stage"], ["Stage", dimension]] if dimension else [["Stage"]],
        "Metrics": [{"Name": name, "Unit": METRICS[name].unit} for name in names],
    }
