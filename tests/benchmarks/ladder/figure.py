"""Draws the ladder: a rung a row, its success on every trip and where it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter, MultipleLocator

from .judging import Figures
from .report import LABELS, TRIAL, Households

_INK: Final = "#1f2933"
_FAINT: Final = "#d9dee3"
_OURS: Final = "#c2410c"
_PEER: Final = "#7b8794"
_EVERY, _SENT = "every trip", "best 10 % sent"
_WHO: Final = {
    "dev": "the four fifths of households that chose the settings",
    "confirm": "the fifth of households that chose nothing",
    "all": "all households",
}


def draw(figures: Mapping[str, Figures], households: Households, path: Path) -> None:
    """Writes the figure as PNG; `figures` from the lowest rung to the highest."""
    figure, axes = plt.subplots(figsize=(10, 6.4), dpi=150)
    for row, (name, found) in enumerate(figures.items()):
        _draw_rung(axes, row, name, found)
    _name_marks(axes, figures)
    _dress(figure, axes, list(figures), households)
    figure.savefig(path, facecolor="white")
    plt.close(figure)


def _draw_rung(axes: Any, row: int, name: str, found: Figures) -> None:
    colour = _OURS if name == "ours" else _PEER
    every, sent = 100 * found.every.value, 100 * found.sent.value
    bold = {"fontweight": "bold"} if name == "ours" else {}
    axes.plot([every, sent], [row, row], color=colour, linewidth=2.8 if bold else 1.4, zorder=2)
    axes.plot(every, row, "o", color=colour, markerfacecolor="white", markersize=8, zorder=3)
    axes.plot(sent, row, "o", color=colour, markersize=8, zorder=3)
    for mark in TRIAL[name]:
        if mark is not None:
            axes.vlines(100 * mark, row - 0.36, row - 0.12, color=_INK, linewidth=1.0, zorder=4)
    low, high = sorted((every, sent))
    left, right = (f"{low:.1f}", f"{high:.1f}") if high - low > 0.05 else ("", f"{high:.1f}")
    style: dict[str, Any] = {"textcoords": "offset points", "color": colour, "fontsize": 9.5} | bold
    axes.annotate(left, (low, row), (-8, 1), ha="right", va="bottom", **style)
    axes.annotate(right, (high, row), (8, 1), ha="left", va="bottom", **style)


def _name_marks(axes: Any, figures: Mapping[str, Figures]) -> None:
    """Says above the highest rung what its two marks are."""
    row, (name, found) = len(figures) - 1, list(figures.items())[-1]
    style: dict[str, Any] = {
        "textcoords": "offset points", "ha": "center", "va": "bottom", "fontsize": 9.5,
        "color": _OURS if name == "ours" else _PEER,
    }  # fmt: skip
    axes.annotate(_EVERY, (100 * found.every.value, row), (0, 14), **style)
    axes.annotate(_SENT, (100 * found.sent.value, row), (0, 14), **style)


def _dress(figure: Any, axes: Any, names: list[str], households: Households) -> None:
    axes.set_yticks(range(len(names)), [LABELS[name] for name in names])
    axes.set_ylim(-0.6, len(names) - 0.2)
    axes.set_xlim(-1.6, axes.get_xlim()[1] + 2)
    axes.xaxis.set_major_locator(MultipleLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0f} %"))
    axes.grid(axis="x", color=_FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
    axes.tick_params(colors=_INK, length=0, labelsize=10)
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        if name == "ours":
            label.set(color=_OURS, fontweight="bold")
    axes.set_xlabel("offers whose type was in the rest of the trip", color=_INK, fontsize=10.5)
    figure.text(0.02, 0.955, "The ladder, replayed", color=_INK, fontsize=15, weight="bold")
    figure.text(
        0.02, 0.848,
        f"One offer out of 954 product types, October to December, {_WHO[households]}.\n"
        "Thin marks below: what the trial of the protocol measured; of ours, the least to reach. "
        "Replay shows what was bought, not persuasion.\n"
        "Complete Journey: its Python package calls it simulated, its R sibling names "
        "84.51\u00b0 source files.",
        color=_INK, fontsize=10, linespacing=1.4,
    )  # fmt: skip
    figure.subplots_adjust(left=0.275, right=0.965, top=0.82, bottom=0.09)
