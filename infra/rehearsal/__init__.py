"""`make rehearse`: the whole deployment, made for real on an AWS of this machine's own.

Lives here: ministack (an emulator that pip installs), the stack and the functions deployed to it as
to AWS, what is played there, and what none of it proves. Never here: anything that a deployment to
AWS itself needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Patience", "RehearsalError", "Tell"]

Found = TypeVar("Found")
Tell = Callable[[str], None]


class RehearsalError(Exception):
    """Something did not go as it must; says what, and never a text, a number or a secret."""


@dataclass(frozen=True)
class Patience:
    """How waiting is done: a monotonic clock in seconds, and a pause in seconds between looks.

    The deadlines are generous: they end a rehearsal that hangs, and judge no speed.
    """

    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    look_seconds: float = 0.2
    deadline_seconds: float = 120.0

    def until(self, look: Callable[[], Found | None], what: str) -> Found:
        """What `look` answers once it is not None. Raises RehearsalError for a `what` too late."""
        end = self.clock() + self.deadline_seconds
        while (found := look()) is None:
            if self.clock() >= end:
                raise RehearsalError(f"{what}: not within {self.deadline_seconds:.0f} s")
            self.pause(self.look_seconds)
        return found
