"""`curves.png`: the figure that shows how the runs of a sweep went."""

from pathlib import Path

from experiments.reports.look import TEXT_SIZE, new_figure, png
from experiments.reports.overlay import overlay
from experiments.reports.small_multiples import small_multiples
from experiments.runs.files import write_bytes
from experiments.runs.sweep import Sweep

COLUMNS_AT_MOST = 6


def draw_curves(sweep: Sweep, path: Path) -> None:
    """Draws loss and error against epoch to `path`, a PNG: a column a run up to six, else a line a run.

    It shows what there is: a sweep may still run. Raises OSError if `path` cannot be written.
    """
    runs = sweep.runs
    score = "rmse" if sweep.is_regression else "error_rate"
    if not runs:
        figure = new_figure(6, 2)
        figure.text(0.5, 0.5, "no run has started yet", ha="center", va="center", fontsize=TEXT_SIZE)
    elif len(runs) <= COLUMNS_AT_MOST:
        figure = small_multiples(runs, score)
    else:
        figure = overlay(runs, sweep.jobs, score)
    write_bytes(path, png(figure))
