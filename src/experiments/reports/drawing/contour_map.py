"""The map that paths are drawn on: bands of loss, the deeper the darker, and lines with the loss written on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiments.reports.drawing.descent import hessian
from experiments.reports.drawing.plane import Limits, Plane, within
from experiments.reports.drawing.theme import Theme, style
from experiments.reports.look import TEXT_SIZE

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.contour import ContourSet
    from numpy.typing import NDArray

    Array = NDArray[np.floating]

GRID = 160
DEEPEST = 1 / 1000  # of the highest loss: below it there is nothing to tell apart
FEWEST = 4  # lines
STRENGTH = 0.38  # of the colours on the page
SMALLEST_NUMBERED = 0.1  # of the view's width: smaller rings have no room for their number
EDGE = 0.06  # of the view's sides: where a number would be cut
APART = 0.09  # of the view's width: how far a number is from the next
CLEAR = 0.08  # of the view's width: how far from a path is far enough
DIRECTIONS = 48
MOST_ROWS = 500  # of a path to keep clear of: after them it is at the end


def levels_in(bowl: Plane, limits: Limits) -> list[float]:
    """Losses to draw lines at: 1, 2, 5, 10, ..., evenly spaced on a log scale; evenly where those are too few."""
    from matplotlib.ticker import MaxNLocator

    loss = bowl.loss(_grid(limits))
    high = float(loss.max())
    low = max(float(loss.min()), DEEPEST * high)
    round_ones = [digit * 10.0**decade for decade in range(-9, 16) for digit in (1, 2, 5)]
    levels = [level for level in round_ones if low < level < high]
    if len(levels) >= FEWEST:
        return levels
    return [float(level) for level in MaxNLocator(2 * FEWEST).tick_values(low, high) if low < level < high]


def draw_map(axes: Axes, bowl: Plane, limits: Limits, levels: Sequence[float], theme: Theme) -> ContourSet:
    """Bands and lines at the levels, within the limits; the same level has the same colour in every window."""
    import numpy as np
    from matplotlib import colormaps
    from matplotlib.colors import to_rgb

    style(axes, theme)
    axes.grid(False)
    colours = colormaps[theme.colour_map](np.linspace(0, 1, len(levels) + 1))[:, :3]
    colours = STRENGTH * colours + (1 - STRENGTH) * np.array(to_rgb(theme.page))
    x, y = np.moveaxis(_grid(limits), -1, 0)
    loss = bowl.loss(_grid(limits))
    axes.contourf(x, y, loss, [-np.inf, *levels, np.inf], colors=colours)
    lines = axes.contour(x, y, loss, levels, colors=theme.faint, linewidths=0.9)
    axes.set(xlim=limits[0], ylim=limits[1], aspect="equal")
    return lines


def draw_fine_lines(axes: Axes, bowl: Plane, limits: Limits, theme: Theme) -> None:
    """Lines between the levels, for a window so small that it has none."""
    import numpy as np

    x, y = np.moveaxis(_grid(limits), -1, 0)
    rise = bowl.loss(_grid(limits)) - bowl.lowest
    axes.contour(x, y, rise, rise.max() * np.linspace(0, 1, 6)[1:-1] ** 2, colors=theme.faint, linewidths=0.8)


def write_levels(axes: Axes, lines: ContourSet, bowl: Plane, limits: Limits, theme: Theme) -> None:
    """The numbers in a row, in the direction from the middle in which most of them are clear of the path."""
    import numpy as np

    angles = np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False)
    rows = [_positions(bowl, limits, np.asarray(lines.levels), angle) for angle in angles]
    width = limits[0][1] - limits[0][0]
    path = _densely(bowl.path[within(limits)(bowl.path)][:MOST_ROWS])

    def clearance(row: Array) -> float:
        if not len(row):
            return 0.0
        nearest = np.linalg.norm(row[:, None] - path, axis=-1).min(axis=1)
        return float(np.minimum(nearest, CLEAR * width).sum())

    best = max(rows, key=clearance)
    if len(best):
        axes.clabel(lines, manual=best.tolist(), fontsize=TEXT_SIZE - 2, colors=theme.ink, fmt="{:g}".format)


def _positions(bowl: Plane, limits: Limits, levels: Array, angle: float) -> Array:
    """Where a ray from the middle meets lines, as far as they are in view, large enough and apart: (K, 2)."""
    import numpy as np

    ray = np.array([np.cos(angle), np.sin(angle)])
    width = limits[0][1] - limits[0][0]
    with np.errstate(divide="ignore"):
        reach = np.sqrt(2 * (levels - bowl.lowest) / (ray @ hessian(bowl.points) @ ray))
    at = bowl.best + reach[:, None] * ray
    seen = at[within(limits, EDGE)(at) & (reach > SMALLEST_NUMBERED * width)]
    apart: list[Array] = []
    for place in seen:
        if not apart or np.linalg.norm(place - apart[-1]) > APART * width:
            apart.append(place)
    return np.array(apart).reshape(-1, 2)


def _densely(path: Array) -> Array:
    """With points between, for the long hops."""
    import numpy as np

    shares = np.linspace(0, 1, 8)[:, None, None]
    points: Array = (path[:-1] + shares * np.diff(path, axis=0)).reshape(-1, 2)
    return np.concatenate([points, path[-1:]])


def _grid(limits: Limits) -> Array:
    """Points (GRID, GRID, 2) all over the window."""
    import numpy as np

    return np.stack(np.meshgrid(*(np.linspace(*limit, GRID) for limit in limits)), axis=-1)
