"""Waiting: by looks and pauses, with an end."""

from __future__ import annotations

import pytest

from infra.rehearsal import Patience, RehearsalError


class Clock:
    """Time that passes by pausing only."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def pause(self, seconds: float) -> None:
        self.seconds += seconds

    def patience(self) -> Patience:
        return Patience(clock=lambda: self.seconds, pause=self.pause, deadline_seconds=3)


def test_what_comes_in_time_is_answered() -> None:
    clock = Clock()

    found = clock.patience().until(lambda: "it" if clock.seconds > 1 else None, "it")

    assert found == "it"
    assert 1 < clock.seconds < 2


def test_what_does_not_come_ends_and_is_named() -> None:
    with pytest.raises(RehearsalError, match="the answer: not within 3 s"):
        Clock().patience().until(lambda: None, "the answer")
