"""How positions are divided into blocks, each as long as all before it: few decisions look beyond
the first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

FIRST_BLOCK: Final = 1024


def blocks(size: int) -> Iterator[tuple[int, int]]:
    """(first position, number of bits) of each block, in order; every one is whole bytes."""
    first, length = 0, FIRST_BLOCK
    while first < size:
        yield first, -(-min(length, size - first) // 8) * 8
        first, length = first + length, max(first + length, FIRST_BLOCK)
