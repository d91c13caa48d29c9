"""The final errors of a sweep over one number: on the training data and on the validation data, at each value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from experiments.reports.readable import readable
from experiments.reports.varied import varied_keys
from experiments.runs.ending import OVER
from experiments.runs.run import Run
from experiments.runs.sweep import Sweep

VALUES_AT_LEAST = 3
WORSE = 1.15
"""Times another error: a difference that the eye sees, too."""


@dataclass(frozen=True)
class Place:
    """The runs at one value, an error each; inf is that of a run that diverged."""

    value: float
    train: tuple[float, ...]
    valid: tuple[float, ...]

    @property
    def mean_train(self) -> float:
        """Mean over the seeds; nan where none is known."""
        return _mean(self.train)

    @property
    def mean_valid(self) -> float:
        """Mean over the seeds."""
        return _mean(self.valid)


@dataclass(frozen=True)
class SweptErrors:
    """The errors (`score` is `error_rate`, a share, or `rmse`) by rising value of the swept `key`."""

    key: str
    score: str
    guess: float | None
    places: tuple[Place, ...]

    @cached_property
    def best(self) -> Place:
        """Where the validation error is lowest; of equal ones, the lowest value."""
        return min(self.places, key=lambda place: place.mean_valid)

    @property
    def seeds(self) -> int:
        """The most runs at a value."""
        return max(len(place.valid) for place in self.places)

    def overfits(self, end: Place) -> bool:
        """Whether, compared with the best, only the training data are fitted better."""
        return end.mean_valid > WORSE * self.best.mean_valid and end.mean_train < self.best.mean_train

    def underfits(self, end: Place) -> bool:
        """Whether, compared with the best, not even the training data are fitted."""
        return all(
            there > WORSE * here
            for there, here in ((end.mean_valid, self.best.mean_valid), (end.mean_train, self.best.mean_train))
        )


def swept_errors(sweep: Sweep) -> SweptErrors | None:
    """None unless one key is swept, seeds aside, over at least three numbers, of which one gave an error."""
    keys = varied_keys(sweep)
    if len(keys) != 1:
        return None
    (key,) = keys
    score = "rmse" if sweep.is_regression else "error_rate"
    values = _values(sweep, key)
    runs = [run for run in sweep.runs if run.status in OVER and run.name in values]
    found = sorted({values[run.name] for run in runs})
    places = tuple(_place(value, [run for run in runs if values[run.name] == value], score) for value in found)
    if len(places) < VALUES_AT_LEAST or not any(math.isfinite(place.mean_valid) for place in places):
        return None
    guess = next((run.record["guess"].get(score) for run in runs if run.record.get("guess")), None)
    return SweptErrors(key, score, guess, places)


def _values(sweep: Sweep, key: str) -> dict[str, float]:
    """The value of each job by its folder's name; nothing unless all are numbers."""
    try:
        values = {job["folder"].rsplit("/", 1)[-1]: float(job["swept"][key]) for job in sweep.jobs}
    except (KeyError, ValueError):
        return {}
    return values if all(map(math.isfinite, values.values())) else {}


def _place(value: float, runs: Sequence[Run], score: str) -> Place:
    errors = [final_errors(run, score) for run in runs]
    return Place(value, tuple(train for train, _ in errors), tuple(valid for _, valid in errors))


def final_errors(run: Run, score: str) -> tuple[float, float]:
    """After the last epoch, in evaluation mode: on the training data, on the validation data."""
    valid = (run.metrics.get("final") or {}).get(score)
    if run.status == "diverged" or valid is None or not math.isfinite(valid):
        return math.inf, math.inf
    history = readable(run, "history")
    column = history["train_loss_eval" if score == "rmse" else "train_error_rate_eval"]
    train = float(column[-1]) if column else math.nan
    return math.sqrt(train) if score == "rmse" else train, float(valid)


def _mean(errors: Sequence[float]) -> float:
    known = [error for error in errors if not math.isnan(error)]
    return sum(known) / len(known) if known else math.nan
