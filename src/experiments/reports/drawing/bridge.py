"""What fits two numbers is what fits the millions: the same three courses of the loss, whatever is trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from experiments.reports.drawing.loss_by_step import SMALLEST, course, draw_loss, is_noisy, losses
from experiments.reports.drawing.theme import Theme, style, themed_figure
from experiments.reports.drawing.three_rates import ThreeRates, rate_of, three_rates
from experiments.reports.look import TEXT_SIZE, TITLE_SIZE
from experiments.runs.names import model_name
from experiments.runs.run import Run
from experiments.runs.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

COLUMNS = ("too low", "good", "too high")
TOP = 10.0
"""Times the first loss: above it a run only goes on leaving, and the scale would hide the others."""
AROUND = 2.0
"""Times the highest and the lowest loss: where the scale ends."""


def bridge(sweeps: Sequence[Sweep], theme: Theme) -> Figure:
    """A row a sweep over learning rates: the training loss by steps where the rate is too low, good and too high.

    Which runs those are, `three_rates` says. Every row has a log scale of its own, and all have guessing at the same
    height. A loss that leaves the scale says how far it goes.

    Raises:
        NothingToDraw: a sweep has no three such runs.
    """
    rows = [three_rates(sweep) for sweep in sweeps]
    figure = themed_figure(theme, 10.8, 0.7 + 3.3 * len(rows))
    figure.suptitle(_title(rows), fontsize=TITLE_SIZE + 3, fontweight="bold", color=theme.ink)
    limits = [_limits(row) for row in rows]
    lowest, highest = min(low for low, _ in limits), max(high for _, high in limits)
    for part, row in zip(figure.subfigures(len(rows), 1, squeeze=False)[:, 0], rows, strict=True):
        part.set_facecolor(theme.page)
        _row(part, row, (lowest * _level(row), highest * _level(row)), theme)
    return figure


def _title(rows: Sequence[ThreeRates]) -> str:
    totals = sorted({_parameters(row.good) for row in rows})
    if len(totals) < 2:
        return "The learning rate: too low, good, too high"
    return f"The same three courses with {totals[0]:,} parameters and with {totals[-1]:,}"


def _level(row: ThreeRates) -> float:
    """What guessing gives; the first loss where that is not known."""
    return float((row.good.record.get("guess") or {}).get("valid_loss") or losses(row.good)[0] or 1.0)


def _limits(row: ThreeRates) -> tuple[float, float]:
    """Of a row's scale, in levels: around its losses and guessing, but no more than `TOP` above the first."""
    highest = max(max(losses(run)) for run in row.runs) / _level(row)
    lowest = min(min(course(losses(run))) for run in row.runs) / _level(row)
    top = min(AROUND * highest, TOP * losses(row.good)[0] / _level(row))
    return max(SMALLEST, min(1.0, lowest)) / AROUND, max(AROUND, top)


def _row(part: SubFigure, row: ThreeRates, limits: tuple[float, float], theme: Theme) -> None:
    """The three panels, on one scale, below what was trained."""
    part.suptitle(_trained(row.good), x=0.01, ha="left", fontsize=TITLE_SIZE, color=theme.ink)
    panels = part.subplots(1, 3, sharex=True, sharey=True)
    panels[0].set_yscale("log")
    panels[0].set_ylim(*limits)
    for axes, run, name, colour in zip(panels, row.runs, COLUMNS, (theme.valid, theme.other, theme.fit), strict=True):
        style(axes, theme)
        axes.set_title(f"{name}: {rate_of(run):g}", fontsize=TITLE_SIZE, fontweight="bold", color=colour)
        draw_loss(axes, run, colour)
        axes.axhline(_level(row), color=theme.faint, linewidth=1.5, linestyle=(0, (4, 3)), zorder=1.5)
        axes.set_xlabel("step", fontsize=TEXT_SIZE, color=theme.ink)
    panels[0].set_ylabel("training loss (log scale)", fontsize=TEXT_SIZE, color=theme.ink)
    _note(panels[1], "guessing", (1, _level(row)), (0, 4), theme, xycoords=("axes fraction", "data"), ha="right")
    if any(is_noisy(losses(run)) for run in row.runs):
        explained = "thin: every step; thick: smoothed"
        _note(panels[0], explained, (0.03, 0.05), (0, 0), theme, xycoords="axes fraction", ha="left")


def _note(axes: Axes, text: str, at: tuple[float, float], off: tuple[float, float], theme: Theme, **where: Any) -> None:
    axes.annotate(text, at, off, textcoords="offset points", fontsize=TEXT_SIZE - 1, color=theme.faint, **where)


def _trained(run: Run) -> str:
    """`a line, 2 parameters`; `digits, SmallCNN, 95,242 parameters`."""
    configuration: dict[str, Any] = run.record["configuration"]
    data = str(configuration["dataset"]["_target_"]).rsplit(".", 1)[-1].lower()
    names = f"a {data}" if run.is_regression else f"{data}, {model_name(configuration['model'])}"
    return f"{names}, {_parameters(run):,} parameters"


def _parameters(run: Run) -> int:
    return int(run.record["parameters"]["total"])
