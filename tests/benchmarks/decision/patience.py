"""How long a peer may prepare its rules: it is handed them one by one until the time is up."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

from .conditions import Condition
from .dialects import Dialect


class OutOfPatienceError(Exception):
    """The rules take too long to prepare."""


class Patience:
    """How long a peer may prepare its rules."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def texts(self, dialect: Dialect, conditions: Iterable[Condition]) -> Iterator[str]:
        """The rules in a dialect, one by one. Raises OutOfPatienceError when time is up."""
        for condition in conditions:
            if time.monotonic() > self._until:
                raise OutOfPatienceError
            yield dialect(condition)

    def lists(
        self, dialect: Dialect, conditions: Sequence[Condition], length: int
    ) -> Iterator[str]:
        """The rules as list expressions of `length` rules each."""
        for start in range(0, len(conditions), length):
            texts = self.texts(dialect, conditions[start : start + length])
            yield f"[{','.join(texts)}]"
