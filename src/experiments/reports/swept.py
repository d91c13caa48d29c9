"""`swept.png`: training and validation error over the swept number, the picture of under- and overfitting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.reports import wording
from experiments.reports.look import (
    BLUE,
    GRID,
    GUESSING,
    LINE_WIDTH,
    TEXT_SIZE,
    TITLE_SIZE,
    VERMILION,
    new_figure,
    png,
)
from experiments.reports.swept_errors import Place, SweptErrors, swept_errors
from experiments.reports.swept_scale import SweptScale, swept_scale
from experiments.runs.files import write_bytes
from experiments.runs.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

IN_WORDS = {
    "dataset.batch_size": "batch size",
    "dataset.label_noise": "share of wrong labels",
    "dataset.points": "training points",
    "dataset.subset_fraction": "share of the training images",
    "model.degree": "degree of the polynomial",
    "model.dropout": "dropout",
    "model.width": "width of the network",
    "optimizer.lr": "learning rate",
    "optimizer.momentum": "momentum",
    "optimizer.weight_decay": "weight decay",
    "schedule.epochs": "epochs",
}
WORTH_SEEING = 2.0
"""Times guessing: a run that ends above it went wrong altogether, and the scale ends below it."""
WIDER = 1.0
"""The lower line, so that both are seen where they run on top of each other."""
RATE = "optimizer.lr"
"""A rate that is too high fits nothing, but that is not what underfitting means."""


def draw_swept(sweep: Sweep, path: Path) -> bool:
    """Draws the final errors over the one number that was swept to `path`, a PNG.

    False, and no file, if less than three numbers or more than one key were swept. Raises OSError if `path` cannot be
    written.
    """
    found = swept_errors(sweep)
    if found is None:
        return False
    write_bytes(path, png(swept_figure(found)))
    return True


def swept_figure(found: SweptErrors) -> Figure:
    """Error from 0 up to what is worth seeing; the best value is marked, and so is what lies above the scale."""
    figure = new_figure(8.4, 5.4)
    axes = figure.subplots()
    scale = swept_scale([place.value for place in found.places], found.best.value)
    top = _top(found)
    axes.set_ylim(0, top)
    for train in (True, False):
        _errors(axes, scale, found.places, train=train)
    if found.guess is not None and found.guess < top:
        axes.axhline(found.guess, color=GUESSING, linewidth=1.5, linestyle=(0, (4, 3)), zorder=1.5)
    _best(axes, scale, found)
    _tidy(axes, found.score)
    scale.apply(axes)
    _words(axes, found)
    _legend(figure, found, top)
    return figure


def _top(found: SweptErrors) -> float:
    """A little above the highest error that is worth seeing."""
    limit = WORTH_SEEING * found.guess if found.guess else math.inf
    errors = [error for place in found.places for error in (*place.train, *place.valid)]
    seen = [error for error in errors if math.isfinite(error) and error <= limit]
    return 1.12 * max([*seen, found.best.mean_valid]) or 1.0


def _errors(axes: Axes, scale: SweptScale, places: Sequence[Place], *, train: bool) -> None:
    """A line through the means, the single runs beside it, and a mark at the top for what is above the scale."""
    colour, marker = (BLUE, "s") if train else (VERMILION, "o")
    means = [place.mean_train if train else place.mean_valid for place in places]
    x = [scale.positions[place.value] for place in places]
    top = axes.get_ylim()[1]
    drawn = [min(mean, 1e3 * top) for mean in means]
    first = 1 if scale.apart else 0
    style: dict[str, Any] = {"color": colour, "linewidth": LINE_WIDTH + WIDER * train}
    axes.plot(x[first:], drawn[first:], **style)
    axes.plot(x[: first + 1], drawn[: first + 1], linestyle=":", **style)
    axes.plot(x, drawn, linestyle="", marker=marker, markersize=6.5, color=colour)
    for place, at in zip(places, x, strict=True):
        single = place.train if train else place.valid
        if len(single) > 1:
            axes.plot([at] * len(single), single, linestyle="", marker=marker, markersize=4, color=colour, alpha=0.45)
    if not train:
        for at in (at for at, mean in zip(x, means, strict=True) if mean > top):
            axes.plot(at, top, **_above(colour), clip_on=False, zorder=5)


def _above(colour: str) -> dict[str, Any]:
    return {"linestyle": "", "marker": "^", "markersize": 10, "color": colour}


def _best(axes: Axes, scale: SweptScale, found: SweptErrors) -> None:
    """A ring around the lowest validation error, and what it is above the panel."""
    best, at = found.best, scale.positions[found.best.value]
    axes.axvline(at, color=GUESSING, linewidth=1.2, linestyle=":", zorder=1.2)
    ring: dict[str, Any] = {"markerfacecolor": "none", "markeredgecolor": "black", "markeredgewidth": 1.8}
    axes.plot([at], [best.mean_valid], marker="o", markersize=14, zorder=6, **ring)
    axes.annotate(
        f"best: {best.value:g}, {found.score.replace('_', ' ')} {wording.score(found.score, best.mean_valid)}",
        (at, 1),
        (0, 5),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        ha="left" if at < 0.2 else "right" if at > 0.8 else "center",
        fontsize=TEXT_SIZE,
        fontweight="bold",
    )


def _tidy(axes: Axes, score: str) -> None:
    from matplotlib.ticker import PercentFormatter

    axes.grid(True, axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=TEXT_SIZE - 1)
    axes.set_ylabel(score.replace("_", " "), fontsize=TEXT_SIZE)
    if score == "error_rate":
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=None))


def _words(axes: Axes, found: SweptErrors) -> None:
    """What is swept, and at which end of it the errors show under- or overfitting."""
    words = IN_WORDS.get(found.key, found.key)
    score = "rmse" if found.score == "rmse" else "error"
    axes.set_title(f"Training and validation {score} by {words}", fontsize=TITLE_SIZE + 1, fontweight="bold", pad=26)
    axes.set_xlabel(found.key, fontsize=TEXT_SIZE, labelpad=6)
    if found.key == RATE:
        return
    for end, side in ((found.places[0], "left"), (found.places[-1], "right")):
        said = "overfits" if found.overfits(end) else "underfits" if found.underfits(end) else None
        if said:
            arrow = f"\N{LEFTWARDS ARROW} {said}" if side == "left" else f"{said} \N{RIGHTWARDS ARROW}"
            beside: Any = ("axes fraction", axes.xaxis.label)
            at = (0 if side == "left" else 1, 0)
            axes.annotate(arrow, at, xycoords=beside, ha=side, va="bottom", fontsize=TEXT_SIZE, fontweight="bold")


def _legend(figure: Figure, found: SweptErrors, top: float) -> None:
    from matplotlib.lines import Line2D

    line: dict[str, Any] = {"linewidth": LINE_WIDTH}
    mean = f", mean of {found.seeds} seeds" if found.seeds > 1 else ""
    handles = [
        Line2D([], [], color=BLUE, marker="s", label=f"training (evaluation mode){mean}", **line),
        Line2D([], [], color=VERMILION, marker="o", label=f"validation{mean}", **line),
    ]
    if found.guess is not None and found.guess < top:
        handles.append(Line2D([], [], color=GUESSING, linewidth=1.5, linestyle=(0, (4, 3)), label="guessing"))
    if any(place.mean_valid > top for place in found.places):
        handles.append(Line2D([], [], label="above the scale", **_above(VERMILION)))
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=len(handles) if len(handles) < 4 else 2,
        frameon=False,
        fontsize=TEXT_SIZE - 1,
    )
