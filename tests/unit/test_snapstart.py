"""Lambda may start a thousand copies from one snapshot of the imported app: nothing in it may be
one copy's own.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

PROBE = Path(__file__).with_name("snapshot_probe.py")

Found = Mapping[str, Any]


@pytest.fixture(scope="module", params=["app.app", "app.handle_interactions"])
def copies(request: pytest.FixtureRequest) -> list[Found]:
    """What a start of that handler laid hold of, in two processes whose hashes differ."""
    lambdas = {
        "_HANDLER": request.param,
        "AWS_LAMBDA_FUNCTION_NAME": "rejoinder-dev",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
    }
    started = [
        subprocess.Popen(
            [sys.executable, str(PROBE)],
            env={
                **lambdas,
                "STAGE": "dev",
                "PYTHONHASHSEED": seed,
                "AWS_DEFAULT_REGION": "us-east-1",
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    return [json.loads(process.communicate()[0]) for process in started]


def test_importing_opens_no_connection_and_keeps_no_client(copies: list[Found]) -> None:
    assert copies[0]["connections"] == []


def test_importing_reads_no_clock_and_draws_nothing(copies: list[Found]) -> None:
    assert copies[0]["reads"] == []


def test_two_processes_hold_the_same_once_imported(copies: list[Found]) -> None:
    first, second = (copy["state"] for copy in copies)

    assert len(first) > 80, "what its events need is in the snapshot"
    assert [name for name in first if first[name] != second.get(name)] == []
    assert first.keys() == second.keys()
