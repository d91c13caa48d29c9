"""`lr_find.png`: the loss of a range test by the rate, and the rates that it suggests."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.diagnosis.rate_suggestions import RULES, Suggestions
from experiments.reports.look import BLUE, GREEN, GRID, PALETTE, TEXT_SIZE, TITLE_SIZE, VERMILION, new_figure, png
from experiments.runs.files import write_bytes
from experiments.runs.rate_curve import RateCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKS = {"steepest": (VERMILION, "v"), "valley": (GREEN, "s"), "minimum_tenth": (PALETTE[3], "D")}
NO_ROOM_ON_THE_LEFT = 1e-4


def draw_lr_find(curve: RateCurve, suggestions: Suggestions, title: str, path: Path) -> None:
    """Draw it to `path`, a PNG. Raises OSError if `path` cannot be written."""
    write_bytes(path, png(lr_find_figure(curve, suggestions, title)))


def lr_find_figure(curve: RateCurve, suggestions: Suggestions, title: str) -> Figure:
    """Raw losses thin, the smoothed ones thick, a mark on the latter for each rule; losses far above the start cut."""
    figure = new_figure(8.4, 5.4)
    axes = figure.subplots()
    axes.set_xscale("log")
    rates = [step.lr for step in curve]
    axes.plot(rates, [step.loss for step in curve], color=BLUE, linewidth=0.9, alpha=0.55, label="loss of each step")
    smoothed = [step.smoothed for step in curve]
    axes.plot(rates, smoothed, color=BLUE, linewidth=2.8, label="smoothed", solid_capstyle="round")
    low, high = _heights(curve)
    axes.set_xlim(5e-8, 20)
    axes.set_ylim(low, high)
    for rule, words in RULES.items():
        _mark(axes, curve, getattr(suggestions, rule), rule, words)
    if suggestions.suggested is not None:
        _say(axes, f"begin with {suggestions.suggested:g}", suggestions.suggested)
    elif suggestions.climbs is not None:
        _say(axes, f"nothing to suggest; it climbs from {suggestions.climbs:.2g}", suggestions.climbs)
    else:
        _say(axes, "nothing to suggest")
    _tidy(axes, title)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=TEXT_SIZE - 1)
    return figure


def _heights(curve: RateCurve) -> tuple[float, float]:
    """From the lowest loss to well above the first ones: what climbs further has said what it had to say."""
    losses = [step.loss for step in curve if math.isfinite(step.loss)] or [0.0, 1.0]
    smoothed = [step.smoothed for step in curve if math.isfinite(step.smoothed)] or losses
    low, start = min(losses), max(smoothed[: len(smoothed) // 2 + 1])
    span = (start - low) or abs(start) or 1.0
    return low - 0.06 * span, start + 0.45 * span


def _mark(axes: Axes, curve: RateCurve, rate: float | None, rule: str, words: str) -> None:
    if rate is None:
        return
    colour, marker = MARKS[rule]
    nearest = min(curve.settled, key=lambda step: abs(math.log(step.lr / rate)))
    style: dict[str, Any] = {
        "color": colour,
        "marker": marker,
        "markersize": 11,
        "markeredgecolor": "white",
        "zorder": 4,
    }
    axes.plot([rate], [nearest.smoothed], linestyle="", label=f"{words}: {rate:.2g}", **style)


def _say(axes: Axes, words: str, rate: float | None = None) -> None:
    """At the upper edge, on the left of a line across at the rate, where the loss has not climbed yet."""
    if rate is not None:
        axes.axvline(rate, color="black", linewidth=1.4, linestyle=(0, (4, 3)), zorder=1.5)
    right = rate is not None and rate < NO_ROOM_ON_THE_LEFT
    axes.annotate(
        words,
        (axes.get_xlim()[1] if rate is None else rate, 1.0),
        (7 if right else -7, -6),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        ha="left" if right else "right",
        va="top",
        fontsize=TEXT_SIZE,
        fontweight="bold",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
    )


def _tidy(axes: Axes, title: str) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    axes.grid(True, which="major", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=TEXT_SIZE - 1)
    axes.xaxis.set_major_locator(LogLocator(numticks=12))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_title(title, fontsize=TITLE_SIZE + 1, fontweight="bold", pad=12)
    axes.set_xlabel("learning rate", fontsize=TEXT_SIZE, labelpad=6)
    axes.set_ylabel("training loss", fontsize=TEXT_SIZE)
