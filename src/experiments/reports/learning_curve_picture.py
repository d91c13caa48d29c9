"""`swept.png` of a learning curve: the error by the number of images, and where twice as many should lead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.reports.extrapolation import CannotTell, Extrapolation, extrapolation
from experiments.reports.learning_curve import LearningCurve
from experiments.reports.look import (
    BLUE,
    GREEN,
    GRID,
    GUESSING,
    LINE_WIDTH,
    TEXT_SIZE,
    TITLE_SIZE,
    VERMILION,
    new_figure,
    png,
)
from experiments.runs.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZES_AT_LEAST = 2
TICKS = (1e-4, 2e-4, 5e-4, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_CUT: dict[str, Any] = {"color": "black", "markersize": 9, "linestyle": "", "clip_on": False}
STEPS = 24
"""Points of the law's band, which is bent."""


def draw_learning_curve(curve: LearningCurve, path: Path) -> bool:
    """Draws it to `path`, a PNG; False, and no file, of a single size. Raises OSError if `path` cannot be written."""
    if len(curve.sizes) < SIZES_AT_LEAST:
        return False
    write_bytes(path, png(learning_curve_figure(curve)))
    return True


def learning_curve_figure(curve: LearningCurve) -> Figure:
    """Both axes are logarithmic: there a power law is a straight line. An error of 0 stands at the lower edge."""
    try:
        law: Extrapolation | None = extrapolation(curve)
    except CannotTell:
        law = None
    figure = new_figure(8.4, 5.4)
    axes = figure.subplots()
    axes.set_xscale("log")
    axes.set_yscale("log")
    bottom = _bottom(curve, law)
    axes.set_xlim(*_width(curve, law))
    axes.set_ylim(bottom, min(1.0, 1.25 * max(curve.guess, *(error for size in curve.sizes for error in size.valid))))
    if law is not None:
        _law(axes, law)
    _errors(axes, curve, bottom, train=True)
    _errors(axes, curve, bottom, train=False)
    axes.axhline(curve.guess, color=GUESSING, linewidth=1.5, linestyle=(0, (4, 3)), zorder=1.5)
    _tidy(axes, curve, law)
    _legend(figure, curve, law)
    return figure


def _width(curve: LearningCurve, law: Extrapolation | None) -> tuple[float, float]:
    """From the smallest to the largest size, or to twice its images, with a margin."""
    first, last = curve.sizes[0].images, law.twice if law else curve.sizes[-1].images
    margin = (last / first) ** 0.05
    return first / margin, last * margin


def _bottom(curve: LearningCurve, law: Extrapolation | None) -> float:
    """Below every error but those of 0, which a logarithmic axis has no place for."""
    errors = [error for size in curve.sizes for error in (*size.valid, *size.train)]
    errors += [law.range(law.twice)[0]] if law else []
    return 0.4 * min((error for error in errors if error > 0), default=0.5 / curve.validated)


def _errors(axes: Axes, curve: LearningCurve, bottom: float, *, train: bool) -> None:
    """A line through the means, and the single runs beside it."""
    colour, marker = (BLUE, "s") if train else (VERMILION, "o")
    images = [size.images for size in curve.sizes]
    means = [max(bottom, size.mean_train if train else size.mean) for size in curve.sizes]
    style: dict[str, Any] = {"color": colour, "marker": marker, "clip_on": False, "zorder": 4 - train}
    axes.plot(images, means, linewidth=LINE_WIDTH, markersize=6.5, **style)
    for size in curve.sizes:
        single = [max(bottom, error) for error in (size.train if train else size.valid)]
        if len(single) > 1:
            axes.plot([size.images] * len(single), single, linestyle="", markersize=4, alpha=0.45, **style)


def _law(axes: Axes, law: Extrapolation) -> None:
    """The law from the first size that it was fitted to up to twice the images, its range, and that in words."""
    first, last = law.sizes[0].images, law.twice
    images = [math.exp(math.log(first) + step / STEPS * math.log(last / first)) for step in range(STEPS + 1)]
    low, high = zip(*(law.range(one) for one in images), strict=True)
    axes.fill_between(images, low, high, color=GREEN, alpha=0.15, linewidth=0)
    axes.plot(images, [law.at(one) for one in images], color=GREEN, linewidth=1.6, linestyle="--")
    below, above = law.range(law.twice)
    axes.plot([law.twice] * 2, [below, above], color=GREEN, linewidth=5, solid_capstyle="butt", clip_on=False)
    axes.annotate(
        f"twice the images:\n{100 * below:.1f} to {100 * above:.1f} %",
        (law.twice, below),  # below it is room: errors fall from the upper left
        (12, -8),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=TEXT_SIZE,
        fontweight="bold",
    )


def _tidy(axes: Axes, curve: LearningCurve, law: Extrapolation | None) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

    axes.grid(True, axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=TEXT_SIZE - 1)
    bottom = axes.get_ylim()[0]
    nothing = [bottom] if any(error == 0 for size in curve.sizes for error in (*size.valid, *size.train)) else []
    axes.yaxis.set_major_locator(FixedLocator([*nothing, *(tick for tick in TICKS if tick > 1.3 * bottom)]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%" if share > bottom else "0%"))
    if nothing:  # the axis is cut, as 0 is not so near
        axes.plot([0], [1.16 * bottom], marker=[(-1, -0.6), (1, 0.6)], transform=axes.get_yaxis_transform(), **_CUT)
    axes.xaxis.set_major_locator(FixedLocator(_labelled([size.images for size in curve.sizes], law)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda images, _: f"{images:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_title("How many images are enough?", fontsize=TITLE_SIZE + 1, fontweight="bold", pad=12)
    axes.set_xlabel("training images", fontsize=TEXT_SIZE, labelpad=6)
    axes.set_ylabel("error rate", fontsize=TEXT_SIZE)


def _labelled(images: Sequence[int], law: Extrapolation | None) -> list[int]:
    """Sizes whose numbers fit side by side, the largest first."""
    chosen: list[int] = []
    wanted = [*([law.twice] if law else []), *reversed(images)]
    for one in wanted:
        if all(abs(math.log(one / other)) > 0.085 * math.log(wanted[0] / images[0]) for other in chosen):
            chosen.append(one)
    return chosen


def _legend(figure: Figure, curve: LearningCurve, law: Extrapolation | None) -> None:
    from matplotlib.lines import Line2D

    mean = f", mean of {curve.seeds} seeds" if curve.seeds > 1 else ""
    handles = [
        Line2D([], [], color=VERMILION, marker="o", linewidth=LINE_WIDTH, label=f"validation{mean}"),
        Line2D([], [], color=BLUE, marker="s", linewidth=LINE_WIDTH, label=f"training (evaluation mode){mean}"),
        Line2D([], [], color=GUESSING, linewidth=1.5, linestyle=(0, (4, 3)), label="guessing"),
    ]
    if law:
        label = "power law, four in five end in its range"
        handles.insert(2, Line2D([], [], color=GREEN, linewidth=1.6, linestyle="--", label=label))
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=TEXT_SIZE - 1)
