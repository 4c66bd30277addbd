"""How often others may be first, and how long is waited between attempts."""

from __future__ import annotations

import random

from chalicelib.documents import ATTEMPTS, Patience


def test_the_first_attempt_waits_for_nothing() -> None:
    waits: list[float] = []
    attempts = Patience(random.Random(1), waits.append).attempts()

    assert next(attempts) == 0
    assert waits == []
    assert next(attempts) == 1
    assert len(waits) == 1


def test_waits_are_random_grow_and_stay_bounded() -> None:
    waits: list[float] = []
    assert list(Patience(random.Random(1), waits.append).attempts()) == list(range(ATTEMPTS))

    caps = [min(0.8, 0.02 * 2**n) for n in range(ATTEMPTS - 1)]
    assert all(0 <= wait <= cap for wait, cap in zip(waits, caps, strict=True))
    assert len(set(waits)) == len(waits)
    others: list[float] = []
    list(Patience(random.Random(2), others.append).attempts())
    assert others != waits
