"""More than six runs in two panels: a line a run, coloured by the swept value or by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from experiments.reports.look import (
    GUESSING,
    TEXT_SIZE,
    as_loss,
    as_score,
    cut_what_diverged,
    label_values,
    new_figure,
    tidy,
)
from experiments.reports.series import Series, last_point, series_of
from experiments.reports.swept_colours import SweptColours, swept_colours
from experiments.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MANY = 100
"""Of more runs only thin lines can be told apart."""

CROSS: dict[str, Any] = {"marker": "x", "markersize": 9, "markeredgewidth": 2.2}


def overlay(runs: Sequence[Run], jobs: Sequence[Mapping[str, Any]], score: str) -> Figure:
    """Validation loss and `score` (`error_rate` or `rmse`) of all runs, and a key to their colours."""
    figure = new_figure(13, 5.6)
    panels = figure.subplots(1, 2)
    colours = swept_colours(runs, jobs)
    all_series = [series_of(run, score) for run in runs]
    as_loss(panels[0])
    as_score(panels[1], score)
    for axes, name in zip(panels, ("valid_loss", score), strict=True):
        _lines(axes, all_series, "valid_loss" if name == "valid_loss" else "score", colours)
        _guessing(axes, [series.guess.get(name) for series in all_series])
        tidy(axes)
        cut_what_diverged(axes, [series.guess.get(name) for series in all_series])
        label_values(axes)
        axes.set_xlabel("epoch", fontsize=TEXT_SIZE)
        last = max(epoch for series in all_series for epoch in [1.0, *series.epochs])
        axes.set_xlim(-0.02 * last, 1.02 * last)
    panels[0].set_ylabel("validation loss (log scale)", fontsize=TEXT_SIZE)
    panels[1].set_ylabel(score.replace("_", " "), fontsize=TEXT_SIZE)
    colours.explain(figure, panels)
    _legend_of_signs(figure, any(series.diverged for series in all_series))
    return figure


def _lines(axes: Axes, all_series: Sequence[Series], curve: str, colours: SweptColours) -> None:
    for series, style in zip(all_series, colours.styles, strict=True):
        values = getattr(series, curve)
        axes.plot(series.epochs, values, linewidth=1.8 if len(all_series) <= MANY else 0.8, **style)
        end = last_point(series.epochs, values)
        if series.diverged and end:
            axes.plot(*end, color=style["color"], **CROSS)


def _guessing(axes: Axes, levels: Sequence[float | None]) -> None:
    # Runs on the same data guess alike; where a sweep changes the data, a line for each level.
    for level in {level for level in levels if level is not None}:
        axes.axhline(level, color=GUESSING, linewidth=1.5, linestyle=(0, (4, 3)), zorder=1.5)


def _legend_of_signs(figure: Figure, some_diverged: bool) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=GUESSING, linewidth=1.5, linestyle=(0, (4, 3)), label="guessing")]
    if some_diverged:
        handles.append(Line2D([], [], color="#333333", linestyle="", label="diverged", **CROSS))
    figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False, fontsize=TEXT_SIZE)
