"""The ways by which an engine ranks, each forced upon small catalogs too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest

from chalicelib.decisioning import Engine, blocks, dimensions, indexing, ranking, search, sight
from chalicelib.decisioning.search import Candidate, candidate
from chalicelib.decisioning.sight import Sight
from chalicelib.model import DecisionInputs

from .builders import NOW

WAYS = ("best_first", "by_index", "_one_by_one", "_by_topic")
SQUEEZES: dict[str, dict[Any, dict[str, int]]] = {
    "as it is": {},
    "little at a time": {
        ranking: {"SMALL": 3, "STRETCH": 4, "MOST_STRETCHES": 3},
        sight: {"FEW": 9, "MOST_TRIES": 12, "COMPILED_AT_ONCE": 3},
        blocks: {"FIRST_BLOCK": 8},
        search: {"_AT_ONCE": 2},
        dimensions: {"MOST_CUTS": 3},
        indexing: {"MOST_DIMENSIONS": 3},
    },
    "all by rules": {
        ranking: {"SMALL": 3, "STRETCH": 8, "MOST_STRETCHES": 999},
        sight: {"FEW": 9, "MOST_TRIES": 9**9, "COMPILED_AT_ONCE": 9**9},
        blocks: {"FIRST_BLOCK": 16},
        search: {"_AT_ONCE": 1},
        dimensions: {"MOST_CUTS": 5},
        indexing: {"_SELDOM": 4},
    },
}  # fmt: skip


@contextmanager
def squeezed(name: str) -> Iterator[None]:
    """Bounds that few offers reach already: several blocks, rounds and falls to the index."""
    with pytest.MonkeyPatch.context() as patch:
        for module, bounds in SQUEEZES[name].items():
            for bound, value in bounds.items():
                patch.setattr(module, bound, value)
        yield


def ranked(by: Engine, way: str, inputs: DecisionInputs, now: datetime = NOW) -> list[Candidate]:
    """All candidates as this way finds them."""
    terms = by.terms(inputs, now=now)
    return list(map(candidate, getattr(Sight(by._ranking, terms), way)()))
