"""`map.png`: learning rate by epochs, each cell in the colour of what went wrong there."""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.reports import wording
from experiments.reports.agreement import Map, MapCell
from experiments.reports.look import TEXT_SIZE, TITLE_SIZE, new_figure, png
from experiments.reports.map_key import COLOURS, INK, explain, mark
from experiments.runs.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CELL_INCHES = 0.85
NARROWEST_INCHES, WIDEST_INCHES = 8.4, 20
LETTER_INCHES = 0.1
MARKS_A_LINE = 4


def draw_map(chart: Map, path: Path) -> None:
    """Draws `chart` to `path`, a PNG. It shows what there is: a cell without a finished run stays blank.

    Raises OSError if `path` cannot be written.
    """
    write_bytes(path, png(map_figure(chart)))


def map_figure(chart: Map) -> Figure:
    """A column a rate, a row a number of epochs; the mean error in each cell, and a mark for each single run."""
    columns, rows = len(chart.rates), len(chart.epochs)
    cell = min(CELL_INCHES, WIDEST_INCHES / max(columns, rows))
    slanted = LETTER_INCHES * _longest(chart) if _longest(chart) * LETTER_INCHES > cell else 0.0
    figure = new_figure(max(NARROWEST_INCHES, 1.2 + cell * columns), 2.2 + cell * rows + 0.7 * slanted)
    axes = figure.subplots()
    places = dict(zip(product(chart.rates, chart.epochs), product(range(columns), range(rows)), strict=True))
    for place, (x, y) in places.items():
        if place in chart.cells:
            _cell(axes, x, y, chart.cells[place], chart.score, cell / CELL_INCHES, best=place == chart.best)
    _borders(axes, {places[place]: cell.outcome for place, cell in chart.cells.items()})
    _scales(axes, chart, slanted=slanted > 0)
    _words(axes, chart)
    explain(figure, chart)
    return figure


def _cell(axes: Axes, x: int, y: int, cell: MapCell, score: str, scale: float, *, best: bool) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=COLOURS[cell.outcome], edgecolor="white", linewidth=1))
    diverged = cell.diverged == cell.runs or math.isinf(cell.score.error)
    text = "diverged" if diverged else wording.score(score, cell.score.error)
    weight, size = "bold" if best else "normal", (TEXT_SIZE - 2 * diverged) * scale
    lifted = 0.14 if cell.verdicts else 0.0
    axes.text(x, y + lifted, text, ha="center", va="center", fontsize=size, color=INK, fontweight=weight)
    for (along, down, smaller), verdict in zip(_spread(len(cell.verdicts)), cell.verdicts, strict=True):
        style = mark(verdict, cell.outcome)
        style = {**style, "markersize": style["markersize"] * scale * smaller}
        axes.plot(x + along, y - 0.25 - down, zorder=4, **style)


def _spread(count: int) -> list[tuple[float, float, float]]:
    """Where so many marks go, right and down in cells from their middle, and their size: in two lines above four."""
    lines = 1 if count <= MARKS_A_LINE else 2
    each = math.ceil(count / lines)
    apart = min(0.2, 0.9 / max(1, each))
    size = min(1 if lines == 1 else 0.75, apart / 0.2)
    middle, half = (each - 1) / 2, (lines - 1) / 2
    return [((i % each - middle) * apart, (i // each - half) * 0.2, size) for i in range(count)]


def _borders(axes: Axes, outcomes: dict[tuple[int, int], str]) -> None:
    """A line between two neighbours of different regions."""
    for (x, y), outcome in outcomes.items():
        if outcomes.get((x + 1, y), outcome) != outcome:
            axes.plot([x + 0.5, x + 0.5], [y - 0.5, y + 0.5], color=INK, linewidth=1.8, zorder=3)
        if outcomes.get((x, y + 1), outcome) != outcome:
            axes.plot([x - 0.5, x + 0.5], [y + 0.5, y + 0.5], color=INK, linewidth=1.8, zorder=3)


def _longest(chart: Map) -> int:
    return max(map(len, chart.rates.values()))


def _scales(axes: Axes, chart: Map, *, slanted: bool) -> None:
    labels = list(chart.rates.values())
    axes.set_xticks(range(len(labels)), labels, rotation=45 if slanted else 0, ha="right" if slanted else "center")
    axes.set_yticks(range(len(chart.epochs)), [str(epochs) for epochs in chart.epochs])
    axes.set_xlim(-0.5, len(labels) - 0.5)
    axes.set_ylim(-0.5, len(chart.epochs) - 0.5)
    axes.tick_params(labelsize=TEXT_SIZE, length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("learning rate", fontsize=TEXT_SIZE)
    axes.set_ylabel("epochs", fontsize=TEXT_SIZE)


def _words(axes: Axes, chart: Map) -> None:
    seeds = max((cell.runs for cell in chart.cells.values()), default=0)
    said = [chart.score.replace("_", " ") + (f", mean over {seeds} seeds" if seeds > 1 else "")]
    if chart.judged:
        share = chart.agreeing / chart.judged
        said.append(f"single runs agree with it in {chart.agreeing} of {chart.judged} ({share:.0%})")
    axes.set_title("; ".join(said) if seeds else "no run has finished yet", fontsize=TEXT_SIZE, color="#333333", pad=6)
    axes.annotate(
        "learning rate by epochs: what went wrong, by outcome",
        (0.5, 1.0),
        (0, 9 + 1.5 * TEXT_SIZE),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=TITLE_SIZE + 1,
        fontweight="bold",
    )
