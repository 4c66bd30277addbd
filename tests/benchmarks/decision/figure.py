"""Draws time against catalog size, one line for each contender, each named at its end."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from .contest import Case, Outcome

_INK: Final = "#1f2933"
_FAINT: Final = "#d9dee3"
_OURS: Final = "#c2410c"
_BASELINE: Final = "#1d4ed8"
_ENGINE: Final = "#7b8794"
_LABELS: Final[dict[Case, str]] = {
    "lognormal": "", "flat": ", flat values", "history": ", with history",
}  # fmt: skip
_DASHES: Final[dict[Case, Any]] = {"flat": (0, (4, 2)), "history": "-"}
_LEFT_OUT: Final = {("request", "flat"), ("request", "history")}
_MOST: Final = 30
"""How many labels the height of the axes has room for."""

Line = tuple[str, str, Case, list[tuple[int, float]]]
"""Contender, kind, case, and (offers, seconds) by size."""


def draw(outcomes: Sequence[Outcome], path: Path) -> None:
    """Writes the figure as PNG."""
    lines = _lines(outcomes)
    figure, axes = plt.subplots(figsize=(10, 6.4), dpi=150)
    _dress(figure, axes, sorted({outcome.size for outcome in outcomes}))
    for name, kind, case, points in lines:
        axes.plot(*zip(*points, strict=True), **_style(kind, case), label=name)
    _label(axes, lines)
    figure.savefig(path, facecolor="white")
    plt.close(figure)


def _lines(outcomes: Sequence[Outcome]) -> list[Line]:
    """In the order of drawing: what matters most on top."""
    points: dict[tuple[str, str, Case], list[tuple[int, float]]] = {}
    for o in sorted(outcomes, key=lambda outcome: outcome.size):
        if o.median is not None and (o.kind, o.case) not in _LEFT_OUT:
            points.setdefault((o.contender, o.kind, o.case), []).append((o.size, o.median))
    order = ("engine", "generated", "request", "ours")
    keys = sorted(points, key=lambda key: (order.index(key[1]), key[2] == "lognormal"))
    return [(*key, points[key]) for key in keys]


def _colour(kind: str) -> str:
    return {"ours": _OURS, "request": _OURS, "generated": _BASELINE}.get(kind, _ENGINE)


def _style(kind: str, case: Case) -> dict[str, Any]:
    width = {"ours": 2.8, "generated": 2.0}.get(kind, 1.1)
    return {
        "color": _colour(kind),
        "linewidth": width if case == "lognormal" else 1.1,
        "linestyle": _DASHES.get(case, (0, (1, 1.6)) if kind == "request" else "-"),
        "marker": "o",
        "markersize": 5 if kind == "ours" and case == "lognormal" else 3,
        "clip_on": False,
    }


def _label(axes: Any, lines: Sequence[Line]) -> None:
    """Names each line beside its last point, moved apart where they would overlap; one that ends
    early is named above its end, where no other line goes."""
    largest = max(points[-1][0] for *_, points in lines)
    low, high = (log10(seconds) for seconds in axes.get_ylim())
    below = low
    for name, kind, case, points in sorted(lines, key=lambda line: line[3][-1][1]):
        size, seconds = points[-1]
        text = f"{name.split()[0]}{_LABELS[case]}" if _LABELS[case] else name
        style: dict[str, Any] = {
            "color": _colour(kind),
            "fontsize": 9.5,
            "fontweight": "bold" if kind == "ours" else "normal",
            "annotation_clip": False,
        }
        if size < largest:
            style |= {"xytext": (size, seconds * 1.35), "ha": "right", "va": "bottom"}
        else:
            below = max(log10(seconds), below + (high - low) / _MOST)
            style |= {"xytext": (size * 1.16, 10**below), "va": "center"}
        axes.annotate(f"{text}  {_spoken(seconds)}", xy=(size, seconds), **style)


def _dress(figure: Any, axes: Any, sizes: Sequence[int]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(FixedLocator(list(sizes)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:,.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda seconds, _: _spoken(seconds)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", color=_FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
    axes.tick_params(colors=_INK, length=0, labelsize=10)
    axes.set_xlabel("offers in the catalog", color=_INK, fontsize=10.5)
    figure.text(0.02, 0.955, "One decision, on one core", color=_INK, fontsize=15, weight="bold")
    figure.text(
        0.02, 0.889,
        "Median time for one customer, prepared beforehand in each contender\u2019s own form but "
        "for \u201cfrom the request\u201d;\nboth axes logarithmic. Orange and blue make the whole "
        "decision, the engines in grey eligibility alone.",
        color=_INK, fontsize=10, linespacing=1.4,
    )  # fmt: skip
    figure.subplots_adjust(left=0.075, right=0.69, top=0.865, bottom=0.095)


def _spoken(seconds: float) -> str:
    for unit, one in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= 0.9995 * one:
            return f"{seconds / one:.3g} {unit}"
    return f"{seconds * 1e6:.2g} µs"
