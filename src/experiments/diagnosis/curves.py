"""`Curves`: what every reader yields and every rule takes. What is unknown is absent, never guessed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from experiments.diagnosis.thresholds import RATE_STILL_HIGH, UNKNOWN_SIZE

Number = float | None
"""None: not recorded. NaN and infinities: recorded, and not finite."""


@dataclass(frozen=True)
class Epoch:
    """One epoch as it ended; `epoch` counts from 1 (0 is before training).

    `train_loss` is the mean as trained (dropout and augmentation on, weights moving), `train_loss_eval` and
    `train_error` are measured in evaluation mode, as `valid_loss` and `error` are: only those may be compared.
    `error` is the error rate (0..1), in a regression the root of the mean squared error.
    """

    epoch: int
    train_loss: Number = None
    train_loss_eval: Number = None
    train_error: Number = None
    valid_loss: Number = None
    error: Number = None
    learning_rate: Number = None

    @property
    def losses(self) -> list[float]:
        """The losses and errors that were recorded."""
        values = (self.train_loss, self.train_loss_eval, self.train_error, self.valid_loss, self.error)
        return [value for value in values if value is not None]


class Step(NamedTuple):
    """One optimizer step: loss and gradient norm before its update, the rate that it used, the epoch it was in.

    A tuple, since there may be hundreds of thousands.
    """

    step: int
    loss: Number = None
    learning_rate: Number = None
    gradient_norm: Number = None
    epoch: int | None = None


@dataclass(frozen=True, eq=False)
class Curves:
    """All that is known about one training.

    Attributes:
        path: as the user named it.
        epochs: the trained epochs, in order.
        before: the evaluation before the first step.
        steps: the optimizer steps, in order.
        finite_steps: whether those that were left out had finite losses and gradients.
        regression: `error` is an rmse and there are no classes.
        classes: number of classes.
        train_size, valid_size: number of samples.
        guess_loss, guess_error: what guessing gives where it is recorded; else it follows from `classes`.
        class_counts: training samples of each class.
        status: of one of our own runs: `finished`, `diverged`, `running`, ..., `killed` if its process is gone.
        failure: why a run failed.
        damage: why its history cannot be read.
        learning_rate: as configured: the highest that the schedule was to reach.
        critical_rate: above it full-batch gradient descent diverges, below it does not; None where nobody knows.
        planned_epochs: as configured, those of both phases together.
        unfrozen_epochs: how many of them, the last ones, train every layer at rates of its own.
        unfrozen_rates: the lowest and the highest of those rates, as multiples of `learning_rate`.
        schedule: its name, `OneCycle`, `Constant`.
        configuration: of one of our own runs: dotted keys and their values.
        overrides: what to type to get this run's configuration, without the advice that is still to come.
        config_dir: of the user's own YAML files.
        reason: the advice of an earlier run that this one follows.
        own: whether `experiments fit` made it, so that its next command can be given.
    """

    path: str
    epochs: tuple[Epoch, ...] = ()
    before: Epoch | None = None
    steps: tuple[Step, ...] = ()
    finite_steps: bool = True
    regression: bool = False
    classes: int | None = None
    train_size: int | None = None
    valid_size: int | None = None
    guess_loss: Number = None
    guess_error: Number = None
    class_counts: Mapping[str, int] = field(default_factory=dict)
    status: str | None = None
    failure: str | None = None
    damage: str | None = None
    learning_rate: Number = None
    critical_rate: Number = None
    planned_epochs: int | None = None
    unfrozen_epochs: int = 0
    unfrozen_rates: tuple[float, float] | None = None
    schedule: str | None = None
    configuration: Mapping[str, object] = field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    config_dir: str | None = None
    reason: str | None = None
    own: bool = False

    @cached_property
    def guessing_loss(self) -> Number:
        """The loss of one who knows nothing: ln of the number of classes; the variance in a regression.

        Where neither is known, what the network had before its first step, which knew nothing or more.
        """
        if self.guess_loss is not None:
            return self.guess_loss
        return math.log(self.classes) if self.classes and self.classes > 1 else _finite(self.before, "valid_loss")

    @cached_property
    def guessing_error(self) -> Number:
        """The error of one who knows nothing."""
        if self.guess_error is not None:
            return self.guess_error
        return 1 - 1 / self.classes if self.classes and self.classes > 1 else _finite(self.before, "error")

    @property
    def first_epochs(self) -> int:
        """The planned epochs before the unfreezing, else those that were trained."""
        return (self.planned_epochs or len(self.epochs)) - self.unfrozen_epochs

    @property
    def cut_short(self) -> bool:
        """Whether the run is not, or will not be, at its planned end."""
        return self.status in ("running", "killed", "interrupted", "failed") and len(self.epochs) < (
            self.planned_epochs or 0
        )

    @property
    def last(self) -> Epoch | None:
        """The last epoch."""
        return self.epochs[-1] if self.epochs else None

    def column(self, name: str) -> list[float]:
        """A field of all epochs; empty unless every epoch has it."""
        values = [getattr(epoch, name) for epoch in self.epochs]
        return [] if any(value is None for value in values) else values

    @cached_property
    def everything_finite(self) -> bool:
        """Whether every loss, error and gradient that was recorded is a finite number."""
        numbers = [n for epoch in self.epochs for n in epoch.losses]
        numbers += [n for step in self.steps for n in (step.loss, step.gradient_norm) if n is not None]
        return self.status != "diverged" and self.finite_steps and all(map(math.isfinite, numbers))

    def without_steps(self) -> Curves:
        """As it is compared with others: there may be a thousand, and of each hundreds of thousands of steps."""
        return replace(self, steps=(), finite_steps=self.everything_finite)

    @property
    def annealed(self) -> bool | None:
        """Whether the rate ends far below its highest; None if no rates are recorded."""
        rates = [step.learning_rate for step in self.steps if step.learning_rate is not None]
        rates = rates or [epoch.learning_rate for epoch in self.epochs if epoch.learning_rate is not None]
        return rates[-1] < RATE_STILL_HIGH * max(rates) if len(rates) > 1 else None

    def error_noise(self, error: float) -> float:
        """The standard error of an error on this validation set: binomial, or of a root of a mean square.

        Half an image is kept between the rate and 0 or 1: no finite validation set proves perfection. Where the size
        is unknown, it is at least one over the smallest difference between two error rates; else a fixed share.
        """
        size = self.known_size
        if not size:
            return UNKNOWN_SIZE * error
        if self.regression:
            return error / math.sqrt(2 * size)
        half = 0.5 / size
        share = min(max(error, half), max(half, 1 - half))
        return math.sqrt(share * (1 - share) / size)

    @cached_property
    def known_size(self) -> int | None:
        """Number of validation samples, or how many there are at least by the steps of the error rate."""
        if self.valid_size:
            return self.valid_size
        errors = sorted({e.error for e in self.epochs if e.error is not None and math.isfinite(e.error)})
        steps = [b - a for a, b in itertools.pairwise(errors) if b - a > 1e-6]
        return None if self.regression or not steps else max(2, round(1 / min(steps)))


def _finite(epoch: Epoch | None, name: str) -> Number:
    """A positive number of an epoch, None if there is none."""
    value = getattr(epoch, name, None)
    return value if value is not None and math.isfinite(value) and value > 0 else None


def smoothed(values: Sequence[float], width: int) -> list[float]:
    """Means over `width` neighbours, fewer at the ends; as long as `values`."""
    half = width // 2
    windows = (values[max(0, i - half) : i + half + 1] for i in range(len(values)))
    return [sum(window) / len(window) for window in windows]
