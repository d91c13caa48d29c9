"""Why a learning rate is too low, good or too high: along one direction the loss is a parabola, and steps hop on it.

Gradient descent on a mean squared error moves independently along each eigenvector of its second derivatives. Along
the steepest one the distance from the best value is multiplied by 1 - rate * steepness at every step: that is all.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from experiments.reports.drawing.hops import Hops, steepest_is_the_intercept, three_hops
from experiments.reports.drawing.plane import Limits, cut, within
from experiments.reports.drawing.recorded import Recorded
from experiments.reports.drawing.theme import Theme, style, themed_figure
from experiments.reports.look import LINE_WIDTH, TEXT_SIZE, TITLE_SIZE

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Array = NDArray[np.floating]

REACH = 1.75  # of the start's distance: the view to both sides
SHORTEST_ARROW = 0.3  # of the start's distance: shorter hops have no room for a head
NEARLY = 0.9  # of the critical rate: above it the steps arrive, but only just


def parabola(runs: Sequence[Recorded], theme: Theme) -> Figure:
    """Three panels, too low, good and too high, on the same scales: the first steps of a run on the parabola each.

    A panel that none of the runs belongs to shows what gradient descent would do, from the start of the first run.

    Raises:
        ValueError: a run is not plain gradient descent on all points, or there is none.
    """
    too_low, good, too_high = three_hops(runs)
    middle = "good" if good.ratio <= NEARLY else "nearly too high"
    figure = themed_figure(theme, 12.6, 5.2)
    panels = figure.subplots(1, 3, sharex=True, sharey=True)
    limits = _view(good)
    named = (("too low", too_low), (middle, good), ("too high", too_high))
    for axes, (name, hops) in zip(panels, named, strict=True):
        style(axes, theme)
        axes.set(xlim=limits[0], ylim=limits[1])
        _hops(axes, hops, limits, theme)
        _title(axes, name, hops, theme)
    panels[0].set_ylabel("loss", fontsize=TEXT_SIZE)
    nearly = ": nearly the intercept alone" if steepest_is_the_intercept(runs[0]) else ""
    label = f"distance from the best value, along the direction in which the loss is steepest{nearly}"
    figure.supxlabel(label, fontsize=TEXT_SIZE, color=theme.ink)
    return figure


def _view(hops: Hops) -> Limits:
    import numpy as np

    reach = REACH * (abs(float(hops.positions[0])) or 1.0)
    top = float(hops.loss(np.array(reach)))
    return (-reach, reach), (-0.05 * top, top)


def _hops(axes: Axes, hops: Hops, limits: Limits, theme: Theme) -> None:
    """The parabola, the steps on it as far as they stay in view, and where they start."""
    import numpy as np

    x = np.linspace(*limits[0], 201)
    axes.plot(x, hops.loss(x), color=theme.faint, linewidth=LINE_WIDTH, zorder=2)
    path, left = cut(np.stack([hops.positions, hops.loss(hops.positions)], axis=1), within(limits))
    landed = path[:-1] if left else path
    for here, there in pairwise(path):
        _arrow(axes, here, there, limits, theme)
    axes.plot(*landed.T, linestyle="", marker="o", markersize=7, color=theme.fit, markeredgecolor=theme.page, zorder=4)
    axes.plot(*path[0], marker="s", markersize=10, color=theme.fit, markeredgecolor=theme.ink, zorder=5)
    away: dict[str, Any] = {"xytext": (-9, 0), "textcoords": "offset points", "ha": "right", "va": "center"}
    axes.annotate("start", (path[0, 0], path[0, 1]), fontsize=TEXT_SIZE, color=theme.ink, **away)


def _arrow(axes: Axes, here: Array, there: Array, limits: Limits, theme: Theme) -> None:
    far = abs(there[0] - here[0]) > SHORTEST_ARROW * limits[0][1] / REACH
    how = {"arrowstyle": "-|>" if far else "-", "color": theme.fit, "linewidth": 1.6, "shrinkA": 0, "shrinkB": 4}
    arrow = {**how, "mutation_scale": 12}
    axes.annotate("", (there[0], there[1]), (here[0], here[1]), arrowprops=arrow, zorder=3, annotation_clip=False)


def _title(axes: Axes, name: str, hops: Hops, theme: Theme) -> None:
    """The name, the rate, and what it does."""
    rate = f"rate {hops.rate:.3g}, {hops.ratio:.3g} x the critical {hops.critical_rate:.2f}"
    lines = [rate + ("" if hops.is_recorded else ", computed"), _outcome(hops)]
    axes.set_title(name, fontsize=TITLE_SIZE, fontweight="bold", color=theme.ink, pad=42)
    at: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "center"}
    axes.annotate("\n".join(lines), (0.5, 1), (0, 8), fontsize=TEXT_SIZE - 1, color=theme.ink, linespacing=1.4, **at)


def _outcome(hops: Hops) -> str:
    if hops.ratio > 1:
        return "every step lands farther away"
    share = "less than 1%" if hops.left < 0.01 else f"{hops.left:.0%}"
    return f"after {len(hops.positions) - 1} steps {share} of the way is left"
