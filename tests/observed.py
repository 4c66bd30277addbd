"""What operators would see of what runs inside: every line of log, metrics and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib import telemetry

AT = 1_795_000_000.25
"""Unix seconds: 18 November 2026, about noon in New York."""


class Observed:
    """The lines, as they were written."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The metrics' lines."""
        return [line for line in map(json.loads, self.lines) if "_aws" in line]

    @property
    def logged(self) -> list[dict[str, Any]]:
        return [line for line in map(json.loads, self.lines) if "_aws" not in line]

    def way_of(self, correlation_id: str) -> list[str]:
        """The messages that a query for one interaction finds, in order."""
        found = (each for each in self.logged if each.get("correlation_id") == correlation_id)
        return [each["message"] for each in found]

    def total(self, name: str, **dimension: str) -> float:
        """The sum of a count over all documents, where a dimension is given of that alone."""
        wanted = {name.capitalize(): value for name, value in dimension.items()}
        found = [each for each in self.documents if name in each and wanted.items() <= each.items()]
        return sum((float(each[name]) for each in found), 0.0)

    def values(self, name: str) -> list[float]:
        found = [each[name] for each in self.documents if name in each]
        return [v for one in found for v in (one if isinstance(one, list) else [one])]


@contextmanager
def observed() -> Iterator[Observed]:
    """As in Lambda, but for where the lines go."""
    made = Observed()
    telemetry.start("dev", "rejoinder-dev", write=made.lines.append, clock=lambda: AT)
    telemetry.about(None)  # whatever tests before this one were about
    try:
        yield made
    finally:
        telemetry.stop()
