"""The published SDKs of npm track a visit, each in a Node of its own (make test-clients)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.machine import NOON, Machine, running

HERE = Path(__file__).parent
CALLS = 30
"""Interactions of one visit.mjs."""

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with running() as made:
        yield made


def visit(machine: Machine, sdk: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Play visit.mjs with one SDK, to its end."""
    return subprocess.run(
        ["node", f"{sdk}.mjs", machine.url, *arguments],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("sdk", ["segment", "rudderstack"])
def test_a_visit_arrives_in_the_customer_view(machine: Machine, sdk: str) -> None:
    user, browser = f"{sdk}-{machine.number()}", f"browser-{machine.number()}"
    played = visit(machine, sdk, "local-write-key", user, browser)
    assert (played.returncode, played.stderr) == (0, "")

    def look() -> Any:
        answer = machine.operate("GET", f"/customers/{user}")
        arrived = answer.status == 200 and answer.json()["aggregates"]["interaction_count"]
        return answer.json() if arrived == CALLS else None

    view = machine.until(look)
    machine.settled()
    assert machine.customer(user) == view
    assert set(view["identities"]) == {f"user:{user}", f"anonymous:{browser}"}
    assert view["profile"]["first_name"] == "Vic"
    assert view["attributes"]["plan"] == "größer 👟"
    assert view["attributes"]["claimed_email"] == "vic@example.com"
    done = [behaviour["name"] for behaviour in view["recent"]]
    assert {name: done.count(name) for name in set(done)} == {
        "product_viewed": 1,
        "product_shared": 25,
        "page": 1,
    }
    assert view["aggregates"]["view_count"] == {"shoes": 1, "shoes/trail": 1}
    # Node's clock is not ours: what counts is how long before sending it happened.
    times = [datetime.fromisoformat(behaviour["at"]) for behaviour in view["recent"]]
    assert all(NOON <= at < NOON + timedelta(hours=1) for at in times)


@pytest.mark.parametrize("sdk", ["segment", "rudderstack"])
def test_a_wrong_write_key_is_told_to_the_sdk(machine: Machine, sdk: str) -> None:
    user = f"{sdk}-{machine.number()}"
    played = visit(machine, sdk, "another-key", user, "browser")

    assert (played.returncode, bool(played.stderr)) == (1, True)
    machine.settled()
    assert machine.operate("GET", f"/customers/{user}").status == 404
