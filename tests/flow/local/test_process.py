"""`python -m infra.local` as its own process: started, killed, started again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import urllib3

ROOT = Path(__file__).parents[3]
START = "import infra.local.__main__ as m; sys.exit(m.main(os.environ, pathlib.Path(sys.argv[1])))"


class Run:
    """One run of the program; `url` and `token` as it printed them."""

    def __init__(self, state: Path, **given: str) -> None:
        environ = {**os.environ, "PORT": "0", "PYTHONWARNINGS": "default", **given}
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"import os, pathlib, sys; {START}", str(state)],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.printed, self.complaints = "", ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed += line
            if found := re.match(r"Ready at (\S+)", line):
                self.url = found[1]
                break
        token = re.search(r"Bearer (\S+)", self.printed)
        self.token = token[1] if token else ""

    def end(self, number: int) -> int:
        """Send the signal; the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        rest, self.complaints = self.process.communicate(timeout=60)
        self.printed += rest
        return self.process.returncode

    def ask(self, method: str, path: str, said: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        body = None if said is None else json.dumps(said).encode()
        answer = urllib3.request(
            method, self.url + path, body=body, headers=headers, retries=False, timeout=30
        )
        return answer.status, json.loads(answer.data)

    def until(self, asked: Callable[[], Any], seconds: float = 30) -> Any:
        """The first true answer."""
        end, pause = time.monotonic() + seconds, threading.Event()
        while not (answer := asked()) and time.monotonic() < end:
            pause.wait(0.05)
        return answer


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start(**given: str) -> Run:
        runs.append(Run(tmp_path / "local", **given))
        return runs[-1]

    yield start
    for started in runs:
        if started.process.poll() is None:
            started.end(signal.SIGKILL)


def texts_to(run: Run, number: str) -> list[dict[str, Any]]:
    _, messages = run.ask("GET", "/local/messages")
    return [m for m in messages if m["to"] == number]


def is_worked_on(run: Run, interaction_id: str) -> bool:
    return run.ask("GET", f"/interactions/{interaction_id}")[0] == 200


def test_what_was_acknowledged_survives_kill_9_and_the_story_goes_on(
    run: Callable[..., Run],
) -> None:
    first = run(REJOINDER_TOKEN="mine")
    assert first.token == "mine"
    assert f"{first.url}/console#token=mine" in first.printed
    assert first.ask("POST", "/local/clock", {"now": "2026-11-18T17:00:00Z"})[0] == 200
    said = {"from": "1234", "text": "do you have the Trailblazer GTX in a 44?"}
    _, asked = first.ask("POST", "/local/tweet", said)
    assert first.until(lambda: texts_to(first, "+15551230001"), 10)
    assert first.ask("GET", f"/interactions/{asked['interaction_id']}")[1]["status"] == "answered"
    assert first.ask("PUT", "/customers/ann", {"identities": ["email:ann@example.com"]})[0] == 200
    acknowledged = [
        first.ask("POST", "/local/text", {"from": "+15551230001", "text": f"store hours? {n}"})
        for n in range(8)
    ]
    assert first.end(signal.SIGKILL) == -signal.SIGKILL

    second = run(REJOINDER_TOKEN="mine")
    assert {status for status, _ in acknowledged} == {200}
    assert second.ask("GET", "/local/clock")[1]["now"].startswith("2026-11-18T17:")
    assert second.ask("GET", "/customers/ann")[0] == 200
    kept = [
        m
        for m in texts_to(second, "+15551230001")
        if m["interaction_id"] == asked["interaction_id"]
    ]
    assert len(kept) == 1
    for _, answer in acknowledged:
        assert second.until(partial(is_worked_on, second, answer["interaction_id"]))

    assert second.end(signal.SIGTERM) == 0
