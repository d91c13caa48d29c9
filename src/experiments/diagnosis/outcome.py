"""What was really wrong with each cell of a grid of rates and epochs: not by its curves, but by its neighbours.

A map knows nothing beyond its edges: what its last column or row would still gain stays fine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Literal

from experiments.diagnosis.curves import Curves
from experiments.diagnosis.thresholds import BEYOND_NOISE

Cell = tuple[float, int]
"""A learning rate and a number of epochs."""

Outcome = Literal[
    "learning_rate_too_high", "learning_rate_too_low", "too_few_epochs", "too_many_epochs", "healthy", "inconclusive"
]

SEEDS_FOR_SCATTER = 3
"""Two runs say next to nothing about how much runs differ."""


@dataclass(frozen=True)
class Score:
    """An error over several seeds: its mean, and the standard error of that."""

    error: float
    standard_error: float

    def worse_than(self, other: Score) -> bool:
        """Worse by more than noise explains."""
        noise = math.hypot(self.standard_error, other.standard_error)
        return self.error - other.error > BEYOND_NOISE * noise


def score(errors: Sequence[float], valid_size: int | None = None, *, regression: bool = False) -> Score:
    """The score of runs that differ in their seed alone; `errors` are error rates, in a regression rmse.

    All of them are measured on the same validation images, so more seeds do not make the error of that measurement
    smaller; the scatter between seeds they do. The larger of the two counts. An error that is no finite number is
    that of a run that diverged: 1, in a regression worse than any.
    """
    lost = math.inf if regression else 1.0
    errors = [error if math.isfinite(error) else lost for error in errors]
    mean = fmean(errors)
    if math.isinf(mean):
        return Score(mean, 0.0)
    scatter = stdev(errors) / math.sqrt(len(errors)) if len(errors) >= SEEDS_FOR_SCATTER else 0.0
    measured = Curves("", valid_size=valid_size, regression=regression).error_noise(mean)
    return Score(mean, max(scatter, measured))


def outcomes(cells: Mapping[Cell, Score]) -> dict[Cell, Outcome]:
    """A name for each cell.

    The rate comes first, as in the diagnosis: a cell is too high or too low if, with as many epochs, a lower or a
    higher rate is better by more than noise. Where the rate is right, it has too few or too many epochs if, at this
    rate, more or fewer of them are better by more than noise. What nothing beats is healthy; what there is nothing
    to compare with is inconclusive. Of equally good rates or numbers of epochs the lowest counts.
    """
    return {cell: _outcome(cell, cells) for cell in cells}


def _outcome(cell: Cell, cells: Mapping[Cell, Score]) -> Outcome:
    rate, epochs = cell
    same_epochs = {r: cells[r, e] for r, e in sorted(cells) if e == epochs}
    same_rate = {e: cells[r, e] for r, e in sorted(cells) if r == rate}
    if len(same_epochs) == len(same_rate) == 1:
        return "inconclusive"
    best_rate = min(same_epochs, key=lambda r: same_epochs[r].error)
    if cells[cell].worse_than(same_epochs[best_rate]):
        return "learning_rate_too_high" if best_rate < rate else "learning_rate_too_low"
    best_epochs = min(same_rate, key=lambda e: same_rate[e].error)
    if cells[cell].worse_than(same_rate[best_epochs]):
        return "too_few_epochs" if best_epochs > epochs else "too_many_epochs"
    return "healthy"
