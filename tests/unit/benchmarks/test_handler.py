"""The benchmark of the handler measures the handler, and splits its time without losing any."""

from __future__ import annotations

import pytest

from tests.benchmarks import handler
from tests.benchmarks.handler import PARTS, Watch, a_handler, measure


def test_the_parts_are_all_told_and_make_up_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "RUNS", 1)
    told = measure(5)

    assert set(told["parts_ms"]) == {*PARTS, "routing_and_parse"}
    assert told["cpu_ms"] == pytest.approx(told["botocore_ms"] + told["beyond_client_ms"], abs=0.01)
    assert told["beyond_client_ms"] > max(told["parts_ms"].values()) / 2


def test_the_client_s_calls_are_told_apart() -> None:
    watch = Watch()
    with a_handler(watch) as handle:
        watch.taken()
        answer = watch.timed("whole", handle)()
        spent = watch.taken()

    assert answer["statusCode"] == 200
    assert set(spent) == {"whole", "botocore"}
    assert all(milliseconds > 0 for milliseconds in spent.values())
