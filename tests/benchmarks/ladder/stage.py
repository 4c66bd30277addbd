"""What a rung is built from: the shop, the past that the harness fills, and what peers share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from .cheap import Cheap
from .journey import Shop
from .past import Past
from .tifu import Tifu


@dataclass(frozen=True)
class Stage:
    """`past` is empty at first and holds, at every moment, the days before; `seed` is SEED."""

    shop: Shop
    past: Past
    seed: int

    @cached_property
    def tifu(self) -> Tifu:
        return Tifu(self.past)

    @cached_property
    def cheap(self) -> Cheap:
        return Cheap(self.past, self.tifu)
