"""Up to six runs side by side: a column a run, loss above, error below, all on the same scales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from experiments.reports import wording
from experiments.reports.look import (
    BLUE,
    GUESSING,
    LINE_WIDTH,
    TEXT_SIZE,
    TITLE_SIZE,
    VERMILION,
    as_loss,
    as_score,
    cut_what_diverged,
    label_values,
    new_figure,
    tidy,
)
from experiments.reports.series import Series, last_point, series_of
from experiments.reports.titles import in_words
from experiments.runs.ending import OVER
from experiments.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS_WITH_MARKERS = 12  # one epoch is two points, which a line alone hardly shows
WIDER = 1.0  # the lower line, so that both are seen where they run on top of each other


def small_multiples(runs: Sequence[Run], score: str) -> Figure:
    """Two rows of panels, a column a run; `score` is `error_rate` or `rmse`."""
    figure = new_figure(max(7.5, 1.0 + 2.7 * len(runs)), 6.4)
    panels = figure.subplots(2, len(runs), sharex="col", sharey="row", squeeze=False)
    as_loss(panels[0, 0])
    as_score(panels[1, 0], score)
    for run, (upper, lower) in zip(runs, panels.T, strict=True):
        series = series_of(run, score)
        _loss_panel(upper, series)
        _score_panel(lower, series, score)
        if series.diverged:
            _say_diverged(upper, series)
        _title(upper, run, score)
        lower.set_xlabel("epoch", fontsize=TEXT_SIZE)
        last = max([1.0, *series.epochs])
        lower.set_xlim(-0.04 * last, 1.04 * last)
    for axes, name in ((panels[0, 0], "valid_loss"), (panels[1, 0], score)):
        cut_what_diverged(axes, [(run.record.get("guess") or {}).get(name) for run in runs])
    label_values(panels[0, 0])
    label_values(panels[1, 0])
    panels[0, 0].set_ylabel("loss (log scale)", fontsize=TEXT_SIZE)
    panels[1, 0].set_ylabel(score.replace("_", " "), fontsize=TEXT_SIZE)
    _legend(figure)
    return figure


def _loss_panel(axes: Axes, series: Series) -> None:
    _line(axes, series.epochs, series.train_loss, BLUE, "s", wider=WIDER)
    _line(axes, series.epochs, series.valid_loss, VERMILION, "o")
    _guessing(axes, series.guess.get("valid_loss"))
    tidy(axes)


def _score_panel(axes: Axes, series: Series, score: str) -> None:
    _line(axes, series.epochs, series.score, VERMILION, "o")
    _guessing(axes, series.guess.get(score))
    tidy(axes)


def _line(axes: Axes, epochs: list[float], values: list[float], colour: str, marker: str, wider: float = 0.0) -> None:
    shown = marker if len(epochs) <= POINTS_WITH_MARKERS else ""
    style: dict[str, Any] = {
        "color": colour,
        "linewidth": LINE_WIDTH + wider,
        "marker": shown,
        "markersize": 5 + wider,
    }
    axes.plot(epochs, values, **style)


def _guessing(axes: Axes, level: float | None) -> None:
    if level is not None:
        axes.axhline(level, color=GUESSING, linewidth=1.5, linestyle=(0, (4, 3)), zorder=1.5)


def _say_diverged(axes: Axes, series: Series) -> None:
    """The word on the side of the panel that the line left free: below one that rose, above one that fell."""
    end = last_point(series.epochs, series.valid_loss)
    rose = end is not None and end[1] > series.guess.get("valid_loss", 0.0)
    axes.annotate(
        "diverged",
        (0.97, 0.06 if rose else 0.55),
        xycoords="axes fraction",
        ha="right",
        fontsize=TEXT_SIZE,
        fontweight="bold",
        color=VERMILION,
    )


def _title(axes: Axes, run: Run, score: str) -> None:
    """The run's name in words, and below it the final error and what kept it from finishing."""
    axes.set_title(_how_it_ended(run, score), fontsize=TEXT_SIZE, color="#333333", pad=6)
    axes.annotate(
        "\n".join(in_words(run.name)),
        (0.5, 1.0),
        (0, 6 + 1.5 * TEXT_SIZE),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=TITLE_SIZE,
        fontweight="bold",
    )


def _how_it_ended(run: Run, score: str) -> str:
    final = (run.metrics.get("final") or {}).get(score)
    said = [] if final is None else [f"{wording.score(score, final)} {score.split('_')[0]}"]
    if run.status not in OVER:
        said.append(run.status)
    return ", ".join(said)


def _legend(figure: Figure) -> None:
    """One legend for all panels, above them."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=BLUE, linewidth=LINE_WIDTH + WIDER, marker="s", label="training (evaluation mode)"),
        Line2D([], [], color=VERMILION, linewidth=LINE_WIDTH, marker="o", label="validation"),
        Line2D([], [], color=GUESSING, linewidth=1.5, linestyle=(0, (4, 3)), label="guessing"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False, fontsize=TEXT_SIZE)
