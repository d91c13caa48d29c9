"""The loss of a straight line as a bowl over slope and intercept, and the way that a run took down into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from experiments.reports.drawing.descent import hessian
from experiments.reports.drawing.plane import Plane, cut, plane
from experiments.reports.drawing.recorded import Recorded
from experiments.reports.drawing.theme import Theme, themed_figure
from experiments.reports.look import TEXT_SIZE

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Array = NDArray[np.floating]

RINGS = 7
FLOOR = 0.5  # how far the floor is below 0, as a share of the height
ELEVATION = 33.0
FROM_THE_START = 125.0  # degrees from where the run starts to where the eye is: the way down crosses the view
BOX = (1.25, 1.25, 1.05)
STRENGTH = 0.85  # of the wall's colours on the page


def surface(recorded: Recorded, theme: Theme) -> Figure:
    """The loss surface of a run of two parameters in three dimensions, its path on it and on the floor below.

    Raises:
        ValueError: the run does not have exactly two parameters.
    """
    bowl = plane(recorded)
    figure = themed_figure(theme, 9.0, 7.4)
    axes: Any = figure.add_subplot(projection="3d", computed_zorder=False)  # else the path hides in the bowl
    _box(axes, bowl, theme)
    _rings(axes, bowl, theme)
    _wall(axes, bowl, theme)
    _path(axes, bowl, theme)
    figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=TEXT_SIZE, labelcolor=theme.ink)
    return figure


def _floor(bowl: Plane) -> float:
    return -FLOOR * bowl.highest


def _box(axes: Any, bowl: Plane, theme: Theme) -> None:
    """The space around the bowl, from the floor to the rim, and where it is seen from."""
    import numpy as np

    rim = _ellipses(bowl, bowl.highest - bowl.lowest)
    low, high = rim.min(axis=0), rim.max(axis=0)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(_floor(bowl), bowl.highest))
    axes.set_box_aspect(BOX, zoom=1.05)
    slope, intercept = bowl.path[0] - bowl.best
    axes.view_init(elev=ELEVATION, azim=float(np.degrees(np.arctan2(intercept, slope))) + FROM_THE_START)
    axes.set_facecolor(theme.page)
    axes.tick_params(colors=theme.ink, labelsize=TEXT_SIZE - 1)
    axes.set_zticks([tick for tick in axes.get_zticks() if 0 <= tick <= bowl.highest])
    for axis, name in ((axes.xaxis, "slope"), (axes.yaxis, "intercept"), (axes.zaxis, "loss")):
        axis.set_label_text(name, fontsize=TEXT_SIZE, color=theme.ink)
        axis.labelpad = 13
        axis.set_pane_color(theme.page)
        axis.line.set_color(theme.faint)
        axis._axinfo["grid"].update(color=theme.grid)  # matplotlib has no other way


def _ellipses(bowl: Plane, heights: Any) -> Array:
    """Where the loss is `heights` (...) above its lowest: (..., angles, 2)."""
    import numpy as np

    steepness, directions = np.linalg.eigh(hessian(bowl.points))
    axes = directions / np.sqrt(np.maximum(steepness, 1e-4 * steepness[-1]) / 2)  # a valley without end is cut
    angle = np.linspace(0, 2 * np.pi, 181)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    ellipses: Array = bowl.best + np.sqrt(heights)[..., None, None] * (circle @ axes.T)
    return ellipses


def _rings(axes: Any, bowl: Plane, theme: Theme) -> None:
    """Lines of equal loss, on the bowl and on the floor."""
    import numpy as np

    for share in np.linspace(0, 1, RINGS + 1)[1:]:
        height = share * (bowl.highest - bowl.lowest)
        x, y = _ellipses(bowl, height).T
        width = 1.6 if share == 1 else 0.9  # the rim
        axes.plot(x, y, bowl.lowest + height, color=theme.ink, alpha=0.3, linewidth=width, zorder=3)
        axes.plot(x, y, _floor(bowl), color=theme.faint, alpha=0.55, linewidth=0.9, zorder=1)


def _wall(axes: Any, bowl: Plane, theme: Theme) -> None:
    """Only where it is seen from inside: the near wall would hide the path."""
    import numpy as np
    from matplotlib import colormaps
    from matplotlib.colors import to_rgb
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection  # type: ignore[import-untyped]

    heights = np.linspace(0, 1, 40) ** 1.5
    rings = _ellipses(bowl, (bowl.highest - bowl.lowest) * heights)
    grid = np.concatenate([rings, bowl.loss(rings)[..., None]], axis=-1)
    corners = [grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]]
    faces = np.stack(corners, axis=2).reshape(-1, 4, 3)
    colours = colormaps[theme.colour_map](np.repeat(heights[1:], rings.shape[1] - 1))[:, :3]
    colours = STRENGTH * colours + (1 - STRENGTH) * np.array(to_rgb(theme.page))
    seen = _seen_from_inside(axes, bowl, faces.mean(axis=1)[:, :2])
    style = {"facecolors": colours[seen], "edgecolors": colours[seen], "linewidths": 0.6}  # edges: else seams
    axes.add_collection3d(Poly3DCollection(faces[seen], zorder=2, **style))


def _seen_from_inside(axes: Any, bowl: Plane, at: Array) -> NDArray[np.bool_]:
    """Whether the eye sees the inner side of the bowl at (N, 2): (N,)."""
    import numpy as np

    elevation, azimuth = np.radians([axes.elev, axes.azim])
    eye = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    spans = np.ptp([axes.get_xlim(), axes.get_ylim(), axes.get_zlim()], axis=1)
    towards_eye = eye * spans / np.array(BOX)
    gradient = (at - bowl.best) @ hessian(bowl.points)
    seen: NDArray[np.bool_] = gradient @ towards_eye[:2] < towards_eye[2]
    return seen


def _path(axes: Any, bowl: Plane, theme: Theme) -> None:
    """Down into the bowl as far as it stays there, its shadow on the floor, and the points to know."""
    from matplotlib.patheffects import withStroke

    path, left = cut(bowl.path, lambda at: bowl.loss(at) <= bowl.highest)
    floor, loss = _floor(bowl), bowl.loss(path)
    edge = [withStroke(linewidth=3.6, foreground=theme.page)]
    axes.plot(*path.T, loss, color=theme.fit, linewidth=2, path_effects=edge, zorder=5)
    dots: dict[str, Any] = {"color": theme.fit, "linewidth": 2, "marker": "o", "markersize": 4.5}
    axes.plot(*path.T, loss, label="path of the run", zorder=5.5, **dots)
    axes.plot(*path.T, floor, color=theme.fit, linewidth=1.5, alpha=0.8, label="seen from above", zorder=1.5)
    (slope, intercept), lowest = bowl.best, bowl.lowest
    axes.plot([slope] * 2, [intercept] * 2, [floor, lowest], color=theme.faint, linestyle=":", zorder=1.6)

    ends: dict[str, Any] = {"linestyle": "", "zorder": 7, "color": theme.fit, "markeredgecolor": theme.ink}
    axes.plot(*path[:1].T, loss[:1], label="start", marker="s", markersize=10, **ends)
    sign, name = ("X", "leaves the bowl") if left else ("o", "end")
    axes.plot(*path[-1:].T, loss[-1:], label=name, marker=sign, markersize=9, **ends)
    ring: dict[str, Any] = {"linestyle": "", "markerfacecolor": "none", "markeredgecolor": theme.other, "zorder": 6}
    axes.plot(slope, intercept, lowest, label="least squares", marker="o", markersize=16, markeredgewidth=2.4, **ring)
