"""The loss of a straight line as a map of slope and intercept: the way down with all points a step, and with few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from experiments.reports.drawing.compared import Descent, descents_of
from experiments.reports.drawing.contour_map import draw_fine_lines, draw_map, levels_in, write_levels
from experiments.reports.drawing.plane import Limits, cut, view, within
from experiments.reports.drawing.recorded import Recorded
from experiments.reports.drawing.theme import Theme, themed_figure
from experiments.reports.look import TEXT_SIZE, TITLE_SIZE

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Array = NDArray[np.floating]

MANY_STEPS = 500
PANEL_WIDTH = 4.1  # inches
ZOOM_AT_MOST = 0.25  # of the view: more is no closer look


def contours(runs: Sequence[Recorded], theme: Theme) -> Figure:
    """A panel a run, the full batch first; beside a single plain run what the other kind of step would have done.

    Below them a closer look at the end, if minibatches got there: at a constant rate they never settle.

    Raises:
        ValueError: a run does not have exactly two parameters, or there is none.
    """
    descents = descents_of(runs)
    limits = view([descent.plane for descent in descents])
    closer = _window_at_the_end(descents, limits)
    figure, panels = _panels(len(descents), limits, closer, theme)
    levels = levels_in(descents[0].plane, limits)
    full = next((descent for descent in descents if descent.batch is None), None)
    for descent, column in zip(descents, panels.T, strict=True):
        smooth = None if full is None or full is descent else full.plane.path
        lines = draw_map(column[0], descent.plane, limits, levels, theme)
        write_levels(column[0], lines, descent.plane, limits, theme)
        _paths(column[0], descent, smooth, limits, _steps(theme), theme)
        _title(column[0], descent, theme)
        if closer:
            draw_map(column[1], descent.plane, closer, levels, theme)
            draw_fine_lines(column[1], descent.plane, closer, theme)
            _paths(column[1], descent, smooth, closer, _finer_steps(descent, theme), theme)
            _connect(column, closer, theme)
        _points(column, descent, limits, closer, theme)
    _legend(figure, panels, theme)
    return figure


def _panels(columns: int, limits: Limits, closer: Limits | None, theme: Theme) -> tuple[Figure, Any]:
    rows = 2 if closer else 1
    (left, right), (low, high) = limits
    height = PANEL_WIDTH * (high - low) / (right - left)
    above = 1.25 if columns > 1 else 1.6  # the legend has one line or two
    figure = themed_figure(theme, (PANEL_WIDTH + 0.15) * columns + 0.8, rows * (height + 0.5) + above)
    panels = figure.subplots(rows, columns, squeeze=False, sharex="row", sharey="row")
    for axes in panels.flat:
        axes.locator_params(nbins=8)  # else the ticks depend on the size and the size, by the margins, on the ticks
    for axes in panels[:, 0]:
        axes.set_ylabel("intercept", fontsize=TEXT_SIZE)
    for axes in panels[-1]:
        axes.set_xlabel("slope", fontsize=TEXT_SIZE)
    if closer:
        times = (right - left) / (closer[0][1] - closer[0][0])
        for axes in panels[1]:
            axes.set_title(f"the end, {times:.0f} times closer", fontsize=TEXT_SIZE, color=theme.ink)
    return figure, panels


def _window_at_the_end(descents: Sequence[Descent], limits: Limits) -> Limits | None:
    """Around the least squares, as wide as the second half of the minibatch paths; None if that is no closer look."""
    import numpy as np

    paths = [descent.plane.path for descent in descents if descent.batch is not None]
    if not paths:
        return None
    best, sides = descents[0].plane.best, np.ptp(limits, axis=1)
    with np.errstate(all="ignore"):
        away = np.abs(np.concatenate([path[len(path) // 2 :] for path in paths]) - best)
        half = 1.2 * np.max(away / sides) * sides
    if not 0 < half[0] < ZOOM_AT_MOST / 2 * sides[0]:
        return None
    low, high = best - half, best + half
    return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))


def _paths(
    axes: Axes, descent: Descent, smooth: Array | None, limits: Limits, steps: dict[str, Any], theme: Theme
) -> None:
    """The path as far as it stays in view, and the full batch's for comparison."""
    if smooth is not None:
        axes.plot(*cut(smooth, within(limits))[0].T, **_smooth(theme))
    axes.plot(*cut(descent.plane.path, within(limits))[0].T, **steps)


def _points(column: Sequence[Axes], descent: Descent, limits: Limits, closer: Limits | None, theme: Theme) -> None:
    """Where the path starts and ends, each drawn once: the end in the closer look, if it is there."""
    path, left = cut(descent.plane.path, within(limits))
    arrived = closer is not None and bool(within(closer)(path[-1]))
    column[0].plot(*path[0], **_point(theme, "s", 9))
    column[int(arrived)].plot(*path[-1], **(_point(theme, "X", 11) if left else _point(theme, "o", 8)))
    column[-1].plot(*descent.plane.best, **_ring(theme))
    if closer and not arrived:
        said: dict[str, Any] = {"xycoords": "axes fraction", "ha": "center", "fontsize": TEXT_SIZE, "color": theme.ink}
        column[1].annotate("not there yet", (0.5, 0.06), bbox={"color": theme.page, "alpha": 0.6}, **said)


def _steps(theme: Theme) -> dict[str, Any]:
    return {"color": theme.fit, "linewidth": 1.1, "marker": "o", "markersize": 2.8, "zorder": 3}


def _finer_steps(descent: Descent, theme: Theme) -> dict[str, Any]:
    """Where many steps end, they lie on top of each other."""
    many = len(descent.plane.path) > MANY_STEPS
    return {**_steps(theme), "linewidth": 0.5, "markersize": 1.6} if many else _steps(theme)


def _smooth(theme: Theme) -> dict[str, Any]:
    return {"color": theme.ink, "linewidth": 1.2, "linestyle": (0, (4, 2)), "zorder": 4}


def _point(theme: Theme, marker: str, size: float) -> dict[str, Any]:
    return {
        "linestyle": "", "marker": marker, "markersize": size, "color": theme.fit, "markeredgecolor": theme.ink,
        "zorder": 6, "clip_on": False,
    }  # fmt: skip


def _ring(theme: Theme) -> dict[str, Any]:
    return {
        "linestyle": "", "marker": "o", "markersize": 14, "markerfacecolor": "none", "markeredgecolor": theme.other,
        "markeredgewidth": 2.2, "zorder": 5,
    }  # fmt: skip


def _connect(column: Sequence[Axes], window: Limits, theme: Theme) -> None:
    """A frame where the closer look is, and lines that lead down to it."""
    from matplotlib.patches import ConnectionPatch, Rectangle

    wide, near = column
    (left, right), (low, high) = window
    wide.add_patch(Rectangle((left, low), right - left, high - low, fill=False, edgecolor=theme.ink, zorder=7))
    for slope in (left, right):
        lead = ConnectionPatch((slope, low), (slope, high), "data", "data", axesA=wide, axesB=near)
        lead.set(linestyle=":", color=theme.ink, alpha=0.6, zorder=2.5, in_layout=False)
        near.add_artist(lead)


def _title(axes: Axes, descent: Descent, theme: Theme) -> None:
    axes.set_title(descent.title, fontsize=TITLE_SIZE, fontweight="bold", color=theme.ink, pad=25)
    at: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "center"}
    axes.annotate(descent.note, (0.5, 1), (0, 10), fontsize=TEXT_SIZE - 1, color=theme.ink, **at)


def _legend(figure: Figure, panels: Any, theme: Theme) -> None:
    """Of the signs that are there."""
    from matplotlib.lines import Line2D

    signs = [
        ("steps", _steps(theme)), ("full batch", _smooth(theme)), ("start", _point(theme, "s", 9)),
        ("end", _point(theme, "o", 8)), ("leaves the view", _point(theme, "X", 11)), ("least squares", _ring(theme)),
    ]  # fmt: skip
    drawn = {(line.get_marker(), line.get_markersize()) for axes in panels.flat for line in axes.lines}
    handles = [Line2D([], [], label=name, **style) for name, style in signs]
    handles = [handle for handle in handles if (handle.get_marker(), handle.get_markersize()) in drawn]
    columns = min(len(handles), 3 * panels.shape[1])
    where: dict[str, Any] = {"loc": "outside upper center", "ncols": columns, "frameon": False}
    figure.legend(handles=handles, fontsize=TEXT_SIZE, labelcolor=theme.ink, **where)
