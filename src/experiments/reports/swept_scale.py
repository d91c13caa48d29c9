"""Where the values of a swept number stand on the axis, and which of them can be written below it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOG_ABOVE_RATIO = 30
"""Values that span more are drawn on a log scale."""
MARGIN = 0.04
"""Beside the first and the last value, as a share of the axis."""
LETTER = 0.014
"""The width of a label's letter, likewise."""


@dataclass(frozen=True)
class SweptScale:
    """`positions` (0 to 1) of the values, a zero before a logarithmic rest being `apart` from it."""

    positions: dict[float, float]
    labelled: tuple[float, ...]
    apart: bool

    def apply(self, axes: Axes) -> None:
        """Sets the limits and the ticks of x, and cuts the axis behind a zero that stands apart."""
        axes.set_xlim(-MARGIN, 1 + MARGIN)
        axes.set_xticks([self.positions[value] for value in self.labelled], [f"{value:g}" for value in self.labelled])
        axes.set_xticks(list(self.positions.values()), minor=True)
        if self.apart:
            second = sorted(self.positions.values())[1]
            axes.annotate(
                "//", (second / 2, 0), xycoords=axes.get_xaxis_transform(), ha="center", va="center", fontweight="bold",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            )  # fmt: skip


def swept_scale(values: Sequence[float], best: float) -> SweptScale:
    """Logarithmic where the positive values span much, with a place of its own for a zero; else linear.

    Args:
        values: rising, two at least.
        best: of them, the one whose label is left out last.
    """
    positive = [value for value in values if value > 0]
    log = values[0] >= 0 and len(positive) > 1 and positive[-1] / positive[0] > LOG_ABOVE_RATIO
    apart = log and values[0] == 0
    if apart:
        step = (math.log(positive[-1]) - math.log(positive[0])) / (len(positive) - 1)
        raw = [math.log(positive[0]) - step, *map(math.log, positive)]
    else:
        raw = [math.log(value) if log else value for value in values]
    positions = {value: (at - raw[0]) / (raw[-1] - raw[0]) for value, at in zip(values, raw, strict=True)}
    return SweptScale(positions, _labelled(positions, best), apart)


def _labelled(positions: dict[float, float], best: float) -> tuple[float, ...]:
    """As many values as fit side by side: the best, the two ends, then from left to right."""
    chosen: list[float] = []
    for value in dict.fromkeys([best, min(positions), max(positions), *positions]):
        if all(_fit_beside(value, other, abs(positions[value] - positions[other])) for other in chosen):
            chosen.append(value)
    return tuple(sorted(chosen))


def _fit_beside(value: float, other: float, apart: float) -> bool:
    letters = len(f"{value:g}") / 2 + len(f"{other:g}") / 2 + 1
    return apart > letters * LETTER
