"""What is deployed: the functions as .chalice/config.json has them, alarms and dashboards.

Lives here: reading the project's own files. Never here: prices.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..deployment.formation import read_template
from .billing import Function

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / ".chalice" / "config.json"
TEMPLATES = (ROOT / "infra" / "resources.yaml", ROOT / "infra" / "functions.yaml")
_PRICED = {
    "AWS::CloudWatch::CompositeAlarm": "composite_alarm",
    "AWS::CloudWatch::Dashboard": "dashboard",
}


def functions(stage: str = "prod", path: Path = CONFIG) -> dict[str, Function]:
    """By handler: a stage's own settings of the function, else of the stage, else of all."""
    told = json.loads(path.read_text(encoding="utf-8"))
    chosen = told["stages"][stage]
    common = {**told, **{k: v for k, v in chosen.items() if k != "lambda_functions"}}

    def function(own: dict[str, Any]) -> Function:
        stated = {**common, **own}
        memory = int(stated.get("lambda_memory_size", 128))
        architecture = str(stated.get("lambda_architecture", "x86_64"))
        return Function(memory, architecture, bool(stated.get("xray", False)))

    return {name: function(own) for name, own in chosen["lambda_functions"].items()}


def watched() -> Counter[str]:
    """How many of each price of CloudWatch's the templates make: an alarm counts its metrics."""
    found: Counter[str] = Counter()
    for path in TEMPLATES:
        if path.exists():
            found.update(dict(_counted(path.read_text(encoding="utf-8"))))
    return found


def _counted(text: str) -> Iterator[tuple[str, int]]:
    resources = read_template(text).get("Resources") or {}
    found: Counter[str] = Counter()
    for resource in resources.values():
        if resource.get("Type") == "AWS::CloudWatch::Alarm":
            metrics = resource["Properties"].get("Metrics", ())
            found["alarm"] += sum("MetricStat" in metric for metric in metrics) or 1
        elif price := _PRICED.get(resource.get("Type", "")):
            found[price] += 1
    yield from found.items()
