"""Runs that differ in one setting, compared: what no single run can tell about itself."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from experiments.diagnosis import advice, numbers, outcome
from experiments.diagnosis.curves import Curves
from experiments.diagnosis.findings import Symptom
from experiments.diagnosis.outcome import Score
from experiments.diagnosis.thresholds import WORSE_THAN_HALF_GUESSING

LEAST_VALUES = 3
"""Fewer values of a setting have no middle, and so no best one between two that are worse."""

SILENT = ("seed", "expect", "name", "fits", "keep_checkpoint", "logger", "trainer")
"""Keys that do not decide a result, or by chance alone."""


@dataclass(frozen=True)
class Axis:
    """A setting that runs are compared along, and what a run has that another value beats."""

    key: str
    plural: str
    of: Callable[[Curves], float | None]
    too_low: Symptom
    too_high: Symptom | None


RATE = Axis("optimizer.lr", "rates", advice.rate_of, "learning_rate_too_low", "learning_rate_too_high")
EPOCHS = Axis(
    "schedule.epochs", "numbers of epochs", lambda c: float(c.first_epochs), "too_few_epochs", "too_many_epochs"
)
UNFROZEN_EPOCHS = Axis(
    "schedule.unfrozen_epochs",
    "numbers of unfrozen epochs",
    lambda c: float(c.unfrozen_epochs),
    "too_few_epochs",
    "too_many_epochs",
)
SIZE = Axis(
    "dataset.subset_fraction",
    "numbers of training images",
    lambda c: None if c.train_size is None else float(c.train_size),
    "not_enough_data",
    None,
)
AXES = (RATE, EPOCHS, UNFROZEN_EPOCHS, SIZE)


@dataclass(frozen=True)
class Slice:
    """Runs that are alike but for one setting and the seed: the values in order, with their runs and scores."""

    axis: Axis
    values: tuple[float, ...]
    runs: tuple[tuple[Curves, ...], ...]
    scores: tuple[Score, ...]

    @property
    def best(self) -> int:
        """The index of the value with the lowest error."""
        return min(range(len(self.scores)), key=lambda i: self.scores[i].error)

    def holds(self, curves: Curves) -> bool:
        """Whether a run is one of these."""
        return any(run is curves for runs in self.runs for run in runs)

    def index_of(self, curves: Curves) -> int:
        """Where a run stands."""
        return next(i for i, runs in enumerate(self.runs) if any(run is curves for run in runs))

    @property
    def learned(self) -> bool:
        """Whether the best value is well below guessing's error, where that is known."""
        guess = self.runs[self.best][0].guessing_error
        return guess is None or self.scores[self.best].error < WORSE_THAN_HALF_GUESSING * guess

    @property
    def plural(self) -> str:
        """`rates`, `numbers of epochs`."""
        return self.axis.plural

    def seeds(self, index: int) -> str:
        """` (mean of 2 runs)`, nothing of a single one."""
        count = len(self.runs[index])
        return f" (mean of {count} runs)" if count > 1 else ""

    def setting(self, index: int) -> str:
        """A value as it is typed: `optimizer.lr=0.003`."""
        one, value = self.runs[index][0], self.values[index]
        if self.axis is SIZE:
            typed = one.configuration.get(SIZE.key)
            return f"{SIZE.key}={typed:g}" if isinstance(typed, int | float) else f"{value:.0f} training images"
        return f"{self.axis.key}={value:g}"

    def extended(self) -> str | None:
        """The grid that goes on beyond the best value, itself first; None if nothing lies there."""
        value = self.values[self.best]
        up = self.best > 0
        if self.axis is RATE:
            typed = [f"{value:g}", *(numbers.rate(value * step) for step in ((3, 10) if up else (1 / 3, 1 / 10)))]
        else:
            typed = [f"{value:.0f}", *(f"{value * step:.0f}" for step in ((2, 4) if up else (1 / 2, 1 / 4)))]
            typed = [text for text in typed if float(text) >= 1]
        return f"{self.axis.key}={','.join(dict.fromkeys(typed))}" if len(set(typed)) > 1 else None

    def is_worse(self, index: int) -> bool:
        """Whether the best value is better by more than noise."""
        return self.scores[index].worse_than(self.scores[self.best])


def slices(runs: Sequence[Curves]) -> list[Slice]:
    """All slices of three or more values, along the rate first."""
    found = []
    for axis in AXES:
        groups: dict[object, list[Curves]] = defaultdict(list)
        for run in runs:
            if axis.of(run) is not None and final_error(run) is not None and _comparable(run, axis):
                groups[_others(run, axis)].append(run)
        for group in groups.values():
            by_value: dict[float, list[Curves]] = defaultdict(list)
            for run in group:
                by_value[axis.of(run) or 0.0].append(run)
            if len(by_value) >= LEAST_VALUES:
                values = tuple(sorted(by_value))
                members = tuple(tuple(by_value[value]) for value in values)
                found.append(Slice(axis, values, members, tuple(map(score, members))))
    return found


def score(runs: Sequence[Curves]) -> Score:
    """The mean final error of runs that differ in their seed, and its standard error."""
    errors = [error for run in runs if (error := final_error(run)) is not None]
    return outcome.score(errors, runs[0].known_size, regression=runs[0].regression)


def final_error(run: Curves) -> float | None:
    """The error at the end, else the validation loss; the worst there is after a divergence, None if unknown."""
    last = run.last
    value = None if last is None else last.error if last.error is not None else last.valid_loss
    if not run.everything_finite:
        return math.inf if run.regression else 1.0
    if run.status in ("failed", "running", "interrupted", "killed"):
        return None
    return value


def _comparable(run: Curves, axis: Axis) -> bool:
    """A stranger's file says nothing of its settings but its rate: other axes would compare what is not alike."""
    return bool(run.configuration) or axis is RATE


def _others(run: Curves, axis: Axis) -> object:
    """All that decides the result but the axis: runs with the same are compared."""
    kept = {k: v for k, v in run.configuration.items() if k != axis.key and k.split(".")[0] not in SILENT}
    if not run.configuration:
        # A stranger's files: what is known of them are the rate, the epochs and the sizes.
        kept = {"kind": run.regression, **{other.key: other.of(run) for other in AXES if other is not axis}}
    return str(sorted(kept.items()))
