"""Too stiff, just right, too wiggly: fitted curves side by side, with their training and validation errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from experiments.reports.drawing.recorded import Recorded, mean_squared_error
from experiments.reports.drawing.theme import Theme, style, themed_figure
from experiments.reports.look import LINE_WIDTH, TEXT_SIZE, TITLE_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARGIN = 0.25  # of the points' height: room for the curve above and below them
FEW_POINTS = 50
HUGE = 1e4  # what nobody wants to see, of a y or an error


def pick_three(runs: Sequence[tuple[float, Recorded]], name: str = "") -> list[tuple[str, Recorded]]:
    """Of a sweep over one number, both ends and the run with the lowest validation error between, from stiff to wiggly.

    The stiff end is the one with the higher training error: the lowest degree, the highest weight decay. Where an end
    is the best itself, there are only two. The titles read `name value: too stiff`, or `too stiff` without a name.
    """
    ordered = sorted(runs, key=lambda pair: pair[0])
    if not ordered:
        return []
    if training_error(ordered[0][1]) < training_error(ordered[-1][1]):
        ordered.reverse()
    best = min(ordered, key=lambda pair: validation_error(pair[1]))
    picked = [("just right", best)]
    if best is not ordered[0]:
        picked.insert(0, ("too stiff", ordered[0]))
    if best is not ordered[-1]:
        picked.append(("too wiggly", ordered[-1]))
    return [(f"{name} {value:g}: {what}" if name else what, run) for what, (value, run) in picked]


def training_error(run: Recorded) -> float:
    """The root of the mean squared error of the last parameters; inf if they are no longer finite."""
    return math.sqrt(mean_squared_error(run.train, run.parameters[-1]))


def validation_error(run: Recorded) -> float:
    """The same on the validation points."""
    return math.sqrt(mean_squared_error(run.valid, run.parameters[-1]))


def fits(runs: Sequence[tuple[str, Recorded]], theme: Theme) -> Figure:
    """A panel for each title and run, on the same scales; the lowest validation error is marked as the best.

    Raises:
        ValueError: there is no run.
    """
    if not runs:
        raise ValueError("there is no run to draw")
    figure = themed_figure(theme, 4.1 * len(runs) + 0.5, 4.7)
    panels = figure.subplots(1, len(runs), sharex=True, sharey=True, squeeze=False)[0]
    best = min(runs, key=lambda pair: validation_error(pair[1]))[1]
    for axes, (title, run) in zip(panels, runs, strict=True):
        style(axes, theme)
        _fit(axes, run, theme)
        _title(axes, title, run, run is best and len(runs) > 1, theme)
        axes.set_xlabel("x", fontsize=TEXT_SIZE)
    panels[0].set_ylabel("y", fontsize=TEXT_SIZE)
    panels[0].set_ylim(_heights([run for _, run in runs]))
    handles = panels[0].get_legend_handles_labels()[0]
    where: dict[str, Any] = {"loc": "outside lower center", "ncols": 3, "frameon": False}
    figure.legend(handles=handles, fontsize=TEXT_SIZE, labelcolor=theme.ink, **where)
    return figure


def _heights(runs: Sequence[Recorded]) -> tuple[float, float]:
    import numpy as np

    y = np.concatenate([part.y for run in runs for part in (run.train, run.valid)])
    room = MARGIN * (float(np.ptp(y)) or 1.0)
    return float(y.min()) - room, float(y.max()) + room


def _fit(axes: Axes, run: Recorded, theme: Theme) -> None:
    import numpy as np

    faint: dict[str, Any] = {"markersize": 3.5, "color": theme.faint, "alpha": 0.5, "markeredgewidth": 0}
    axes.plot(run.valid.x, run.valid.y, "o", label="validation points", zorder=2, **faint)
    dots: dict[str, Any] = {"markersize": 7, "color": theme.points, "markeredgecolor": theme.page}
    above = 5 if len(run.train.x) <= FEW_POINTS else 3  # many would hide the fit
    axes.plot(run.train.x, run.train.y, "o", label="training points", zorder=above, **dots)
    with np.errstate(all="ignore"):
        curve = run.curve.features @ run.parameters[-1]
        drawn = np.where(np.abs(curve) < HUGE, curve, np.nan)
    axes.plot(run.curve.x, drawn, label="fit", color=theme.fit, linewidth=LINE_WIDTH + 0.4, zorder=4)
    if np.isnan(drawn).mean() > 0.5:
        at: dict[str, Any] = {"xycoords": "axes fraction", "ha": "right", "fontweight": "bold"}
        axes.annotate("the fit is out of view", (0.97, 0.05), fontsize=TEXT_SIZE, color=theme.fit, **at)


def _title(axes: Axes, title: str, run: Recorded, is_best: bool, theme: Theme) -> None:
    """In bold with the errors below it; the best in the colour of what is compared."""
    colour = theme.other if is_best else theme.ink
    axes.set_title(title, fontsize=TITLE_SIZE, fontweight="bold", color=colour, pad=42)
    errors = f"training error {_number(training_error(run))}\nvalidation error {_number(validation_error(run))}"
    at: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "center"}
    axes.annotate(errors, (0.5, 1), (0, 8), fontsize=TEXT_SIZE - 1, color=theme.ink, linespacing=1.4, **at)


def _number(error: float) -> str:
    return f"{error:.2f}" if error < HUGE else f"over {HUGE:.0f}"
