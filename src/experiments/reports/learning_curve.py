"""The learning curve of a sweep over shares of the training images: the error by the number of images."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from experiments.reports.swept_errors import final_errors
from experiments.reports.varied import varied_keys
from experiments.runs.ending import OVER
from experiments.runs.sweep import Sweep

SHARE = "dataset.subset_fraction"


@dataclass(frozen=True)
class Size:
    """The finished runs with so many training images: an error (0 to 1) for each seed."""

    images: int
    train: tuple[float, ...]
    valid: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Validation error, mean over the seeds."""
        return sum(self.valid) / len(self.valid)

    @property
    def mean_train(self) -> float:
        """Training error in evaluation mode, mean over the seeds; nan where none is known."""
        known = [error for error in self.train if not math.isnan(error)]
        return sum(known) / len(known) if known else math.nan


@dataclass(frozen=True)
class LearningCurve:
    """Sizes by rising number of training images.

    Attributes:
        sizes: those at which a run finished, one at least.
        validated: number of validation images.
        guess: error of guessing.
        diverged: runs that are left out because they diverged: how many images there were was not what went wrong.
    """

    sizes: tuple[Size, ...]
    validated: int
    guess: float
    diverged: int

    @cached_property
    def seeds(self) -> int:
        """The most runs of a size."""
        return max(len(size.valid) for size in self.sizes)


def learning_curve(sweep: Sweep) -> LearningCurve | None:
    """None unless `dataset.subset_fraction` alone was swept, seeds aside, and a run of a classification finished."""
    if varied_keys(sweep) != {SHARE} or sweep.is_regression:
        return None
    runs = [run for run in sweep.runs if run.status in OVER]
    errors: dict[int, list[tuple[float, float]]] = defaultdict(list)
    diverged = 0
    for run in runs:
        train, valid = final_errors(run, "error_rate")
        if math.isfinite(valid):
            errors[int(run.record["data"]["train_size"])].append((train, valid))
        else:
            diverged += 1
    if not errors:
        return None
    sizes = [
        Size(images, tuple(train for train, _ in pairs), tuple(valid for _, valid in pairs))
        for images, pairs in sorted(errors.items())
    ]
    validated = int(runs[0].record["data"]["valid_size"])
    return LearningCurve(tuple(sizes), validated, float(runs[0].record["guess"]["error_rate"]), diverged)
