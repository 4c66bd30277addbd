"""Calls as they were made: of which service, how large, and the units that DynamoDB bills.

Lives here: one call's figures, and how the metered cloud is started and asked for them. The cloud
is another process, so that the CPU time of ours is the application's alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3

TAKE = "/taken"
"""Asked of the metered cloud: what happened since the last time."""


@dataclass(frozen=True)
class Part:
    """What one item, or one page of a Query, took of a call; `index` are units of its indexes."""

    table: str
    kind: str
    bytes: int
    reads: float = 0
    writes: int = 0
    index: int = 0


@dataclass(frozen=True)
class Call:
    """One request to AWS; the bytes are those of the bodies."""

    service: str
    operation: str
    request_bytes: int
    response_bytes: int
    parts: tuple[Part, ...] = ()

    @property
    def reads(self) -> float:
        return sum(part.reads for part in self.parts)

    @property
    def writes(self) -> int:
        return sum(part.writes + part.index for part in self.parts)


@dataclass(frozen=True)
class Taken:
    """What happened since the last look: calls in order, and ids of texts that Twilio took."""

    calls: tuple[Call, ...]
    texts: tuple[str, ...]


class Recording:
    """The metered cloud while it runs; a context manager. Raises RuntimeError if it does not."""

    def __enter__(self) -> Recording:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "infra.cost.cloud"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError("the metered cloud did not start")
        self.stated: Mapping[str, Any] = json.loads(line)
        self._http = urllib3.PoolManager(retries=False)
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.communicate()
        self._http.clear()

    def take(self) -> Taken:
        """What happened since the last look."""
        told = self._http.request("GET", self.stated["cloud_url"] + TAKE).json()
        return Taken(tuple(map(_call, told["calls"])), tuple(told["texts"]))


def _call(told: Mapping[str, Any]) -> Call:
    parts = tuple(Part(**part) for part in told["parts"])
    return Call(**{**told, "parts": parts})
