"""What a sweep shows beyond its single runs, by the key that it sweeps."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.reports.drawing.bridge import bridge
from experiments.reports.drawing.contours import contours
from experiments.reports.drawing.descent import is_plain_descent
from experiments.reports.drawing.fits import fits, pick_three
from experiments.reports.drawing.parabola import parabola
from experiments.reports.drawing.recorded import NothingToDraw, Recorded, read_recorded
from experiments.reports.drawing.theme import Theme
from experiments.reports.drawing.three_rates import EXPERIMENT, RATE, three_rates
from experiments.reports.varied import SEED, varied_keys
from experiments.runs.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Drawn = Callable[[Theme], "Figure"]
Figures = Mapping[str, Drawn]
"""How each is drawn, by the stem of its file."""

BATCH = "dataset.batch_size"
FITTED = {"model.degree": "degree", "optimizer.weight_decay": "weight decay"}


def figures_of(sweep: Sweep) -> Figures:
    """The pictures of a sweep over one key, seeds aside: at least one.

    Raises:
        NothingToDraw: there is none of such a sweep, or of its runs too few left parameters.
    """
    keys = varied_keys(sweep)
    key = next(iter(keys)) if len(keys) == 1 else None
    runs = _recorded(sweep, key) if key else []
    figures: dict[str, Drawn] = {}
    if key == RATE:
        plain = [run for _, run in runs if is_plain_descent(run)]
        if len(plain) > 1:
            figures["parabola"] = lambda theme: parabola(plain, theme)
    if key in (RATE, EXPERIMENT):
        with contextlib.suppress(NothingToDraw) if figures else contextlib.nullcontext():
            three_rates(sweep)
            figures["three_rates"] = lambda theme: bridge([sweep], theme)
    if key == BATCH:
        flat = [run for _, run in runs if run.parameters.shape[1] == 2]
        if len(flat) > 1:
            figures["contours"] = lambda theme: contours(flat, theme)
    if key in FITTED and len(runs) > 1:
        three = pick_three([(float(value), run) for value, run in runs], FITTED[key])
        figures["fits"] = lambda theme: fits(three, theme)
    if not figures:
        raise _nothing(sweep)
    return figures


def _recorded(sweep: Sweep, key: str) -> Sequence[tuple[str, Recorded]]:
    """The runs that can be drawn, of the first job's seed alone, with the swept value of each."""
    swept = {Path(job["folder"]).name: job["swept"] for job in sweep.jobs}
    seed = sweep.jobs[0]["swept"].get(SEED)
    found = []
    for run in sweep.runs:
        if swept[run.name].get(SEED) == seed and key in swept[run.name]:
            with contextlib.suppress(NothingToDraw):
                found.append((swept[run.name][key], read_recorded(run)))
    return found


def _nothing(sweep: Sweep) -> NothingToDraw:
    return NothingToDraw(
        f"{sweep.path} has no picture of its own: sweeps over optimizer.lr have, and for a line or a polynomial those\n"
        "over dataset.batch_size, model.degree and optimizer.weight_decay; a run of it can be drawn by itself\n"
        f"  experiments draw {sweep.path}/RUN\n"
        "  experiments fit sweep=learning_rate recipe=line draw=true"
    )
