"""Settings: a stated grid for everybody, chosen for each set on its first shuffle alone.

The whole grid meets the first quarter of the stream, but where it is short; the best few of it meet
all of the stream, and the best of those is the method's. Peers are tried with and without products.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from .methods import MabWiser, Ours, Vowpal
from .streams import Method, Stream, success

SHORTLIST: Final = 3
QUARTER: Final = 4

BOLDNESS: Final = (0.05, 0.2, 0.5)
UNSURE: Final = {"unsure": 1.5, "unsure_products": 0.4}
ALPHAS: Final = {"ucb": (0.05, 0.2), "ts": (0.03, 0.1)}
RIDGES: Final = {"ucb": (3.0, 10.0, 30.0, 100.0), "ts": (10.0, 30.0)}
EXPLORATIONS: Final = (
    "--epsilon 0.02",
    "--squarecb --gamma_scale 100",
    "--squarecb --gamma_scale 1000",
    "--bag 5",
    "--cover 5",
)
RATES: Final = (0.5, 4.0)
_TOO_WIDE: Final = 400
"""LinTS takes a singular value decomposition for each class and span: minutes of them for 702
features, so it has no products where there would be more than this."""


@dataclass(frozen=True)
class Setting:
    """One way to run a method: what is told of it, and whether it is given products."""

    told: str
    products: bool
    make: Callable[[Stream, int], Method]

    def run(self, stream: Stream, seed: int) -> float:
        """The success on a stream, from nothing learned."""
        rows = stream.products if self.products and not self._crosses else stream.plain
        return success(self.make(stream, seed), stream, rows)

    @property
    def _crosses(self) -> bool:
        return self.told.startswith("--")


def methods(stream: Stream) -> dict[str, list[Setting]]:
    """Everybody's grid for a set; ours is the last."""
    thin = stream.products.shape[1] <= _TOO_WIDE
    return {
        "linucb": list(_linear("ucb", (False, True))),
        "lints": list(_linear("ts", (False, True) if thin else (False,))),
        "vw": list(_vowpal()),
        "ours": list(_ours()),
    }


def chosen(grid: list[Setting], stream: Stream, step: Callable[[], None]) -> Setting:
    """The best of the grid on this stream; `step` is called after each run."""

    def of(some: Stream) -> Callable[[Setting], float]:
        def measured(setting: Setting) -> float:
            found = setting.run(some, 0)
            step()
            return found

        return measured

    if len(grid) > SHORTLIST:
        beginning = of(stream.first(len(stream.classes) // QUARTER))
        grid = sorted(grid, key=beginning, reverse=True)[:SHORTLIST]
    return max(grid, key=of(stream))


def runs(grid: list[Setting]) -> int:
    """How many runs `chosen` takes."""
    return len(grid) + SHORTLIST if len(grid) > SHORTLIST else len(grid)


def _ours() -> Iterator[Setting]:
    for boldness in BOLDNESS:

        def make(stream: Stream, seed: int, boldness: float = boldness) -> Method:
            width, plain = stream.products.shape[1], stream.plain.shape[1]
            return Ours(stream.count, width, plain, seed=seed, boldness=boldness, **UNSURE)

        yield Setting(f"boldness {boldness}", True, make)


def _linear(kind: str, shapes: tuple[bool, ...]) -> Iterator[Setting]:
    for alpha, l2, products in product(ALPHAS[kind], RIDGES[kind], shapes):

        def make(stream: Stream, seed: int, alpha: float = alpha, l2: float = l2) -> Method:
            return MabWiser(stream.count, kind, alpha, l2, seed)

        yield Setting(f"alpha {alpha} l2 {l2}", products, make)


def _vowpal() -> Iterator[Setting]:
    for way, rate, products in product(EXPLORATIONS, RATES, (False, True)):
        told = f"{way} -l {rate}"

        def make(stream: Stream, seed: int, told: str = told, crossed: bool = products) -> Method:
            return Vowpal(stream.count, told, crossed, seed)

        yield Setting(told, products, make)
