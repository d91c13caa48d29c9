"""Trainings made by hand: columns and steps as numbers, the rest as `Curves` has it."""

import math
from collections.abc import Sequence
from typing import Any

from experiments.diagnosis.curves import Curves, Epoch, Step

TEN = math.log(10)
"""What guessing among ten classes loses."""

Numbers = Sequence[float | None]

COLUMNS = {
    "valid": "valid_loss",
    "errors": "error",
    "train_eval": "train_loss_eval",
    "train_errors": "train_error",
    "train": "train_loss",
    "rates": "learning_rate",
}


def training(
    *,
    valid: Numbers = (),
    errors: Numbers = (),
    train_eval: Numbers = (),
    train_errors: Numbers = (),
    train: Numbers = (),
    rates: Numbers = (),
    before: Epoch | None = None,
    steps: Sequence[Step] = (),
    **more: Any,
) -> Curves:
    """Ten classes and a thousand validation images unless `more` says otherwise."""
    columns = {
        "valid": valid,
        "errors": errors,
        "train_eval": train_eval,
        "train_errors": train_errors,
        "train": train,
        "rates": rates,
    }
    given = {COLUMNS[name]: values for name, values in columns.items() if values}
    lengths = {len(values) for values in given.values()}
    assert len(lengths) <= 1, "columns of different lengths"
    count = lengths.pop() if lengths else 0
    epochs = tuple(Epoch(i + 1, **{name: values[i] for name, values in given.items()}) for i in range(count))
    known = {"path": "by hand", "classes": 10, "valid_size": 1000, **more}
    return Curves(epochs=epochs, before=before, steps=tuple(steps), **known)


def stepped(losses: Sequence[float], rates: Sequence[float] | float = 3e-3, norms: float = 1.0) -> tuple[Step, ...]:
    """A step for each loss, with its rate and a gradient norm."""
    each = [rates] * len(losses) if isinstance(rates, float) else rates
    return tuple(Step(i, loss, rate, norms) for i, (loss, rate) in enumerate(zip(losses, each, strict=True)))


def line(first: float, last: float, count: int) -> list[float]:
    """So many numbers on a straight line, both ends included."""
    return [first + (last - first) * i / (count - 1) for i in range(count)]


def decay(first: float, last: float, count: int) -> list[float]:
    """So many numbers that fall by the same factor, both ends included."""
    return [first * (last / first) ** (i / (count - 1)) for i in range(count)]


def one_cycle(highest: float, count: int) -> list[float]:
    """Up over three tenths of the steps, down over the rest."""
    up = max(2, round(0.3 * count))
    return [*line(highest / 25, highest, up), *line(highest, highest / 250_000, count - up)]


def ours(**more: Any) -> dict[str, Any]:
    """What a run of `experiments fit` knows besides."""
    known: dict[str, Any] = {
        "own": True,
        "status": "finished",
        "learning_rate": 3e-3,
        "planned_epochs": 4,
        "schedule": "OneCycle",
    }
    return {**known, **more}


def good(guess: float = TEN, **more: Any) -> Curves:
    """Four epochs of twenty-two steps that go well, in shares of what guessing loses."""
    shares = [0.5, 0.1, 0.06, 0.05]
    known: dict[str, Any] = {
        "valid": [1.1 * share * guess for share in shares],
        "train_eval": [share * guess for share in shares],
        "train": [share * guess for share in (0.9, 0.3, 0.12, 0.1)],
        "errors": [0.17, 0.06, 0.04, 0.036],
        "train_errors": [0.16, 0.05, 0.03, 0.02],
        "before": Epoch(0, train_loss_eval=guess, train_error=0.9, valid_loss=guess, error=0.9),
        "steps": stepped(decay(guess, 0.06 * guess, 88), one_cycle(3e-3, 88)),
    }
    return training(**{**known, **ours(), **more})


def two_phases(**more: Any) -> Curves:
    """The lesson's path: four epochs with a frozen body, then two of every layer at a hundredth to a tenth of the rate.

    Three classes, 111 validation images, twenty steps an epoch.
    """
    guess = math.log(3)
    losses = [*decay(guess, 0.1 * guess, 80), *decay(0.1 * guess, 0.05 * guess, 40)]
    rates = [*one_cycle(3e-3, 80), *one_cycle(3e-4, 40)]
    known: dict[str, Any] = {
        "classes": 3,
        "valid_size": 111,
        "valid": [0.2, 0.094, 0.082, 0.077, 0.072, 0.07],
        "train_eval": [0.25, 0.08, 0.06, 0.05, 0.04, 0.035],
        "train": [0.96, 0.56, 0.38, 0.27, 0.047, 0.042],
        "errors": [0.045, 0.036, 0.036, 0.027, 0.027, 0.027],
        "train_errors": [0.05, 0.03, 0.02, 0.015, 0.01, 0.01],
        "before": Epoch(0, train_loss_eval=guess, train_error=0.67, valid_loss=guess, error=0.67),
        "steps": by_epoch(stepped(losses, rates), 20),
        "planned_epochs": 6,
        "unfrozen_epochs": 2,
        "unfrozen_rates": (0.01, 0.1),
    }
    return training(**{**ours(), **known, **more})


def by_epoch(steps: Sequence[Step], each: int) -> tuple[Step, ...]:
    """The same with the epochs that they were in, so many steps in each."""
    return tuple(step._replace(epoch=1 + i // each) for i, step in enumerate(steps))
